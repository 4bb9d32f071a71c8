//! SQLite through `rusqlite`, with a write-ahead log.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use orchestrator_bench::{Result, Session, Store};
use rusqlite::Connection;

use super::Durability;

/// One statement is one transaction, and it takes the writer's lock at once: nothing is cheaper.
const INCREMENT: &str = "UPDATE counters SET value = value + 1 WHERE key = ?";
const READ: &str = "SELECT value FROM counters WHERE key = ?";

/// Its name with the version that is built here.
pub(crate) fn name(how: &str) -> String {
    format!("SQLite {} ({how})", rusqlite::version())
}

/// How writers come one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writers {
    /// A connection for each, and SQLite's own lock, on which it waits by sleeping.
    Each,
    /// A connection for each, and a mutex around the writing, so that nobody sleeps too long.
    Turns,
}

/// Opens a database in a folder.
pub(crate) fn open(
    folder: &Path,
    keys: u64,
    durability: Durability,
    writers: Writers,
) -> Result<Box<dyn Store>> {
    let sqlite = Sqlite {
        path: folder.join("sqlite"),
        // FULL syncs the log at each commit; OFF never.
        synchronous: match durability {
            Durability::None => "OFF",
            Durability::Immediate => "FULL",
        },
        turn: (writers == Writers::Turns).then(Mutex::default),
    };
    let connection = sqlite.connect()?;
    connection.execute_batch(
        "CREATE TABLE counters (key INTEGER PRIMARY KEY, value INTEGER NOT NULL); BEGIN IMMEDIATE",
    )?;
    for key in 0..keys {
        connection
            .prepare_cached("INSERT INTO counters VALUES (?, 0)")?
            .execute([signed(key)?])?;
    }
    connection.execute_batch("COMMIT")?;
    Ok(Box::new(sqlite))
}

struct Sqlite {
    path: PathBuf,
    synchronous: &'static str,
    turn: Option<Mutex<()>>,
}

impl Sqlite {
    fn connect(&self) -> Result<Connection> {
        let connection = Connection::open(&self.path)?;
        connection.busy_timeout(Duration::from_secs(30))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", self.synchronous)?;
        Ok(connection)
    }
}

impl Store for Sqlite {
    fn session(&self) -> Result<Box<dyn Session + '_>> {
        Ok(Box::new(Client {
            connection: self.connect()?,
            turn: self.turn.as_ref(),
        }))
    }

    fn sum(&self) -> Result<u64> {
        let sum = "SELECT sum(value) FROM counters";
        let sum: i64 = self.connect()?.query_row(sum, [], |row| row.get(0))?;
        Ok(u64::try_from(sum)?)
    }
}

struct Client<'a> {
    connection: Connection,
    turn: Option<&'a Mutex<()>>,
}

impl Session for Client<'_> {
    fn increment(&mut self, key: u64) -> Result {
        let _turn = self
            .turn
            .map(|turn| turn.lock().unwrap_or_else(PoisonError::into_inner));
        let changed = self
            .connection
            .prepare_cached(INCREMENT)?
            .execute([signed(key)?])?;
        if changed == 1 {
            Ok(())
        } else {
            Err("a key is gone".into())
        }
    }

    fn read(&mut self, key: u64) -> Result<u64> {
        let mut statement = self.connection.prepare_cached(READ)?;
        let value: i64 = statement.query_row([signed(key)?], |row| row.get(0))?;
        Ok(u64::try_from(value)?)
    }
}

fn signed(key: u64) -> Result<i64> {
    Ok(i64::try_from(key)?)
}

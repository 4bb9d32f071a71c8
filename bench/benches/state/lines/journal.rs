//! Records of 200 bytes, appended durably by many at once.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use orchestrator_bench::{Better, Bout, Counts, Disk, Peer, Phase, Result, versioned};

use super::{ON_DISK, probe};
use crate::ours;
use crate::peers::okaywal;

/// The bytes of a record.
pub(crate) const RECORD: usize = 200;

/// A log to which many append.
pub(crate) trait Log: Send + Sync {
    /// Returns when the record is on the disk.
    fn append(&self, record: &[u8]) -> Result;
}

type OpenLog = fn(&Path) -> Result<Box<dyn Log>>;

/// With 8 and with 64 committers.
pub(super) fn bouts(disk: &Disk) -> Vec<Bout<'_>> {
    let okay = Peer {
        name: "okaywal",
        entrants: "okaywal",
        target: 1.0,
    };
    let each = Peer {
        name: "an fsync each",
        entrants: "write + fdatasync",
        target: 8.0,
    };
    let few = Bout::new(
        "durable append, 8 committers",
        "µs",
        Better::Less,
        vec![okay.clone()],
    );
    let few = enter(few, disk, 8, versioned(ours::PACKAGE), ours::log);
    let few = enter(few, disk, 8, versioned("okaywal"), okaywal::open);
    let many = Bout::new(
        "durable append, 64 committers",
        "µs",
        Better::Less,
        vec![okay, each],
    );
    let many = enter(many, disk, 64, versioned(ours::PACKAGE), ours::log);
    let many = enter(many, disk, 64, versioned("okaywal"), okaywal::open);
    let many = enter(
        many,
        disk,
        64,
        "write + fdatasync (mutex)".into(),
        |folder| Ok(Box::new(Each(open(folder)?, Some(Mutex::default())))),
    );
    let many = enter(
        many,
        disk,
        64,
        "write + fdatasync (at once)".into(),
        |folder| Ok(Box::new(Each(open(folder)?, None))),
    );
    vec![
        few.ranked_by(|| probe(disk)),
        many.ranked_by(|| probe(disk)),
    ]
}

fn enter<'a>(
    bout: Bout<'a>,
    disk: &'a Disk,
    committers: u64,
    name: String,
    open: OpenLog,
) -> Bout<'a> {
    bout.enter(name, move || {
        let folder = disk.folder()?;
        let log = open(folder.path())?;
        append_all(&*log, committers)
    })
}

/// The µs an append, all committers together.
fn append_all(log: &dyn Log, committers: u64) -> Result<f64> {
    let phase = Phase::default();
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..committers)
            .map(|client| {
                let phase = &phase;
                scope.spawn(move || -> Result<Counts> {
                    let record = [client as u8; RECORD];
                    let mut counts = Counts::default();
                    loop {
                        log.append(&record)?;
                        if !phase.count(&mut counts) {
                            return Ok(counts);
                        }
                    }
                })
            })
            .collect();
        let elapsed = phase.conduct(ON_DISK / 10, ON_DISK);
        let mut sum = Counts::default();
        for client in clients {
            sum += client.join().map_err(|_| "a committer has panicked")??;
        }
        sum.each(elapsed)
    })
}

/// What is done without group commit: every record with its own sync, one after the other or as
/// the kernel takes them.
struct Each(File, Option<Mutex<()>>);

fn open(folder: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    Ok(options.create(true).append(true).open(folder.join("log"))?)
}

impl Log for Each {
    fn append(&self, record: &[u8]) -> Result {
        let Self(file, turn) = self;
        let turn = turn.as_ref();
        let _turn = turn.map(|turn| turn.lock().unwrap_or_else(PoisonError::into_inner));
        let mut file: &File = file;
        file.write_all(record)?;
        Ok(file.sync_data()?)
    }
}

//! The store's side of its journal: commits as records, and the way back.
//!
//! Each commit is a record of kind `commit` whose data is a JSON array with an element a write:
//! `["table",key,value]`, or `["table",key]` where the row is taken away. The record's number is the
//! commit's version. A `checkpoint` record vouches for a file of [`checkpoint`](super::checkpoint).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::bugs::SeededBug;
use super::chain::Revision;
use super::checkpoint;
use super::commit::TableSets;
use super::error::{OpenStoreError, StoreError};
use super::publish::Publisher;
use super::sets::encode_write;
use super::table::{TableKey, TableValue};
use crate::atomic::Steps;
use crate::{Digest, Holder, Journal, JournalConfig, OpenReport, Ticket};

/// Rows that were read from the disk, of a table that nobody has opened yet: by the JSON of the key,
/// the version that wrote the row and the JSON of the value.
pub(super) type StagedTable = BTreeMap<String, (u64, String)>;

/// Rows by the name of their table.
pub(super) type Staged = BTreeMap<String, StagedTable>;

const COMMIT: &str = "commit";
const CHECKPOINT: &str = "checkpoint";

/// One store's journal.
pub(super) struct Durable {
    pub(super) journal: Journal,
    pub(super) folder: PathBuf,
    /// The tables' names by their numbers.
    names: RwLock<Vec<Arc<str>>>,
    /// How checkpoints are put into their places.
    pub(super) steps: Arc<dyn Steps>,
    /// How many bytes a record may have.
    longest: usize,
    /// Held by whoever writes a checkpoint: the versions of the files that have come into their places,
    /// or may have, and that the journal does not vouch for.
    pub(super) unvouched: Mutex<BTreeSet<u64>>,
}

/// What a checkpoint's record says.
#[derive(Debug, serde::Serialize, Deserialize)]
pub(super) struct Vouched {
    /// The version that the file shows.
    pub(super) version: u64,
    /// The digest of the file.
    pub(super) digest: Digest,
}

/// A store's folder that was opened.
pub(super) struct Opened {
    pub(super) durable: Durable,
    pub(super) staged: Staged,
    pub(super) publisher: Arc<Publisher>,
    pub(super) report: OpenReport,
    /// How many bytes of records were read behind the checkpoint.
    pub(super) replayed: u64,
}

impl Durable {
    /// Opens the journal in a folder and reads what it holds.
    pub(super) fn open(
        folder: &Path,
        holder: &Holder,
        config: JournalConfig,
        bug: Option<SeededBug>,
    ) -> Result<Opened, OpenStoreError> {
        let publisher = Arc::new(Publisher::new(0));
        let (told, ended) = (Arc::clone(&publisher), Arc::clone(&publisher));
        let (steps, longest) = (Arc::clone(&config.steps), config.longest);
        let (journal, report) = config
            .with_told(Box::new(move |seq, to_wake| {
                let late = u64::from(bug == Some(SeededBug::LatePublish));
                told.publish(seq - late);
                told.deliver(to_wake);
            }))
            .with_on_stop(Box::new(move |to_wake| ended.close(to_wake)))
            .open(folder, holder)
            .map_err(|source| OpenStoreError::Journal {
                folder: folder.to_owned(),
                source,
            })?;
        let (staged, replayed) = load(&*steps, folder, journal.head().0)?;
        publisher.publish(journal.head().0);
        let durable = Self {
            journal,
            folder: folder.to_owned(),
            names: RwLock::default(),
            steps,
            longest,
            unvouched: Mutex::default(),
        };
        Ok(Opened {
            durable,
            staged,
            publisher,
            report,
            replayed,
        })
    }

    /// Notes the name of a table, whose number is the next one.
    pub(super) fn name(&self, name: &Arc<str>) {
        let mut names = self.names.write().unwrap_or_else(PoisonError::into_inner);
        names.push(Arc::clone(name));
    }

    /// Refuses a record that the journal would, before anything was changed.
    fn fitting(&self, record: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        if record.len() > self.longest {
            return Err(StoreError::TooLarge {
                bytes: record.len(),
                limit: self.longest,
            });
        }
        Ok(record)
    }

    /// The record of a commit.
    pub(super) fn encode(&self, sets: &TableSets) -> Result<Vec<u8>, StoreError> {
        let mut record = Vec::with_capacity(128);
        for (table, sets) in sets {
            // To encode runs the values' code, which nobody who opens a table is to wait for.
            let name = {
                let names = self.names.read().unwrap_or_else(PoisonError::into_inner);
                Arc::clone(&names[*table])
            };
            sets.encode(&name, &mut record)?;
        }
        self.fitting(bracketed(record))
    }

    /// The record of a commit that changes one key.
    pub(super) fn encode_one<K: TableKey, V: TableValue>(
        &self,
        table: &str,
        key: &K,
        revision: &Revision<V>,
    ) -> Result<Vec<u8>, StoreError> {
        let mut record = Vec::with_capacity(128);
        encode_write(table, key, revision, &mut record)?;
        self.fitting(bracketed(record))
    }

    /// Gives a commit its place in the journal, and waits for nobody. To be called under the commit lock,
    /// which makes the record's number the commit's version.
    pub(super) fn submit(&self, record: &[u8], version: u64) -> Result<Ticket, crate::AppendError> {
        let ticket = self.journal.submit_quietly(COMMIT, record)?;
        debug_assert_eq!(ticket.seq(), version, "somebody else writes this journal");
        Ok(ticket)
    }

    /// Notes in the journal that a checkpoint is there.
    pub(super) fn vouch(&self, vouched: &Vouched) -> Result<Ticket, crate::AppendError> {
        let data = serde_json::to_vec(vouched).map_err(crate::AppendError::Encode)?;
        self.journal.submit_quietly(CHECKPOINT, &data)
    }
}

/// Makes an array of writes. Each begins with a comma; the first one's is the array's beginning.
fn bracketed(mut record: Vec<u8>) -> Vec<u8> {
    match record.first_mut() {
        Some(first) => *first = b'[',
        None => record.push(b'['),
    }
    record.push(b']');
    record
}

/// Reads the newest checkpoint that the journal vouches for, and what was committed after it, up to the
/// journal's last record. Says how many bytes that was.
///
/// The journal before a checkpoint is dropped only after the journal has vouched for it. So a file
/// without a record, which a crash between the two has left, is not needed, and is removed.
fn load(steps: &dyn Steps, folder: &Path, last: u64) -> Result<(Staged, u64), OpenStoreError> {
    let mut needless = Vec::new();
    for (version, path) in checkpoint::newest_first(folder)? {
        let checkpoint = checkpoint::load(version, path.clone())?;
        if version > last {
            return Err(OpenStoreError::Checkpoint {
                path,
                reason: format!("it is ahead of the journal, which ends with version {last}"),
            });
        }
        let digest = checkpoint.digest;
        let replay = replay(folder, version, checkpoint.staged)?;
        match replay.vouched {
            Some(vouched) if vouched == digest => {
                checkpoint::remove(steps, &needless)?;
                return Ok((replay.staged, replay.bytes));
            }
            Some(_) => {
                return Err(OpenStoreError::Checkpoint {
                    path,
                    reason: "it is not the one that the journal vouches for".to_owned(),
                });
            }
            None => needless.push(path),
        }
    }
    let replay = replay(folder, 0, Staged::new())?;
    checkpoint::remove(steps, &needless)?;
    Ok((replay.staged, replay.bytes))
}

/// What the journal adds to a checkpoint.
struct Replay {
    staged: Staged,
    bytes: u64,
    /// The digest of the checkpoint that it was begun from, if there is a record of that.
    vouched: Option<Digest>,
}

/// Reads what was committed after a version.
fn replay(folder: &Path, from: u64, mut staged: Staged) -> Result<Replay, OpenStoreError> {
    let read = |source| OpenStoreError::Read {
        folder: folder.to_owned(),
        source,
    };
    let mut next = from + 1;
    let mut bytes = 0;
    let mut vouched = None;
    for record in Journal::read_from(folder, from + 1).map_err(read)? {
        let record = record.map_err(read)?;
        if record.seq < next {
            continue;
        }
        if record.seq > next {
            return Err(OpenStoreError::Gap {
                folder: folder.to_owned(),
                from: next,
                to: record.seq - 1,
            });
        }
        next += 1;
        bytes += record.data.len() as u64;
        let foreign = || OpenStoreError::Foreign {
            folder: folder.to_owned(),
            seq: record.seq,
        };
        match record.kind.as_str() {
            COMMIT => apply(&mut staged, record.seq, &record.data).ok_or_else(foreign)?,
            CHECKPOINT => {
                let record: Vouched = record.decode().map_err(|_| foreign())?;
                if record.version == from {
                    vouched = Some(record.digest);
                }
            }
            _ => return Err(foreign()),
        }
    }
    Ok(Replay {
        staged,
        bytes,
        vouched,
    })
}

/// Applies a commit's record; nothing if it is not one.
fn apply(staged: &mut Staged, version: u64, data: &[u8]) -> Option<()> {
    let writes: Vec<Vec<&RawValue>> = serde_json::from_slice(data).ok()?;
    for write in writes {
        let (table, key, value) = match *write.as_slice() {
            [table, key] => (table, key, None),
            [table, key, value] => (table, key, Some(value)),
            _ => return None,
        };
        let table: String = serde_json::from_str(table.get()).ok()?;
        let rows = staged.entry(table).or_default();
        match value {
            Some(value) => {
                let row = (version, value.get().to_owned());
                rows.insert(key.get().to_owned(), row);
            }
            None => {
                rows.remove(key.get());
            }
        }
    }
    Some(())
}

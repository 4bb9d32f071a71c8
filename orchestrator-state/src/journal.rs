//! The journal: an append-only, hash-chained log in a folder, with one writer and many readers.
//!
//! The module is split by what it does with the bytes: `record` is one line, `anchor` the head
//! beside the log, `scan` walks over both and judges them, and `open`, `reader` and `verify` are
//! the three who ask. `medium` is the way to the disk, where tests put their faults.

mod anchor;
mod clock;
mod error;
mod lock;
mod medium;
mod open;
mod reader;
mod record;
mod scan;
#[cfg(test)]
mod tests;
mod verify;
mod writer;

pub use clock::{Clock, SystemClock};
pub use error::{AppendError, BadAnchor, BadRecord, OpenError, ReadError, Truncation, VerifyError};
pub use lock::Holder;
pub use medium::{Disk, LogFile, Medium};
pub use open::{JournalConfig, OpenReport};
pub use reader::Reader;
pub use record::Record;
pub use verify::{Verified, verify};

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::Digest;
use lock::Lock;
use writer::Writer;

/// The log inside a journal's folder.
const LOG: &str = "journal.log";
/// The anchor inside a journal's folder.
const HEAD: &str = "head";
/// The lock inside a journal's folder.
const LOCK: &str = "lock";

/// The one writer of a journal.
///
/// It holds the journal's lock until it is dropped. It is shared by reference: appends from many
/// threads are put into one order.
#[derive(Debug)]
pub struct Journal {
    writer: Mutex<Writer>,
    // There is no `Clone`: the lock is one, and so is the writer.
    _lock: Lock,
}

impl Journal {
    /// Opens the journal in a folder for writing, and creates both when they are not there.
    ///
    /// The whole chain is checked. A last line that a crash has torn is cut off and reported,
    /// unless the anchor says that it had been acknowledged.
    ///
    /// # Errors
    /// [`OpenError`] when another process writes the journal, when it is damaged, or when the
    /// disk refuses. Nothing is changed then.
    pub fn open(
        folder: impl AsRef<Path>,
        holder: &Holder,
    ) -> Result<(Self, OpenReport), OpenError> {
        JournalConfig::default().open(folder, holder)
    }

    /// Appends a record and returns it when it is on the disk and anchored.
    ///
    /// `kind` is a word of the caller's, such as `task.done`; `data` is anything that has a JSON
    /// form.
    ///
    /// # Errors
    /// [`AppendError::Encode`] when `data` has no JSON form; the journal goes on. After
    /// [`AppendError::Write`] or [`AppendError::Sync`] nobody knows what is on the disk, so the
    /// journal has stopped, and every later call returns [`AppendError::Stopped`]. Open it again
    /// to find out what was kept.
    pub fn append<T>(&self, kind: &str, data: &T) -> Result<Record, AppendError>
    where
        T: Serialize + ?Sized,
    {
        let data = serde_json::to_value(data).map_err(AppendError::Encode)?;
        // A panic of the clock poisons the lock at a point where nothing was written yet; one
        // inside the medium leaves the writer stopped. Both are judged by the writer alone.
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.append(kind, data)
    }

    /// The sequence number and the hash of the last record, or 0 and the genesis hash.
    #[must_use]
    pub fn head(&self) -> (u64, Digest) {
        self.writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .head()
    }

    /// Reads a journal from its first record, also while another process writes it.
    ///
    /// # Errors
    /// [`ReadError`] when there is no journal in the folder or it cannot be read.
    pub fn read(folder: impl AsRef<Path>) -> Result<Reader, ReadError> {
        Reader::open(folder.as_ref())
    }
}

//! The journal: an append-only, hash-chained log in a folder, with one writer and many readers.
//!
//! The module is split by what it does with the bytes.
//!
//! - On the way in: `queue` puts records into one order and knows who waits, `commit` decides who
//!   writes and when, `end` is what the one who writes holds, `batch` is the bytes of one block, and
//!   `writer` brings them to the disk.
//! - On the way out: `shelf` finds the files, `tape` reads a segment block by block, `survey`
//!   judges the whole, and `reader`, `verify`, `proof` and `export` are those who ask.
//! - Between them: `block` is the form of a batch, `anchor` the head beside the segments, and
//!   `pruned` what retention has left of those that are gone. `tree` is the inside of the hash.
//!
//! `medium` is the way to the disk, where tests put their faults.

mod anchor;
mod batch;
mod block;
mod clock;
mod commit;
mod config;
mod end;
mod error;
mod export;
mod hex;
mod lock;
mod medium;
mod open;
mod proof;
mod pruned;
mod queue;
mod reader;
mod record;
mod retain;
mod shelf;
mod survey;
mod tape;
#[cfg(test)]
mod tests;
mod ticket;
mod tree;
mod verify;
mod writer;

pub use clock::{Clock, SystemClock};
pub use config::{Durability, JournalConfig};
pub use error::{
    AppendError, BadAnchor, BadRecord, ExportError, MissingSegment, OldFormat, OpenError,
    ReadError, RetainError, Truncation, VerifyError,
};
pub use export::export;
pub use lock::Holder;
pub use medium::{Disk, LogFile, Medium};
pub use open::OpenReport;
pub use proof::{Proof, ProofError};
pub use pruned::{BadPruned, PrunedSegment};
pub use reader::Reader;
pub use record::Record;
pub use retain::Pruned;
pub use ticket::Ticket;
pub use verify::{Verified, verify};

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use serde::Serialize;

use crate::Digest;
use commit::Shared;
use lock::Lock;

/// The folder of the segments inside a journal's folder.
const SEGMENTS: &str = "segments";
/// The anchor inside a journal's folder.
const HEAD: &str = "head";
/// The lock inside a journal's folder.
const LOCK: &str = "lock";
/// The list of dropped segments inside a journal's folder.
const PRUNED: &str = "pruned";
/// What a journal of version 1 has instead of segments.
const LOG_OF_VERSION_1: &str = "journal.log";

/// The one writer of a journal.
///
/// It holds the journal's lock until it is dropped. It is shared by reference: records from many
/// threads are put into one order, and those that come together share a sync.
pub struct Journal {
    shared: Arc<Shared>,
    folder: PathBuf,
    thread: Option<JoinHandle<()>>,
    is_shut: bool,
    // There is no `Clone`: the lock is one, and so is the writer.
    _lock: Lock,
}

impl Journal {
    /// Opens the journal in a folder for writing, and creates both when they are not there.
    ///
    /// The whole chain is checked. A last block that a crash has torn is cut off and reported,
    /// unless the anchor says that it had been acknowledged.
    ///
    /// # Errors
    /// [`OpenError`] when another process writes the journal, when it is damaged or of version 1,
    /// or when the disk refuses. No acknowledged record is changed then. A journal that is damaged, or
    /// of version 1, is left as it is, but for its lock. Where the disk refuses in the middle, what a
    /// crash has left may have been put in order before: a torn end cut off, whole records behind the
    /// anchor written once more and anchored, segments removed that had been dropped already.
    pub fn open(
        folder: impl AsRef<Path>,
        holder: &Holder,
    ) -> Result<(Self, OpenReport), OpenError> {
        JournalConfig::default().open(folder, holder)
    }

    /// Appends a record with JSON data and returns it when it is acknowledged: by default, when it
    /// is on the disk ([`Durability`]).
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
        let data = serde_json::to_vec(data).map_err(AppendError::Encode)?;
        self.shared.make_room();
        let ticket = self.shared.submit(kind, &data, true)?;
        let place = ticket.place;
        ticket.wait()?;
        let head = self.shared.queue.head_of(&place);
        Ok(Record {
            seq: place.seq,
            at: place.at,
            kind: kind.to_owned(),
            data,
            // It was asked for, so it is kept.
            head: head.unwrap_or_else(|| self.head().1),
        })
    }

    /// Appends a record and returns its number when it is acknowledged.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub fn append_bytes(&self, kind: &str, data: &[u8]) -> Result<u64, AppendError> {
        self.shared.make_room();
        let ticket = self.shared.submit(kind, data, false)?;
        let seq = ticket.seq();
        ticket.wait()?;
        Ok(seq)
    }

    /// Gives a record its place in the order and does not wait for the disk. The [`Ticket`] waits,
    /// blocking or as a future.
    ///
    /// It blocks for a moment only if 4 MiB are waiting to be written.
    ///
    /// # Errors
    /// [`AppendError::TooLarge`] and [`AppendError::LongKind`], after which the journal goes on,
    /// and [`AppendError::Stopped`].
    pub fn submit(&self, kind: &str, data: &[u8]) -> Result<Ticket, AppendError> {
        self.shared.make_room();
        let ticket = self.shared.submit(kind, data, false)?;
        self.shared.push();
        Ok(ticket)
    }

    /// Waits while 4 MiB or more wait to be written: what [`submit`](Self::submit) does first, for those
    /// who submit under a lock of their own and must not wait under that.
    pub(crate) fn make_room(&self) {
        self.shared.make_room();
    }

    /// As [`submit`](Self::submit), but never waits, and leaves it to the ticket to write the record,
    /// where committers write themselves: when it is waited for, polled or dropped. It is for those who
    /// submit under a lock of their own, and who have called [`make_room`](Self::make_room) before.
    pub(crate) fn submit_quietly(&self, kind: &str, data: &[u8]) -> Result<Ticket, AppendError> {
        self.shared.submit(kind, data, false)
    }

    /// How many wait in [`make_room`](Self::make_room) for somebody else to write.
    #[cfg(test)]
    pub(crate) fn waiting_for_room(&self) -> usize {
        self.shared.queue.waiting_for_room()
    }

    /// A ticket for everything that was submitted so far.
    pub(crate) fn last_ticket(&self) -> Ticket {
        self.shared.last_ticket()
    }

    /// The number of the last acknowledged record and the hash of its batch, or 0 and the genesis
    /// hash.
    #[must_use]
    pub fn head(&self) -> (u64, Digest) {
        let head = self.shared.queue.head();
        (head.seq, head.head)
    }

    /// Returns when everything that was submitted so far is on the disk, whatever the
    /// [`Durability`].
    ///
    /// # Errors
    /// [`AppendError`] when that cannot be said any more.
    pub fn flush(&self) -> Result<(), AppendError> {
        self.shared.flush()
    }

    /// Drops the segments whose records are all before `seq`, but never the one that is written.
    /// A line each in the file `pruned` keeps the chain provable.
    ///
    /// Appending waits meanwhile.
    ///
    /// # Errors
    /// [`RetainError`] says whether anything was dropped. The journal goes on, unless it had
    /// stopped.
    pub fn retain_from(&self, seq: u64) -> Result<Pruned, RetainError> {
        self.shared
            .at_rest(|writer| retain::retain(&self.folder, writer, seq))
            .map_err(RetainError::Stopped)?
    }

    /// Writes what was submitted, makes everything durable and closes the journal. Dropping it
    /// does the same, and cannot tell whether it succeeded.
    ///
    /// # Errors
    /// [`AppendError`] when the journal has stopped, before or now.
    pub fn close(mut self) -> Result<(), AppendError> {
        self.shut()
    }

    /// Reads a journal from its first record, also while another process writes it.
    ///
    /// # Errors
    /// [`ReadError`] when there is no journal in the folder or it cannot be read.
    pub fn read(folder: impl AsRef<Path>) -> Result<Reader, ReadError> {
        Reader::open(folder.as_ref(), 0)
    }

    /// Reads a journal from a record on. Segments before that record's are not looked at, so it is
    /// their word that they are sound.
    ///
    /// A number that is not reached yet is waited for; records that retention has dropped are
    /// left out.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_from(folder: impl AsRef<Path>, seq: u64) -> Result<Reader, ReadError> {
        Reader::open(folder.as_ref(), seq)
    }

    /// Proves that a record stands in a journal, to whoever trusts its head.
    ///
    /// The proof leads to the newest head that the anchor names, or to the last one if the record
    /// is behind that: after [`close`](Self::close), to the one that [`verify`] reports.
    ///
    /// # Errors
    /// [`ReadError`] when the record is not there or the journal is damaged from there on.
    pub fn prove(folder: impl AsRef<Path>, seq: u64) -> Result<Proof, ReadError> {
        proof::prove(folder.as_ref(), seq)
    }

    /// Shuts it once: `close` is followed by `drop`.
    fn shut(&mut self) -> Result<(), AppendError> {
        if std::mem::replace(&mut self.is_shut, true) {
            return Ok(());
        }
        self.shared.queue.close();
        // A waker that drops the last handle may do so on the writer thread, which ends by itself then.
        let is_writer = |thread: &JoinHandle<()>| thread.thread().id() == thread::current().id();
        if let Some(thread) = self.thread.take()
            && !is_writer(&thread)
        {
            // A panic in it has stopped the queue, which is what is asked next.
            let _ = thread.join();
        }
        self.shared.finish()
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // Whoever wants to know calls `close`. What was acknowledged is safe in any case.
        let _ = self.shut();
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("head", &self.shared.queue.head())
            .field("durability", &self.shared.durability)
            .finish_non_exhaustive()
    }
}

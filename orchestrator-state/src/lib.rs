//! What a mission knows and must not lose: a journal, versioned state, a readable plan, whole files.
//!
//! - A [`Journal`] is an append-only, hash-chained log in a folder. It is the authority: the rest
//!   is a projection that can be built again from it. Records that come together share one sync, and
//!   [`Durability`] says what an acknowledgement means. One process writes it, named by its
//!   [`Holder`]; anyone may follow it with [`Journal::read`], audit it with [`verify`], take it away
//!   as JSON lines with [`export`], or check a [`Proof`] that a record stands in it. The bytes, of
//!   format version 2, are described in `docs/format.md`.
//! - A [`StateStore`] holds [`Table`]s in versions, in memory or in a folder. Many threads change it at
//!   once through [`Transaction`]s, which are serializable and lose no update; a [`Snapshot`] shows
//!   one [`Version`], waits for nobody and never changes; a [`Watch`] tells of every commit. In a
//!   folder it is a journal with a record for each commit, and a [`Checkpoint`] now and then so that
//!   the journal need not be kept for ever. How it works, what it guarantees and what not is in
//!   `docs/store.md`.
//! - A [`StateBackend`] puts state, a durable [`TaskQueue`] and an [`EventLog`] behind one [`Commit`]:
//!   all of it happens, or nothing. [`LocalBackend`] is the one for a single process, in memory or in a
//!   folder, and its page shows a worker and a consumer that survive being killed; `conformance!` tests
//!   any other.
//! - A [`TodoDocument`] is the plan as people see it: Markdown with checkboxes, nested as they like.
//!   What nobody changed keeps its bytes, and what a person edited by hand is merged and reported as
//!   a [`HandEdit`]. A [`TodoFile`] is such a document in a file that many threads and processes change
//!   at once.
//! - [`atomic_write`] replaces a file as a whole or not at all. [`Backups`] keeps the last few copies
//!   of a file and puts any of them back.
//! - [`config`] merges settings into a JSON or TOML file that people edit, keeps every comment, and
//!   takes them out again byte for byte.
//! - A [`Digest`] is the hash that all of them use.
//!
//! This crate does not know what an agent, a model or a scheduler is.
//!
//! # The whole picture
//!
//! ```
//! use orchestrator_state::{atomic_write, verify, Holder, Journal, StateStore, Status, TodoDocument};
//! use serde_json::json;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! let (journal, report) = Journal::open(folder, &Holder::new("tidy"))?;
//! assert_eq!(report.cut_bytes, 0);
//!
//! // Two agents finish at the same time; neither overwrites the other, and what is acknowledged is
//! // on the disk.
//! let (store, _) = StateStore::open(folder.join("state"), &Holder::new("tidy"))?;
//! let counts = store.table::<String, u32>("counts")?;
//! std::thread::scope(|scope| {
//!     for _ in 0..2 {
//!         scope.spawn(|| {
//!             store.update(|tx| {
//!                 let before = tx.get(&counts, "done").map_or(0, |count| *count);
//!                 tx.put(&counts, "done".to_owned(), before + 1);
//!             })
//!         });
//!     }
//! });
//! assert_eq!(store.snapshot().get(&counts, "done").as_deref(), Some(&2));
//!
//! // First the journal, then what can be built from it.
//! journal.append("task.done", &json!({ "task": "t1" }))?;
//! let mut todo = TodoDocument::parse("- [ ] t1 | remove the needless returns | status: pending\n");
//! todo.set_status("t1", Status::Done)?;
//! atomic_write(folder.join("todo.md"), todo.to_string().as_bytes())?;
//!
//! assert_eq!(todo.to_string(), "- [x] t1 | remove the needless returns | status: done\n");
//! assert_eq!(verify(folder)?.records, 1);
//! # Ok(())
//! # }
//! ```

mod atomic;
mod backend;
mod backup;
pub mod config;
mod digest;
mod journal;
mod store;
mod sync;
mod todo;
mod wake;

pub use atomic::{AtomicWriteError, WriteStep, atomic_write};
#[cfg(any(test, feature = "conformance"))]
pub use backend::conformance;
pub use backend::{
    BackendError, BackendSource, Commit, CommitOutcome, Committed, CursorConflict, CursorMove,
    DeadLetter, Delivery, Entry, Event, EventLog, EventPage, ExtendOutcome, Fence, Json, JsonError,
    KeyConflict, LocalBackend, ManualClock, NackOutcome, NewEvent, NewTask, OpenBackendError,
    QueueCounts, Readiness, Revision, SharedClock, StateBackend, TaskId, TaskQueue, VerifiedEvents,
    Write,
};
pub use backup::{Backup, BackupError, Backups};
pub use digest::{Digest, ParseDigestError};
pub use journal::{
    AppendError, BadAnchor, BadPruned, BadRecord, Clock, Disk, Durability, ExportError, Holder,
    Journal, JournalConfig, LogFile, Medium, MissingSegment, OldFormat, OpenError, OpenReport,
    Proof, ProofError, Pruned, PrunedSegment, ReadError, Reader, Record, RetainError, SystemClock,
    Ticket, Truncation, Verified, VerifyError, export, verify,
};
#[cfg(feature = "seeded-bugs")]
pub use store::SeededBug;
pub use store::{
    Changed, ChangedRow, Changes, Checkpoint, CheckpointError, CommitError, Conflict, ConflictKey,
    Difference, History, Interest, OpenStoreError, Pending, Snapshot, StateStore, StoreConfig,
    StoreError, StoreReport, Table, TableError, TableKey, TableValue, Transaction, UpdateError,
    Value, Version, VersionError, Watch, WatchError,
};
pub use todo::{
    ConflictKind, EditError, HandEdit, Inconsistency, InconsistencyKind, KnownItem, Mark, NewItem,
    Progress, Status, TodoConflict, TodoDocument, TodoFile, TodoFileError, TodoItem,
};

/// The time type of records and clocks, from the `jiff` crate.
pub use jiff::Timestamp;

const _: () = {
    const fn assert_send_sync<T: Send + Sync>() {}
    assert_send_sync::<Journal>();
    assert_send_sync::<StateStore>();
    assert_send_sync::<Snapshot>();
    assert_send_sync::<Table<String, String>>();
    assert_send_sync::<Watch<String, String>>();
    assert_send_sync::<LocalBackend>();
    assert_send_sync::<TodoDocument>();
};

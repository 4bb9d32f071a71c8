//! What a mission knows and must not lose: a journal, versioned state, a readable plan, whole files.
//!
//! - A [`Journal`] is an append-only, hash-chained log in a folder. It is the authority: the rest
//!   is a projection that can be built again from it. One process writes it, named by its
//!   [`Holder`]; anyone may follow it with [`Journal::read`] or audit it with [`verify`]. The bytes
//!   are described in `docs/format.md`.
//! - A [`StateStore`] is a map with versions. Many threads change it at once through
//!   [`Transaction`]s, which lose no update; a [`Snapshot`] is a view of one [`Version`] that costs
//!   nothing to take and never changes.
//! - A [`TodoDocument`] is the plan as people see it: Markdown with checkboxes. What nobody changed
//!   keeps its bytes, and what a person edited by hand is merged and reported as a [`HandEdit`].
//! - [`atomic_write`] replaces a file as a whole or not at all.
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
//! // Two agents finish at the same time; neither overwrites the other.
//! let done = StateStore::<String, u32>::new();
//! std::thread::scope(|scope| {
//!     for _ in 0..2 {
//!         scope.spawn(|| {
//!             done.update(|tx| {
//!                 let before = tx.get("done").copied().unwrap_or(0);
//!                 tx.put("done".to_owned(), before + 1);
//!             })
//!         });
//!     }
//! });
//! assert_eq!(done.snapshot().get("done"), Some(&2));
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
mod digest;
mod journal;
mod store;
mod todo;

pub use atomic::{AtomicWriteError, atomic_write};
pub use digest::{Digest, ParseDigestError};
pub use journal::{
    AppendError, BadAnchor, BadPruned, BadRecord, Clock, Disk, Durability, ExportError, Holder,
    Journal, JournalConfig, LogFile, Medium, MissingSegment, OldFormat, OpenError, OpenReport,
    Proof, ProofError, Pruned, PrunedSegment, ReadError, Reader, Record, RetainError, SystemClock,
    Ticket, Truncation, Verified, VerifyError, export, verify,
};
pub use store::{Conflict, Snapshot, StateStore, Transaction, UpdateError, Version};
pub use todo::{EditError, HandEdit, Mark, NewItem, Status, TodoDocument, TodoItem};

/// The time type of records and clocks, from the `jiff` crate.
pub use jiff::Timestamp;

const _: () = {
    const fn assert_send_sync<T: Send + Sync>() {}
    assert_send_sync::<Journal>();
    assert_send_sync::<StateStore<String, String>>();
    assert_send_sync::<Snapshot<String, String>>();
    assert_send_sync::<TodoDocument>();
};

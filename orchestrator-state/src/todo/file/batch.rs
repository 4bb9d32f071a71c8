//! Edits of one process that are written together.
//!
//! The first thread that comes leads: it reads the file, opens the document for all that have come
//! meanwhile, waits until each of them has changed it, and writes it. Each thread runs its own
//! closure, so that closures may borrow and panics stay with their threads. The idea is that of
//! flat combining (Hendler, Incze, Shavit, Tzafrir 2010, "Flat Combining and the
//! Synchronization-Parallelism Tradeoff") with the write in place of the data structure.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, ThreadId};

use super::{Edited, Written};
use crate::todo::{EditError, TodoDocument};

/// The edits that are written at once.
#[derive(Debug, Default)]
pub(super) struct Batch {
    written: OnceLock<Written>,
}

/// The queue of one file.
#[derive(Debug, Default)]
pub(super) struct Batches {
    state: Mutex<State>,
    /// How many threads are on their way to a document. Counted before they wait for the state, so
    /// that the leader knows of all.
    waiting: AtomicUsize,
    /// Whose closure is running, so that one that calls its own file is told rather than hung up.
    running: Mutex<Option<ThreadId>>,
    /// Woken when the phase changes or a batch is written.
    turned: Condvar,
    /// Woken when nobody waits to join any more.
    joined: Condvar,
}

#[derive(Debug, Default)]
struct State {
    phase: Phase,
}

#[derive(Debug, Default)]
enum Phase {
    /// Nobody leads.
    #[default]
    Idle,
    /// Somebody reads or writes the file.
    Busy,
    /// The document may be changed.
    Open(TodoDocument, Arc<Batch>),
}

/// What a thread that wants to edit is to do.
pub(super) enum Turn<T, F> {
    /// It has changed the document of a batch; the leader writes it.
    Joined(Edited<T>, Arc<Batch>),
    /// It leads the next batch.
    Lead(F),
}

impl Batches {
    /// Changes the document of the batch that opens next, or tells to lead one. An error if this
    /// thread is in a closure of this file.
    pub(super) fn join<T, F>(&self, edit: F) -> Result<Turn<T, F>, ()>
    where
        F: FnOnce(&mut TodoDocument) -> Result<T, EditError>,
    {
        if *lock(&self.running) == Some(thread::current().id()) {
            return Err(());
        }
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let mut state = lock(&self.state);
        while matches!(state.phase, Phase::Busy) {
            state = wait(&self.turned, state);
        }
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        if let Phase::Open(document, batch) = &mut state.phase {
            let result = self.apply(document, edit);
            if self.waiting() == 0 {
                self.joined.notify_one();
            }
            return Ok(Turn::Joined(result, Arc::clone(batch)));
        }
        state.phase = Phase::Busy;
        Ok(Turn::Lead(edit))
    }

    /// How many threads are on their way to a document.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// The right to lead that [`join`](Self::join) gave.
    pub(super) fn lead(&self) -> Lead<'_> {
        Lead { batches: self }
    }

    /// Waits until a batch is written.
    pub(super) fn wait(&self, batch: &Batch) -> Written {
        let mut state = lock(&self.state);
        loop {
            if let Some(written) = batch.written.get() {
                return written.clone();
            }
            state = wait(&self.turned, state);
        }
    }

    /// Runs a closure on a copy, which is taken only if all went well.
    fn apply<T>(
        &self,
        document: &mut TodoDocument,
        edit: impl FnOnce(&mut TodoDocument) -> Result<T, EditError>,
    ) -> Edited<T> {
        let mut copy = document.clone();
        *lock(&self.running) = Some(thread::current().id());
        // The copy of a closure that panicked is dropped, so nobody sees it half changed.
        let result = catch_unwind(AssertUnwindSafe(|| edit(&mut copy)));
        *lock(&self.running) = None;
        if let Ok(Ok(_)) = result {
            *document = copy;
        }
        result
    }
}

/// The right to read and write the file. When it is dropped, others get it.
pub(super) struct Lead<'a> {
    batches: &'a Batches,
}

impl Lead<'_> {
    /// Opens the document, changes it first, and gives it back when all that wait have changed it.
    pub(super) fn run<T>(
        &self,
        mut document: TodoDocument,
        batch: &Arc<Batch>,
        edit: impl FnOnce(&mut TodoDocument) -> Result<T, EditError>,
    ) -> (Edited<T>, TodoDocument) {
        let mut state = lock(&self.batches.state);
        let result = self.batches.apply(&mut document, edit);
        state.phase = Phase::Open(document, Arc::clone(batch));
        self.batches.turned.notify_all();
        // Who is counted comes next, is counted no more, and wakes this if it was the last. Nobody
        // comes twice before the batch is written, so this ends.
        while self.batches.waiting() > 0 {
            state = wait(&self.batches.joined, state);
        }
        match std::mem::replace(&mut state.phase, Phase::Busy) {
            Phase::Open(document, _) => (result, document),
            Phase::Idle | Phase::Busy => unreachable!("only the leader closes what it has opened"),
        }
    }

    /// Tells all that have joined how the writing went.
    pub(super) fn publish(&self, batch: &Batch, written: Written) {
        // Only the leader of a batch publishes it, once.
        let _ = batch.written.set(written);
    }
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        lock(&self.batches.state).phase = Phase::Idle;
        self.batches.turned.notify_all();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is locked is whole at all times: closures that panic run on a copy.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wait<'a, T>(condvar: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    condvar.wait(guard).unwrap_or_else(PoisonError::into_inner)
}

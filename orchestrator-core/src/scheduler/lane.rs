//! A lane: the loop that finds a task, drives it to its end, and sleeps when there is none.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use crossbeam_deque::Worker;
use futures_util::FutureExt;

use super::{shared::Shared, stats::Source};
use crate::{Priority, task::Job};

tokio::task_local! {
    // The deque may be pushed to from one place at a time only, and both the loop and the task
    // that it drives want to push. A task-local is theirs alone for the length of a poll; what
    // the task moves to another tokio task does not see it.
    static LANE: Lane;
}

/// A pick in so many begins with what is looked at late otherwise.
const FAIR_EVERY: usize = 16;

pub(super) struct Lane {
    index: usize,
    deque: Worker<Arc<dyn Job>>,
    shared: Arc<Shared>,
    picks: Cell<usize>,
}

impl Lane {
    pub(super) fn new(index: usize, deque: Worker<Arc<dyn Job>>, shared: Arc<Shared>) -> Self {
        Self {
            index,
            deque,
            shared,
            picks: Cell::new(0),
        }
    }

    pub(super) async fn run(self) {
        let index = self.index;
        let shared = Arc::clone(&self.shared);
        LANE.scope(self, async {
            while !shared.cancel.is_cancelled() {
                match LANE.with(Lane::pick) {
                    Some((job, source)) => drive(&shared, index, job, source).await,
                    None => park(&shared).await,
                }
            }
        })
        .await;
    }

    fn pick(&self) -> Option<(Arc<dyn Job>, Source)> {
        let picks = self.picks.get().wrapping_add(1);
        self.picks.set(picks);
        if picks.is_multiple_of(FAIR_EVERY) {
            let turn = picks / FAIR_EVERY % 3;
            self.fair(turn).or_else(|| self.find())
        } else {
            self.find()
        }
    }

    /// The order that the documentation of `Scheduler` gives.
    fn find(&self) -> Option<(Arc<dyn Job>, Source)> {
        self.inject(Priority::High)
            .or_else(|| Some((self.deque.pop()?, Source::Own)))
            .or_else(|| self.inject(Priority::Normal))
            .or_else(|| self.oldest_after(1))
            .or_else(|| self.inject(Priority::Low))
    }

    fn fair(&self, turn: usize) -> Option<(Arc<dyn Job>, Source)> {
        match turn {
            1 => self.inject(Priority::Low),
            2 => self.inject(Priority::Normal),
            // From the far end of the own deque too: a lane that takes the newest first would
            // never come to the oldest while its tasks go on spawning.
            _ => self.oldest_after(0),
        }
    }

    fn inject(&self, priority: Priority) -> Option<(Arc<dyn Job>, Source)> {
        Some((self.shared.inject(priority)?, Source::Injector))
    }

    /// The oldest task of the first lane that has one, counted from so many places after this.
    fn oldest_after(&self, places: usize) -> Option<(Arc<dyn Job>, Source)> {
        let lanes = self.shared.lanes();
        (places..lanes).find_map(|step| {
            let source = if step == 0 {
                Source::Own
            } else {
                Source::Sibling
            };
            Some((self.shared.steal((self.index + step) % lanes)?, source))
        })
    }
}

/// However a lane ends, also with its runtime, no task may be left waiting for it.
impl Drop for Lane {
    fn drop(&mut self) {
        self.shared.cancel.cancel();
        while let Some((job, _)) = self.find() {
            // What the task has captured may panic when it is dropped. It is the task's affair.
            drop(catch_unwind(AssertUnwindSafe(|| job.cancel_queued())));
        }
    }
}

/// Gives a task to the lane that is running the caller, if it is one of this scheduler.
pub(super) fn push_to_current(shared: &Arc<Shared>, job: Arc<dyn Job>) -> Result<(), Arc<dyn Job>> {
    LANE.try_with(|lane| {
        if Arc::ptr_eq(&lane.shared, shared) {
            lane.deque.push(Arc::clone(&job));
            true
        } else {
            false
        }
    })
    .ok()
    .filter(|pushed| *pushed)
    .map(|_| ())
    .ok_or(job)
}

async fn drive(shared: &Shared, index: usize, job: Arc<dyn Job>, source: Source) {
    // The task contains its own panics. What is left is a closure that was cancelled or a result
    // nobody waits for that panics when it is dropped; it must not take the lane with it.
    let guarded = AssertUnwindSafe(async move {
        if let Some(task) = job.claim(index) {
            shared.counters[index].record(source);
            task.await;
        }
    });
    drop(guarded.catch_unwind().await);
    // Tasks that never wait would otherwise keep the runtime's thread for themselves.
    tokio::task::coop::consume_budget().await;
}

/// Sleeps until there may be something to do.
async fn park(shared: &Shared) {
    tokio::select! {
        () = shared.bell.sleep_unless(|| shared.has_work()) => {}
        () = shared.cancel.cancelled() => {}
    }
}

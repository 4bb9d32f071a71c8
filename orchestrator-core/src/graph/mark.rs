//! How far a task of a run has come, and what it still waits for, in one word.

use std::sync::atomic::{AtomicU32, Ordering};

use super::NodeStatus;

/// The lower bits count what the task depends on and is not done; the upper ones are the stage. One word
/// for both, because whoever takes one off the count wants to know at once whether the task is ready:
/// whether the word is nought.
#[derive(Debug)]
pub(super) struct Mark(AtomicU32);

const STAGE: u32 = 29;
const WAITING: u32 = 0;
const RUNNING: u32 = 1 << STAGE;
const DONE: u32 = 2 << STAGE;
const FAILED: u32 = 3 << STAGE;
const SKIPPED: u32 = 4 << STAGE;
const UNMET: u32 = RUNNING - 1;

impl Mark {
    pub(super) fn new(status: NodeStatus, unmet: u32) -> Self {
        let stage = match status {
            NodeStatus::Done => DONE,
            NodeStatus::Failed => FAILED,
            NodeStatus::Skipped => SKIPPED,
            // A task that somebody is at, who will say how it ends: not this run.
            NodeStatus::Running => RUNNING,
            NodeStatus::Waiting | NodeStatus::Ready => WAITING,
        };
        // More dependencies than fit would not fit into memory either.
        Self(AtomicU32::new(stage | unmet.min(UNMET)))
    }

    /// One of those that it depends on is done. Says whether it is ready by that.
    pub(super) fn meet_one(&self) -> bool {
        // What the others have done before is seen by who runs the task.
        self.0.fetch_sub(1, Ordering::AcqRel) == WAITING | 1
    }

    /// Fetches it into the cache.
    pub(super) fn look(&self) {
        std::hint::black_box(self.0.load(Ordering::Relaxed));
    }

    /// So many are not done of those that it depends on. For a task that is not known to others yet.
    pub(super) fn wait_for(&self, unmet: u32) {
        self.0.store(WAITING | unmet.min(UNMET), Ordering::SeqCst);
    }

    /// `false` if it is not ready: it was skipped meanwhile.
    pub(super) fn begin(&self) -> bool {
        let begun = self
            .0
            .compare_exchange(WAITING, RUNNING, Ordering::AcqRel, Ordering::Relaxed);
        begun.is_ok()
    }

    pub(super) fn done(&self) {
        self.end(DONE);
    }

    pub(super) fn failed(&self) {
        self.end(FAILED);
    }

    fn end(&self, stage: u32) {
        // A swap, and in the one order of all: the look at what was added comes after it, see
        // `Board::grown`.
        self.0.swap(stage, Ordering::SeqCst);
    }

    /// It will not run. `false` if it was begun, or was skipped before.
    pub(super) fn skip(&self) -> bool {
        let skip = |word| (word & !UNMET == WAITING).then_some(word | SKIPPED);
        let skipped = self
            .0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, skip);
        skipped.is_ok()
    }

    pub(super) fn is_ready(&self) -> bool {
        self.0.load(Ordering::Acquire) == WAITING
    }

    pub(super) fn status(&self) -> NodeStatus {
        let word = self.0.load(Ordering::SeqCst);
        match word & !UNMET {
            WAITING if word == WAITING => NodeStatus::Ready,
            WAITING => NodeStatus::Waiting,
            RUNNING => NodeStatus::Running,
            DONE => NodeStatus::Done,
            FAILED => NodeStatus::Failed,
            _ => NodeStatus::Skipped,
        }
    }
}

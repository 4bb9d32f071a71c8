//! Which lane this thread is in, if any.
//!
//! A lane is in its thread's local storage for the length of a turn, so that whatever a task calls, and
//! whatever wakes another task meanwhile, finds the deque without a lock and without being handed it.
//! The borrow is never held while code of somebody else runs.

use std::cell::RefCell;
use std::sync::Arc;
use std::task::Waker;

use super::lane::Lane;
use super::shared::Shared;
use super::stats::Ending;
use crate::task::{Job, Scope, TaskContext, TaskFrame, TaskId};

thread_local! {
    static CURRENT: RefCell<Option<Lane>> = const { RefCell::new(None) };
}

/// A lane that was put into its thread. A task may itself run another scheduler on this thread, so what
/// was there before comes back at the end.
pub(super) struct Turn {
    outer: Option<Lane>,
}

impl Turn {
    pub(super) fn begin(lane: Lane) -> Self {
        let outer = CURRENT.with(|current| current.replace(Some(lane)));
        Self { outer }
    }

    /// Takes the lane out again.
    pub(super) fn end(mut self) -> Option<Lane> {
        let outer = self.outer.take();
        CURRENT.with(|current| current.replace(outer))
    }
}

/// Does something with the lane that this thread is in. `None` outside of lanes, and where the lane is
/// being used already, which happens when a value that the lane drops calls back.
pub(super) fn with<T>(run: impl FnOnce(&mut Lane) -> T) -> Option<T> {
    CURRENT
        .try_with(|current| {
            let mut lane = current.try_borrow_mut().ok()?;
            lane.as_mut().map(run)
        })
        .ok()
        .flatten()
}

/// As [`with`], if the lane is one of this scheduler.
fn with_lane_of<T>(shared: &Arc<Shared>, run: impl FnOnce(&mut Lane) -> T) -> Option<T> {
    with(|lane| Arc::ptr_eq(&lane.shared, shared).then(|| run(lane))).flatten()
}

/// Puts a job in line: on this thread's lane if it is one of the job's scheduler, and where all lanes
/// find it otherwise.
pub(crate) fn schedule(job: Job, yielded: bool) {
    let shared = Arc::as_ptr(&job.metadata().scope.shared);
    let mut job = Some(job);
    with(|lane| {
        if Arc::as_ptr(&lane.shared) == shared
            && let Some(job) = job.take()
        {
            lane.push(job, yielded);
        }
    });
    if let Some(job) = job {
        let shared = Arc::clone(&job.metadata().scope.shared);
        shared.inject(job);
    }
}

/// A number for a task, and the time by the lane's clock. `None` outside of the scheduler's lanes.
pub(super) fn take_id(shared: &Arc<Shared>) -> Option<(TaskId, u64)> {
    with_lane_of(shared, |lane| (lane.take_id(), lane.time()))
}

/// The context of the task that this thread is at.
pub(crate) fn context() -> Option<TaskContext> {
    with(Lane::context).flatten()
}

/// Whether this thread is in a lane.
pub(crate) fn is_lane() -> bool {
    with(|_| ()).is_some()
}

/// This thread begins to be at a task. Says whether that was told to end.
pub(crate) fn enter(task: &mut TaskFrame) -> bool {
    with(|lane| lane.enter(task)).unwrap_or(false)
}

/// This thread is no longer at a task.
pub(crate) fn exit(task: &mut TaskFrame) {
    with(|lane| lane.exit(task));
}

/// Whether the task was told to end that this thread runs.
pub(crate) fn is_told(task: TaskId) -> bool {
    with(|lane| lane.has_told(task)).unwrap_or(false)
}

/// The task that this thread runs has to wait. `false`: it was told to end, and must not.
pub(crate) fn sleep(task: TaskId, waker: &Waker) -> bool {
    scope().is_none_or(|scope| scope.sleep(task, waker))
}

/// What there is to do for a task's end that runs others' code. Nearly always nothing: the end is a count, and
/// nobody waits for it.
enum Rest {
    Wake(Arc<Scope>),
    Leave(Arc<Scope>, usize),
}

/// The task that this thread runs has ended.
pub(crate) fn leave(task: TaskId, slept: bool, ending: Ending) {
    let rest = with(|lane| {
        lane.ended(ending);
        let scope = lane.scope()?;
        if slept || !scope.is_open() {
            return Some(Rest::Leave(Arc::clone(scope), lane.index));
        }
        let last = scope.count_out(lane.index);
        last.then(|| Rest::Wake(Arc::clone(scope)))
    });
    match rest.flatten() {
        Some(Rest::Wake(scope)) => scope.wake_joiners(),
        Some(Rest::Leave(scope, lane)) => scope.leave(task, lane),
        None => {}
    }
}

fn scope() -> Option<Arc<Scope>> {
    with(|lane| lane.scope().cloned()).flatten()
}

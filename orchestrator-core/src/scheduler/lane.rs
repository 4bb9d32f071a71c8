//! A lane: its deque, what it takes up next, and what it is at.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Waker;
use std::time::{Duration, Instant};

use crossbeam_deque::Worker;

use super::NO_LANE;
use super::shared::{DECOYS, IDS, Shared};
use super::stats::{Ending, Owner};
use crate::Priority;
use crate::task::{Job, Scope, TaskContext, TaskFrame, TaskId};

/// A pick in so many begins with what is looked at late otherwise.
const FAIR_EVERY: usize = 16;

/// A lane, as its own thread sees it.
pub(super) struct Lane {
    pub(super) shared: Arc<Shared>,
    pub(super) index: usize,
    deque: Worker<Job>,
    /// For tasks on their way from outside to the deque.
    batch: Worker<Job>,
    picks: usize,
    /// Numbers for tasks that are spawned here.
    ids: Range<u64>,
    next_decoy: usize,
    /// Somebody has woken the lane, and it has found nothing yet.
    pub(super) searching: bool,
    /// The time, as of the last look at the clock: see [`Shared::nanos`].
    now: u64,
    /// The scope of the task that the lane is at, or was at last: most have the same.
    scope: Option<Arc<Scope>>,
    /// The task that the lane is at.
    task: Option<TaskFrame>,
}

impl Lane {
    pub(super) fn new(index: usize, deque: Worker<Job>, shared: Arc<Shared>) -> Self {
        Self {
            shared,
            index,
            deque,
            batch: Worker::new_fifo(),
            // So that the lanes do not come to the fair turns at the same time.
            picks: index,
            ids: 0..0,
            next_decoy: 0,
            searching: false,
            now: 0,
            scope: None,
            task: None,
        }
    }

    /// Takes the next job, ready to be run.
    pub(super) fn take_up(&mut self) -> Option<Job> {
        let job = self.pick()?;
        if self.searching {
            self.searching = false;
            let shared = &self.shared;
            if let Some(waker) = shared.parking.found(|| shared.has_work()) {
                self.wake(waker);
            }
        }
        let counters = &self.shared.lanes[self.index].counters;
        let meta = job.metadata();
        let home = meta.home.load(Ordering::Relaxed);
        let here = self.index as u32;
        counters.polled(match home {
            NO_LANE => Owner::Nobody,
            home if home == here => Owner::Own,
            _ => Owner::Other,
        });
        if home != here {
            meta.home.store(here, Ordering::Relaxed);
        }
        if !meta.begun.load(Ordering::Relaxed) {
            meta.begun.store(true, Ordering::Relaxed);
            counters.began(Duration::from_nanos(self.now.saturating_sub(meta.queued)));
        }
        match &self.scope {
            Some(scope) if Arc::ptr_eq(scope, &meta.scope) => {}
            _ => self.scope = Some(Arc::clone(&meta.scope)),
        }
        Some(job)
    }

    fn pick(&mut self) -> Option<Job> {
        self.picks = self.picks.wrapping_add(1);
        if self.picks.is_multiple_of(FAIR_EVERY) {
            let turn = self.picks / FAIR_EVERY % 3;
            self.fair(turn).or_else(|| self.find())
        } else {
            self.find()
        }
    }

    /// The order that the documentation of `Scheduler` gives.
    fn find(&self) -> Option<Job> {
        let (shared, lanes) = (&self.shared, self.shared.lanes.len());
        shared
            .take(Priority::High)
            .or_else(|| self.own())
            .or_else(|| shared.take_some(&self.deque, &self.batch))
            .or_else(|| {
                (1..lanes).find_map(|step| shared.steal((self.index + step) % lanes, &self.deque))
            })
            .or_else(|| shared.take(Priority::Low))
    }

    /// The newest of the deque and the oldest of the inbox take turns. So whoever is woken, or has yielded,
    /// goes on while what it needs is in the cache, and cannot keep the others from beginning.
    fn own(&self) -> Option<Job> {
        if self.picks.is_multiple_of(2) {
            let woken = self.shared.take_from_inbox(self.index);
            woken.or_else(|| self.deque.pop())
        } else {
            let newest = self.deque.pop();
            newest.or_else(|| self.shared.take_from_inbox(self.index))
        }
    }

    fn fair(&self, turn: usize) -> Option<Job> {
        match turn {
            1 => self.shared.take(Priority::Low),
            2 => self.shared.take(Priority::Normal),
            // From the far end of the own deque too: a lane that takes the newest first would never come
            // to the oldest while its tasks go on spawning.
            _ => self.shared.steal_one(self.index),
        }
    }

    /// Wakes another lane from within this one's turn.
    ///
    /// tokio keeps what a worker has woken last in a slot that no other worker takes from, and this
    /// worker is busy with this lane. So the other lane would not run before this one's turn is over. To
    /// wake something else moves it on to a queue that others take from. There are two for that, used in
    /// turn, since the last one may still lie in the slot.
    pub(super) fn wake(&mut self, other: Waker) {
        other.wake();
        self.next_decoy = (self.next_decoy + 1) % DECOYS;
        if let Some(decoy) = self.shared.decoy(self.index, self.next_decoy) {
            decoy.wake_by_ref();
        }
    }

    /// Puts a job in line that was spawned or woken by the task that the lane is at, and wakes who is to
    /// run it.
    pub(super) fn push(&mut self, job: Job, yielded: bool) {
        if let Some(waker) = self.line_up(job, yielded) {
            self.wake(waker);
        }
    }

    fn line_up(&self, job: Job, yielded: bool) -> Option<Waker> {
        let meta = job.metadata();
        if meta.priority != Priority::Normal {
            self.shared.line_up(job);
            return self.shared.parking.ring(None);
        }
        if meta.home.load(Ordering::Relaxed) == NO_LANE {
            meta.home.store(self.index as u32, Ordering::Relaxed);
        }
        let home = meta.home.load(Ordering::Relaxed) as usize;
        // Whoever yields goes behind the others; whoever belongs elsewhere goes home.
        if yielded || home != self.index {
            self.shared.line_up(job);
        } else {
            self.deque.push(job);
        }
        self.shared.parking.ring(Some(home))
    }

    /// What is in its deque.
    pub(super) fn into_jobs(self) -> impl Iterator<Item = Job> {
        std::iter::from_fn(move || self.deque.pop())
    }

    /// The lane has looked at the clock.
    pub(super) fn set_time(&mut self, now: Instant) {
        self.now = self.shared.nanos(now);
    }

    /// The time, as of the last look at the clock.
    pub(super) fn time(&self) -> u64 {
        self.now
    }

    pub(super) fn take_id(&mut self) -> TaskId {
        let id = self.ids.next().unwrap_or_else(|| {
            let first = self.shared.take_ids(IDS);
            self.ids = first + 1..first + IDS;
            first
        });
        TaskId(id)
    }

    /// The lane begins to be at a task. Says whether that was told to end.
    pub(super) fn enter(&mut self, task: &mut TaskFrame) -> bool {
        let frame = TaskFrame {
            id: task.id,
            priority: task.priority,
            slept: task.slept,
            budget: task.budget.take(),
            children: task.children.take(),
        };
        self.task = Some(frame);
        self.has_told(task.id)
    }

    pub(super) fn has_told(&self, task: TaskId) -> bool {
        self.scope
            .as_ref()
            .is_some_and(|scope| scope.has_told(task))
    }

    pub(super) fn exit(&mut self, task: &mut TaskFrame) {
        if let Some(frame) = self.task.take() {
            (task.children, task.budget) = (frame.children, frame.budget);
        }
    }

    pub(super) fn scope(&self) -> Option<&Arc<Scope>> {
        self.scope.as_ref()
    }

    pub(super) fn forget_scope(&mut self) -> Option<Arc<Scope>> {
        self.scope.take()
    }

    pub(super) fn ended(&self, ending: Ending) {
        self.shared.lanes[self.index].counters.ended(ending);
    }

    /// The context of the task that the lane is at.
    pub(super) fn context(&mut self) -> Option<TaskContext> {
        let scope = self.scope.as_ref()?;
        let task = self.task.as_mut()?;
        let (parent, depth) = match scope.owner {
            Some((owner, depth)) => (Some(owner), depth + 1),
            None => (None, 0),
        };
        let children = task.children.get_or_insert_with(|| {
            let budget = task.budget.as_ref().unwrap_or(&scope.budget);
            scope.of_task(task.id, depth, budget.clone())
        });
        Some(TaskContext {
            id: task.id,
            parent,
            priority: task.priority,
            lane: self.index,
            children: Arc::clone(children),
            depth,
        })
    }
}

//! What the lanes, the handles and the contexts of a scheduler share.

use std::fmt;
use std::iter;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::Waker;
use std::time::Instant;

use crossbeam_deque::{Injector, Steal, Stealer, Worker};

use super::NO_LANE;
use super::park::Parking;
use super::stats::{Counters, SchedulerStats};
use crate::Priority;
use crate::sync::Padded;
use crate::task::{Job, Scope, TaskId};

/// How many numbers for tasks a lane takes at a time.
pub(super) const IDS: u64 = 1024;

/// What the lanes share.
pub(crate) struct Shared {
    /// Tasks that are of no lane, one queue a [`Priority`].
    injectors: [Injector<Job>; 3],
    pub(super) lanes: Box<[LaneShared]>,
    pub(super) parking: Parking,
    next_id: AtomicU64,
    /// How many lanes are still there. Without any, nobody will run a task.
    driven: AtomicUsize,
    pub(super) stop: AtomicBool,
    pub(super) started: Instant,
    /// A seed decides the order in which the lanes run their tasks.
    pub(super) seeded: bool,
}

/// What others see of a lane.
pub(super) struct LaneShared {
    stealer: Stealer<Job>,
    /// Tasks that belong to the lane and were woken from elsewhere, or have yielded.
    inbox: Injector<Job>,
    pub(super) counters: Padded<Counters>,
    /// See [`Lane::wake`](super::lane::Lane::wake).
    decoys: [OnceLock<Waker>; DECOYS],
}

/// How many decoys a lane has.
pub(super) const DECOYS: usize = 2;

impl Shared {
    pub(crate) fn new(deques: &[Worker<Job>], seeded: bool) -> Self {
        let lane = |deque: &Worker<Job>| LaneShared {
            stealer: deque.stealer(),
            inbox: Injector::new(),
            counters: Padded::default(),
            decoys: [const { OnceLock::new() }; DECOYS],
        };
        Self {
            injectors: [(); 3].map(|()| Injector::new()),
            lanes: deques.iter().map(lane).collect(),
            parking: Parking::new(deques.len()),
            next_id: AtomicU64::new(1),
            driven: AtomicUsize::new(deques.len()),
            stop: AtomicBool::new(false),
            started: Instant::now(),
            seeded,
        }
    }

    /// The first of so many numbers for tasks.
    pub(super) fn take_ids(&self, count: u64) -> u64 {
        self.next_id.fetch_add(count, Ordering::Relaxed)
    }

    /// A time as the tasks have it, which are many: the nanoseconds since the scheduler was made.
    pub(super) fn nanos(&self, time: Instant) -> u64 {
        let since = time.saturating_duration_since(self.started);
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    }

    pub(super) fn take_id(&self) -> TaskId {
        TaskId(self.take_ids(1))
    }

    /// Puts a job in line that comes from outside of the lanes, and wakes who is to run it.
    pub(super) fn inject(&self, job: Job) {
        let home = self.line_up(job);
        if let Some(waker) = self.parking.ring(home) {
            waker.wake();
        }
        self.lose_if_undriven();
    }

    /// As [`inject`](Self::inject), for many, which are looked at by one lane after the other.
    pub(super) fn inject_all(&self, jobs: impl Iterator<Item = Job>) {
        for job in jobs {
            self.line_up(job);
        }
        if let Some(waker) = self.parking.ring(None) {
            waker.wake();
        }
        self.lose_if_undriven();
    }

    /// Puts a job in line whose lane is no more.
    pub(super) fn inject_homeless(&self, job: Job) {
        job.metadata().home.store(NO_LANE, Ordering::Relaxed);
        self.inject(job);
    }

    /// Puts a job into the queue where it belongs. Says which lane should have it.
    pub(super) fn line_up(&self, job: Job) -> Option<usize> {
        let meta = job.metadata();
        let home = meta.home.load(Ordering::Relaxed);
        if meta.priority == Priority::Normal && home != NO_LANE {
            let home = home as usize;
            self.lanes[home].inbox.push(job);
            return Some(home);
        }
        self.injectors[meta.priority.index()].push(job);
        None
    }

    pub(super) fn set_decoy(&self, lane: usize, which: usize, waker: &Waker) {
        // A task's waker stays the same.
        self.lanes[lane].decoys[which].get_or_init(|| waker.clone());
    }

    pub(super) fn decoy(&self, lane: usize, which: usize) -> Option<&Waker> {
        self.lanes[lane].decoys[which].get()
    }

    /// Ends the lanes, once there is nothing left for them.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
        self.parking.close().into_iter().for_each(Waker::wake);
        let decoys = self.lanes.iter().flat_map(|lane| &lane.decoys);
        decoys
            .filter_map(OnceLock::get)
            .for_each(Waker::wake_by_ref);
    }

    /// A lane is no more. Without any the tasks are lost, and those who wait are told.
    pub(super) fn lane_ended(&self, root: &Scope) {
        if self.driven.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.lose_if_undriven();
            root.abandon();
            self.lose_if_undriven();
        }
    }

    /// Ends jobs that no lane will run: run outside of a lane, they say that they are lost.
    fn lose_if_undriven(&self) {
        // Of a job that is put in line and the last lane's end, one sees the other.
        crate::sync::fence(Ordering::SeqCst);
        if self.driven.load(Ordering::Relaxed) > 0 {
            return;
        }
        let inboxes = self.lanes.iter().map(|lane| &lane.inbox);
        for queue in self.injectors.iter().chain(inboxes) {
            while let Some(job) = until_settled(|| queue.steal()) {
                job.run();
            }
        }
    }

    /// Takes from the queue of a priority.
    pub(super) fn take(&self, priority: Priority) -> Option<Job> {
        let queue = &self.injectors[priority.index()];
        if queue.is_empty() {
            return None;
        }
        until_settled(|| queue.steal())
    }

    /// Takes from the queue of the usual priority, and some more for the own deque, by way of `batch`,
    /// which is empty before and after.
    ///
    /// Where there are few, the oldest will be run first. Of a backlog, the newest of each batch: who
    /// awaits many tasks one after the other is then woken once a batch, when its oldest has ended, and
    /// not once a task. A thread that is woken costs as much as a short task.
    pub(super) fn take_some(&self, deque: &Worker<Job>, batch: &Worker<Job>) -> Option<Job> {
        let queue = &self.injectors[Priority::Normal.index()];
        if queue.is_empty() {
            return None;
        }
        if queue.len() < BACKLOG {
            return until_settled(|| queue.steal_batch_with_limit_and_pop(deque, BATCH));
        }
        let oldest = until_settled(|| queue.steal_batch_with_limit_and_pop(batch, BATCH))?;
        deque.push(oldest);
        while let Some(job) = batch.pop() {
            deque.push(job);
        }
        deque.pop()
    }

    /// Takes what was woken for a lane.
    pub(super) fn take_from_inbox(&self, lane: usize) -> Option<Job> {
        let inbox = &self.lanes[lane].inbox;
        if inbox.is_empty() {
            return None;
        }
        until_settled(|| inbox.steal())
    }

    /// Takes a lane's oldest.
    pub(super) fn steal_one(&self, lane: usize) -> Option<Job> {
        until_settled(|| self.lanes[lane].stealer.steal())
    }

    /// Takes up to half of what another lane has.
    pub(super) fn steal(&self, lane: usize, deque: &Worker<Job>) -> Option<Job> {
        until_settled(|| self.lanes[lane].stealer.steal_batch_and_pop(deque))
            .or_else(|| self.take_from_inbox(lane))
    }

    /// Whether there is anything to do anywhere.
    pub(super) fn has_work(&self) -> bool {
        let lane = |lane: &LaneShared| !lane.stealer.is_empty() || !lane.inbox.is_empty();
        self.injectors.iter().any(|queue| !queue.is_empty()) || self.lanes.iter().any(lane)
    }

    pub(super) fn stats(&self) -> SchedulerStats {
        let uptime = self.started.elapsed();
        SchedulerStats::read(uptime, self.lanes.iter().map(|lane| &*lane.counters))
    }
}

/// How many tasks a lane takes at a time from outside. They can be stolen from it again.
const BATCH: usize = 32;

/// From so many tasks on, those that come from outside are a backlog.
const BACKLOG: usize = 2 * BATCH;

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("lanes", &self.lanes.len())
            .field("stopped", &self.stop.load(Ordering::Relaxed))
            .finish_non_exhaustive()
    }
}

/// A steal that loses a race is told to try again; only then is the answer worth something.
pub(crate) fn until_settled<T>(attempt: impl FnMut() -> Steal<T>) -> Option<T> {
    iter::repeat_with(attempt)
        .find(|steal| !steal.is_retry())
        .and_then(Steal::success)
}

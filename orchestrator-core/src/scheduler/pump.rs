//! What drives the lanes: tasks of the tokio runtime, so that its timers and its I/O go on beside.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use super::current::{self, Turn};
use super::dozers;
use super::lane::Lane;
use super::shared::Shared;
use crate::task::Scope;

/// After so long a lane lets the runtime look after its timers and sockets. Which costs some microseconds,
/// and tokio does it after 61 tasks: after 610 µs, if they take 10 µs each.
const TURN: Duration = Duration::from_micros(500);
/// After so long it looks at the clock.
const LOOK: Duration = Duration::from_micros(50);
/// At most so many tasks are run between two looks at the clock, which costs as much as a small task.
const UNWATCHED: u32 = 16;

/// Why a turn has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// It has lasted long enough.
    Time,
    /// There is nothing to do.
    Idle,
}

/// Something in the runtime to be woken: see [`Lane::wake`].
pub(super) async fn decoy(shared: Arc<Shared>, lane: usize, which: usize) {
    poll_fn(|context| {
        shared.set_decoy(lane, which, context.waker());
        if shared.stop.load(Ordering::SeqCst) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

/// Lanes that one task of the runtime drives. Dropped, they are no more.
pub(super) struct Pump {
    lanes: Vec<Lane>,
    shared: Arc<Shared>,
    root: Arc<Scope>,
    /// How many tasks to run before the next look at the clock.
    unwatched: u32,
    lying: bool,
}

impl Pump {
    pub(super) fn new(lanes: Vec<Lane>, root: Arc<Scope>) -> Self {
        Self {
            shared: Arc::clone(&root.shared),
            lanes,
            root,
            unwatched: 1,
            lying: false,
        }
    }

    /// Drives one lane until the scheduler is stopped.
    pub(super) async fn run(mut self) {
        while !self.shared.stop.load(Ordering::Acquire) {
            match self.turn() {
                Ended::Time => self.doze().await,
                Ended::Idle => self.park().await,
            }
        }
    }

    /// Drives all lanes one task at a time, in an order that a seed decides.
    pub(super) async fn run_seeded(mut self, seed: u64) {
        let mut random = fastrand::Rng::with_seed(seed);
        while !self.shared.stop.load(Ordering::Acquire) {
            let count = self.lanes.len();
            let first = random.usize(..count);
            let ran = (first..first + count).any(|lane| self.step(lane % count));
            if ran {
                tokio::task::yield_now().await;
            } else {
                self.park().await;
            }
        }
    }

    /// Runs tasks until it is time to let others, or there are none.
    fn turn(&mut self) -> Ended {
        let began = Instant::now();
        let mut lane = self.lanes.swap_remove(0);
        lane.set_time(began);
        let index = lane.index;
        let turn = Turn::begin(lane);
        for dozer in dozers::take() {
            current::with(|lane| lane.wake(dozer));
        }
        let mut last = began;
        let ended = loop {
            // A task's own panics do not come as far as this; a bug here must not take the lane.
            let round = catch_unwind(AssertUnwindSafe(|| self.round()));
            let now = Instant::now();
            match round {
                Ok(ran) if ran < self.unwatched => break Ended::Idle,
                Ok(ran) => self.unwatched = pace(now - last, ran),
                Err(_) => {}
            }
            last = now;
            current::with(|lane| lane.set_time(now));
            if now - began >= TURN || !tokio::task::coop::has_budget_remaining() {
                break Ended::Time;
            }
        };
        self.lanes.extend(turn.end());
        let counters = &self.shared.lanes[index].counters;
        counters.busy(began.elapsed());
        ended
    }

    /// Runs some tasks. Fewer than it was to, when there are no more.
    fn round(&self) -> u32 {
        for ran in 0..self.unwatched {
            match current::with(Lane::take_up).flatten() {
                Some(job) => job.run(),
                None => return ran,
            };
        }
        self.unwatched
    }

    /// Runs one task of a lane; `false` if there was none.
    fn step(&mut self, place: usize) -> bool {
        let mut lane = self.lanes.swap_remove(place);
        lane.set_time(Instant::now());
        let turn = Turn::begin(lane);
        let job = current::with(Lane::take_up).flatten();
        let ran = job.is_some();
        if let Some(job) = job {
            let _ = catch_unwind(AssertUnwindSafe(|| job.run()));
        }
        self.lanes.extend(turn.end());
        let last = self.lanes.len() - 1;
        self.lanes.swap(place, last);
        ran
    }

    /// Lets the runtime look after its timers and sockets.
    ///
    /// tokio takes this task up again when the worker has nothing else to do. If that is another lane, it
    /// wakes this one first: see [`dozers`](super::dozers).
    async fn doze(&mut self) {
        let Some(index) = self.lanes.first().map(|lane| lane.index) else {
            return;
        };
        let shared = Arc::as_ptr(&self.shared) as usize;
        let mut dozes = false;
        let mut yielded = pin!(tokio::task::yield_now());
        poll_fn(|context| {
            if !dozes {
                dozers::add(shared, index, context.waker());
                dozes = true;
            }
            yielded.as_mut().poll(context)
        })
        .await;
        dozers::remove(shared, index);
    }

    /// Sleeps until there is something to do, or the scheduler is stopped.
    async fn park(&mut self) {
        let Some(lane) = self.lanes.first_mut() else {
            return;
        };
        // It may be the last to hold it, and a task that has ended is to leave nothing behind.
        drop(lane.forget_scope());
        let index = lane.index;
        let shared = Arc::clone(&self.shared);
        poll_fn(|context| {
            let lane = &mut self.lanes[0];
            if self.lying {
                if shared.parking.sleeps_on(index, context.waker()) {
                    return Poll::Pending;
                }
                self.lying = false;
                lane.searching = true;
                return Poll::Ready(());
            }
            let searched = std::mem::take(&mut lane.searching);
            let waker = context.waker().clone();
            if !shared.parking.lie_down(index, waker, searched) {
                return Poll::Ready(());
            }
            if shared.has_work() {
                shared.parking.get_up_to_search(index);
                lane.searching = true;
                return Poll::Ready(());
            }
            shared.lanes[index].counters.parked();
            self.lying = true;
            Poll::Pending
        })
        .await;
    }
}

/// How many tasks to run until the next look at the clock, of such as were run since the last.
pub(crate) fn pace(elapsed: Duration, ran: u32) -> u32 {
    let each = (elapsed / ran.max(1)).max(Duration::from_nanos(1));
    let fit = LOOK.as_nanos() / each.as_nanos();
    u32::try_from(fit).unwrap_or(UNWATCHED).clamp(1, UNWATCHED)
}

impl Drop for Pump {
    fn drop(&mut self) {
        // If the runtime goes, and not the scheduler: somebody else may have been about to be woken for
        // what this one would have found.
        if let Some(lane) = self.lanes.first()
            && !self.shared.stop.load(Ordering::SeqCst)
        {
            let rung = self.lying && !self.shared.parking.get_up(lane.index);
            if rung || lane.searching {
                self.shared
                    .parking
                    .found(|| true)
                    .into_iter()
                    .for_each(Waker::wake);
            }
        }
        for lane in self.lanes.drain(..) {
            // Its tasks can still be run by the others, if there are any.
            lane.into_jobs()
                .for_each(|job| self.shared.inject_homeless(job));
            self.shared.lane_ended(&self.root);
        }
    }
}

//! What runs the tasks of a graph, one after the other.
//!
//! Each task has a count of what it waits for, and whoever is done takes one off the counts of those
//! that depend on it. Of the tasks that become ready by that, the first is run next, while what it needs
//! is in the cache, and the others are put in line.

use std::future::{Future, poll_fn};
use std::hash::Hash;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;

use futures_util::{FutureExt, poll};

use super::FailurePolicy;
use super::board::Board;
use super::plan::index;
use super::report::JobError;
use super::row::Row;
use super::seats::Seat;
use crate::sync::lock;
use crate::task::{Scope, TaskOptions};
use crate::{panics, scheduler};

/// A run, with what its tasks do.
pub(super) struct Run<K, F, E> {
    pub(super) board: Arc<Board<K, E>>,
    pub(super) job: F,
    pub(super) task: TaskOptions,
}

impl<K, F, Fut, E> Run<K, F, E>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    F: Fn(K) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), E>> + Send + 'static,
    E: Send + 'static,
{
    /// Begins with all that is ready.
    pub(super) fn begin(self: &Arc<Self>, scope: &Arc<Scope>) {
        let board = &self.board;
        let seat = board.seats.sit();
        let spots = board.layout.spots.iter().enumerate();
        let ready = spots.filter(|(_, spot)| spot.mark.is_ready());
        let ready: Vec<u32> = ready.map(|(at, _)| index(at)).collect();
        // Who takes the newest first begins with the first one: so that is put in last.
        for at in ready.into_iter().rev() {
            self.start(scope, seat.as_ref(), at);
        }
        if let Some(seat) = seat {
            self.spawn(scope, seat);
        }
    }

    /// Puts a ready task in line, and sees to it that somebody comes to run it.
    pub(super) fn start(self: &Arc<Self>, scope: &Arc<Scope>, seat: Option<&Seat>, at: u32) {
        let board = &self.board;
        if let Some(free) = board.seats.push(seat, at, board.rank(at)) {
            self.spawn(scope, free);
        }
    }

    fn spawn(self: &Arc<Self>, scope: &Arc<Scope>, seat: Seat) {
        let run = Arc::clone(self);
        drop(scheduler::spawn(scope, self.task.clone(), run.work(seat)));
    }

    /// Runs ready tasks until there are none.
    async fn work(self: Arc<Self>, seat: Seat) {
        let board = &self.board;
        let mut seat = Some(seat);
        let mut next = None;
        let mut row = Row::begin(board.paced);
        while let Some(own) = seat.take() {
            let Some(at) = next.take().or_else(|| board.seats.take(&own)) else {
                seat = board.seats.leave(own);
                continue;
            };
            if board.stopped.load(Ordering::Acquire) {
                // What is in line was skipped.
                return;
            }
            let late = board.late(at);
            let (key, mark) = match &late {
                Some(late) => (&late.key, &late.mark),
                None => {
                    let spot = &board.layout.spots[at as usize];
                    (&spot.key, &spot.mark)
                }
            };
            seat = Some(own);
            if !mark.begin() {
                continue;
            }
            board.layout.look_ahead(at);
            let job = AssertUnwindSafe(async { (self.job)(key.clone()).await });
            let mut job = pin!(job.catch_unwind());
            let ended = match poll!(job.as_mut()) {
                Poll::Ready(ended) => ended,
                Poll::Pending => {
                    // It waits, and others can be run meanwhile.
                    if let Some(own) = seat.take()
                        && let Some(own) = board.seats.leave(own)
                    {
                        self.spawn_beside(own);
                    }
                    let ended = job.await;
                    seat = board.seats.sit();
                    ended
                }
            };
            let error = match ended {
                Ok(Ok(())) => {
                    mark.done();
                    None
                }
                Ok(Err(error)) => Some(JobError::Failed(error)),
                Err(payload) => Some(JobError::Panicked(panics::message(&*payload))),
            };
            let goes_on = error.is_none_or(|error| {
                mark.failed();
                self.failed(at, key, error)
            });
            if goes_on {
                next = self.settle(at, seat.as_ref());
            }
            if seat.is_some() && row.ends() {
                if let Some(at) = next.take() {
                    // Where others find it.
                    self.start_beside(seat.as_ref(), at);
                }
                give_way().await;
                row = row.next();
            }
        }
    }

    /// Takes up that a task has failed. Says whether those that depend on it go on.
    fn failed(&self, at: u32, key: &K, error: JobError<E>) -> bool {
        let board = &self.board;
        lock(&board.failures).push((key.clone(), error));
        match board.policy {
            FailurePolicy::Continue => return true,
            FailurePolicy::SkipDependents => {}
            FailurePolicy::FailFast => {
                board.stopped.store(true, Ordering::Release);
                board.skip_all();
            }
        }
        board.skip_below(at);
        false
    }

    /// Puts in line what is ready by the end of a task. Gives the first, if it is to be run at once.
    fn settle(self: &Arc<Self>, at: u32, seat: Option<&Seat>) -> Option<u32> {
        let board = &self.board;
        let mut first = None;
        let mut ready = |at: u32| {
            if first.is_none() && seat.is_some() && !board.seats.by_rank() {
                first = Some(at);
            } else {
                self.start_beside(seat, at);
            }
        };
        for dependent in board.layout.dependents_of(at) {
            if board.layout.mark(dependent).meet_one() {
                ready(dependent);
            }
        }
        if board.grown.load(Ordering::SeqCst) {
            board.late_ready(at).into_iter().for_each(&mut ready);
        }
        first
    }

    /// As [`start`](Self::start), within the run.
    fn start_beside(self: &Arc<Self>, seat: Option<&Seat>, at: u32) {
        let board = &self.board;
        if let Some(free) = board.seats.push(seat, at, board.rank(at)) {
            self.spawn_beside(free);
        }
    }

    /// Has somebody take a seat, if the run is not over.
    fn spawn_beside(self: &Arc<Self>, seat: Seat) {
        let scope = self.board.scope().clone();
        if let Some(scope) = scope {
            self.spawn(&scope, seat);
        }
    }
}

/// Lets the lane look for something more urgent.
async fn give_way() {
    let mut gave = false;
    poll_fn(|context| {
        if std::mem::replace(&mut gave, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

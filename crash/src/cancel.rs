//! A future dropped at each of its await points.
//!
//! Whoever awaits a future may drop it at any `await`: a `select!`, a timeout, a shut-down. What it
//! has half done then must be undone or harmless. This tries each point: it polls a fresh future once
//! and drops it, then another twice, and so on until one completes, with a look at the invariants
//! after each.

#[cfg(test)]
mod tests;

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use thiserror::Error;

/// How long a future may wait for a wake-up before it counts as stuck, unless told otherwise.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many polls a future may need, unless told otherwise.
const LIMIT: usize = 10_000;

/// A future that was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dropped {
    /// How often it had been polled. 0 is one that was never started.
    pub polls: usize,
    /// How often it had been woken.
    pub wakes: usize,
    /// Whether it had completed, which is true of the last one only.
    pub completed: bool,
    /// How many of its wakers somebody still keeps, although it is gone. Whoever is about to wake one
    /// is given some time to do so; what is counted here has leaked.
    pub wakers: usize,
}

/// All points were tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Awaits<T> {
    /// How many polls the completed future took: so many futures were dropped before it.
    pub polls: usize,
    /// What it returned.
    pub output: T,
}

/// A future did not complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StuckError {
    /// It was pending, and nobody woke it.
    #[error(
        "after {polls} polls the future was pending and nobody woke it; is a wake-up lost after a drop?"
    )]
    NeverWoken {
        /// How often it had been polled.
        polls: usize,
    },
    /// It was still pending after all polls that it may have.
    #[error("the future was pending after {polls} polls; raise the limit if it may need more")]
    TooManyPolls {
        /// How often it had been polled.
        polls: usize,
    },
}

/// Drops futures at every await point. See [`drop_at_every_await`], which has no settings.
#[derive(Debug, Clone, Copy)]
pub struct DropAtEveryAwait {
    patience: Duration,
    limit: usize,
}

impl Default for DropAtEveryAwait {
    fn default() -> Self {
        Self {
            patience: PATIENCE,
            limit: LIMIT,
        }
    }
}

impl DropAtEveryAwait {
    /// How long a pending future may go without being woken. The default is 10 seconds.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// How many polls a future may need. The default is 10,000.
    #[must_use]
    pub fn with_limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// Makes a future and drops it after 0 polls, another after 1, and so on until one completes.
    ///
    /// A future that is pending is polled again when it was woken, as a runtime would; so a wake-up
    /// that a dropped future took with it shows as [`StuckError::NeverWoken`]. `check` is called
    /// after each drop, and panics when something does not hold.
    ///
    /// Futures of a runtime need it: call this inside `Runtime::enter`, with its own threads.
    ///
    /// # Errors
    /// [`StuckError`] when a future does not complete.
    pub fn run<F: Future>(
        self,
        mut make: impl FnMut() -> F,
        mut check: impl FnMut(Dropped),
    ) -> Result<Awaits<F::Output>, StuckError> {
        for limit in 0.. {
            if limit > self.limit {
                return Err(StuckError::TooManyPolls { polls: self.limit });
            }
            let (dropped, output) = self.polled(make(), limit)?;
            check(dropped);
            if let Some(output) = output {
                return Ok(Awaits {
                    polls: dropped.polls,
                    output,
                });
            }
        }
        Err(StuckError::TooManyPolls { polls: usize::MAX })
    }

    /// Polls a future so many times, at most, and drops it.
    fn polled<F: Future>(
        self,
        future: F,
        limit: usize,
    ) -> Result<(Dropped, Option<F::Output>), StuckError> {
        let alarm = Arc::new(Alarm {
            thread: std::thread::current(),
            wakes: AtomicUsize::new(0),
        });
        let waker = Waker::from(Arc::clone(&alarm));
        let mut context = Context::from_waker(&waker);
        let mut output = None;
        let mut polls = 0;
        {
            let mut future = pin!(future);
            while polls < limit && output.is_none() {
                let seen = alarm.wakes.load(Ordering::SeqCst);
                polls += 1;
                match future.as_mut().poll(&mut context) {
                    Poll::Ready(value) => output = Some(value),
                    // The last poll is followed by the drop, whether somebody woke it or not.
                    Poll::Pending if polls == limit => {}
                    Poll::Pending if alarm.rings_after(seen, self.patience) => {}
                    Poll::Pending => return Err(StuckError::NeverWoken { polls }),
                }
            }
        }
        drop(waker);
        let dropped = Dropped {
            polls,
            wakers: alarm.wakers_after(self.patience),
            wakes: alarm.wakes.load(Ordering::SeqCst),
            completed: output.is_some(),
        };
        Ok((dropped, output))
    }
}

/// Makes a future and drops it after 0 polls, another after 1, and so on until one completes.
/// `check` is called after each drop. See [`DropAtEveryAwait::run`].
///
/// # Errors
/// [`StuckError`] when a future does not complete.
pub fn drop_at_every_await<F: Future>(
    make: impl FnMut() -> F,
    check: impl FnMut(Dropped),
) -> Result<Awaits<F::Output>, StuckError> {
    DropAtEveryAwait::default().run(make, check)
}

/// A waker that counts, and wakes the thread that polls.
struct Alarm {
    thread: Thread,
    wakes: AtomicUsize,
}

impl Alarm {
    /// How many wakers there still are, when all are gone or the time is over.
    fn wakers_after(self: &Arc<Self>, patience: Duration) -> usize {
        let start = Instant::now();
        while Arc::strong_count(self) > 1 && start.elapsed() < patience {
            std::thread::yield_now();
        }
        Arc::strong_count(self) - 1
    }

    /// Waits until it has rung more often than it had.
    fn rings_after(&self, seen: usize, patience: Duration) -> bool {
        let start = Instant::now();
        while self.wakes.load(Ordering::SeqCst) == seen {
            let Some(left) = patience.checked_sub(start.elapsed()) else {
                return false;
            };
            std::thread::park_timeout(left);
        }
        true
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wakes.fetch_add(1, Ordering::SeqCst);
        self.thread.unpark();
    }
}

//! The rules of a call, step by step. No clock, no waiting.

use std::time::{Duration, Instant};

use super::{Remedy, RetryBudget, RetryCall, budget::Withdrawal, waits::Waits};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryEvent {
    /// The attempt failed, and this would help.
    Failed(Remedy),
    /// The wait is over.
    Waited,
    /// The caller does not want it any more.
    Cancelled,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryStep {
    /// Wait this long, then tell [`RetryEvent::Waited`]. It may be zero.
    Wait(Duration),
    /// Make this attempt, counted from 1, then tell how it failed.
    Attempt(u32),
    /// Make no more attempts. Every further event is answered by this again.
    Stop(RetryStop),
}

/// Why no more attempts are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryStop {
    /// [`Remedy::GiveUp`].
    Permanent,
    /// That was the last attempt.
    Exhausted,
    /// The next wait would pass the call's own time.
    OutOfTime {
        /// The next wait.
        wait: Duration,
        /// The time that the whole call has.
        time: Duration,
    },
    /// The next wait would pass the deadline.
    PastDeadline {
        /// The next wait.
        wait: Duration,
        /// What is left until the deadline.
        left: Duration,
    },
    /// The shared [`RetryBudget`] has no retry left.
    OutOfBudget,
    /// [`RetryEvent::Cancelled`].
    Cancelled,
}

/// Where a call stands: which attempt it is at, and what it may do next.
///
/// The caller hands in what happened and when; the same events at the same times give the same steps.
/// The first attempt is not asked for: it is made when the state is.
#[derive(Debug)]
pub struct RetryState {
    waits: Waits,
    time: Option<Duration>,
    deadline: Option<Instant>,
    budget: Option<RetryBudget>,
    /// The retry that is waited for.
    taken: Option<Withdrawal>,
    began: Instant,
    seen: Instant,
    attempt: u32,
    stop: Option<RetryStop>,
}

impl RetryState {
    /// Attempt 1 begins.
    #[must_use]
    pub fn new(call: &RetryCall<'_>, now: Instant) -> Self {
        let policy = call.policy;
        if let Some(budget) = &policy.budget {
            budget.deposit();
        }
        Self {
            waits: call.series(),
            time: policy.time,
            deadline: call.deadline.map(tokio::time::Instant::into_std),
            budget: policy.budget.clone(),
            taken: None,
            began: now,
            seen: now,
            attempt: 1,
            stop: None,
        }
    }

    /// The attempt that is under way, or the last one that was.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// From the beginning to the last event.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.seen.saturating_duration_since(self.began)
    }

    /// Takes in what happened, and says what to do. A time before that of the last event counts as
    /// that one's.
    pub fn next(&mut self, event: RetryEvent, now: Instant) -> RetryStep {
        if let Some(stop) = self.stop {
            return RetryStep::Stop(stop);
        }
        self.seen = self.seen.max(now);
        let step = match event {
            RetryEvent::Failed(remedy) => self.failed(remedy).map(RetryStep::Wait),
            RetryEvent::Cancelled => Err(RetryStop::Cancelled),
            RetryEvent::Waited => {
                if let Some(taken) = self.taken.take() {
                    taken.commit();
                }
                self.attempt += 1;
                Ok(RetryStep::Attempt(self.attempt))
            }
        };
        step.unwrap_or_else(|stop| {
            self.stop = Some(stop);
            // What was taken for a retry that is not made goes back.
            self.taken = None;
            RetryStep::Stop(stop)
        })
    }

    /// The next wait. The shared budget is asked last, so that nothing is taken in vain.
    fn failed(&mut self, remedy: Remedy) -> Result<Duration, RetryStop> {
        if remedy == Remedy::GiveUp {
            return Err(RetryStop::Permanent);
        }
        let drawn = self.waits.next().ok_or(RetryStop::Exhausted)?;
        let wait = match remedy {
            Remedy::RetryAfter(asked) => asked,
            Remedy::Retry | Remedy::GiveUp => drawn,
        };
        if let Some(time) = self.time
            && self.took().saturating_add(wait) > time
        {
            return Err(RetryStop::OutOfTime { wait, time });
        }
        if let Some(deadline) = self.deadline
            && self.seen.checked_add(wait).is_none_or(|end| end > deadline)
        {
            let left = deadline.saturating_duration_since(self.seen);
            return Err(RetryStop::PastDeadline { wait, left });
        }
        if let Some(budget) = &self.budget {
            self.taken = Some(budget.withdraw().ok_or(RetryStop::OutOfBudget)?);
        }
        Ok(wait)
    }
}

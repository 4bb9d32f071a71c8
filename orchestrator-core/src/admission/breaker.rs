//! A circuit breaker: what fails again and again is left alone for a while, then tried with care.

mod config;
mod window;

use std::time::Instant;

pub use self::config::BreakerConfig;
pub use self::window::Trip;
use self::window::Window;
use super::later::later;

/// A circuit breaker (Nygard 2007, "Release It!") without a lock or a clock: every call is handed
/// the instant. An [`AdmissionController`](crate::AdmissionController) has one for each model.
///
/// ```
/// use std::time::{Duration, Instant};
/// use orchestrator_core::{BreakerConfig, CircuitBreaker};
///
/// let mut breaker = CircuitBreaker::new(BreakerConfig::default());
/// let now = Instant::now();
/// for _ in 0..5 {
///     let call = breaker.admit(now)?;
///     breaker.failed(now, call);
/// }
/// assert!(breaker.admit(now).is_err());
///
/// let later = now + Duration::from_secs(30);
/// let probe = breaker.admit(later)?;
/// assert!(breaker.admit(later).is_err(), "one probe at a time");
/// breaker.succeeded(probe);
/// # Ok::<(), orchestrator_core::BreakerRefusal>(())
/// ```
///
/// Closed, it lets everything through and looks at the outcomes. Open, it lets nothing through.
/// After its time it is half-open: it lets one probe through at a time, and closes after some
/// successes, or opens again with the first failure.
///
/// Only the outcome of a call that was let through counts, and only in the state that let it
/// through. What the breaker itself turned away is neither a success nor a failure: otherwise it
/// would keep itself open for ever.
#[derive(Debug, Clone)]
pub struct CircuitBreaker {
    config: BreakerConfig,
    state: State,
    /// Counts the changes of state. A pass of another generation has no say.
    generation: u64,
}

#[derive(Debug, Clone)]
enum State {
    Closed(Window),
    Open { until: Instant },
    HalfOpen { probing: bool, successes: u32 },
}

/// How a breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BreakerState {
    /// Everything is let through.
    Closed,
    /// Nothing is let through.
    Open {
        /// When the first probe may go.
        until: Instant,
    },
    /// One probe at a time is let through.
    HalfOpen {
        /// Whether a probe is under way.
        probing: bool,
    },
}

/// A call that was let through: tell the breaker what became of it.
//
// Not `Clone`: a call has one outcome.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a probe whose outcome is never told keeps the breaker half-open"]
pub struct BreakerPass {
    generation: u64,
    probe: bool,
}

impl BreakerPass {
    /// Whether the call is the probe of a half-open breaker.
    #[must_use]
    pub fn is_probe(&self) -> bool {
        self.probe
    }
}

/// A breaker lets nothing through now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BreakerRefusal {
    /// There were too many failures.
    #[error("the circuit breaker is open after too many failures: try again when it probes")]
    Open {
        /// When the first probe may go.
        until: Instant,
    },
    /// Half-open, and a probe is under way.
    #[error("the circuit breaker is half-open and a probe is under way: wait for its outcome")]
    Probing,
}

impl CircuitBreaker {
    /// A closed breaker.
    #[must_use]
    pub fn new(config: BreakerConfig) -> Self {
        Self {
            state: State::Closed(Window::new(&config.trip)),
            config,
            generation: 0,
        }
    }

    /// How it stands. An open one whose time is over counts as half-open.
    #[must_use]
    pub fn state(&self, now: Instant) -> BreakerState {
        match self.state {
            State::Closed(_) => BreakerState::Closed,
            State::Open { until } if now < until => BreakerState::Open { until },
            State::Open { .. } => BreakerState::HalfOpen { probing: false },
            State::HalfOpen { probing, .. } => BreakerState::HalfOpen { probing },
        }
    }

    /// Whether a call would be let through, without letting it.
    ///
    /// # Errors
    ///
    /// As [`admit`](Self::admit).
    pub fn check(&self, now: Instant) -> Result<(), BreakerRefusal> {
        match self.state(now) {
            BreakerState::Open { until } => Err(BreakerRefusal::Open { until }),
            BreakerState::HalfOpen { probing: true } => Err(BreakerRefusal::Probing),
            BreakerState::Closed | BreakerState::HalfOpen { probing: false } => Ok(()),
        }
    }

    /// Lets a call through, or not.
    ///
    /// # Errors
    ///
    /// [`BreakerRefusal`] while it is open, or half-open with a probe under way.
    pub fn admit(&mut self, now: Instant) -> Result<BreakerPass, BreakerRefusal> {
        self.check(now)?;
        Ok(self.let_through())
    }

    /// Lets a call through without a check: the caller has made it.
    pub(super) fn let_through(&mut self) -> BreakerPass {
        if let State::Open { .. } = self.state {
            self.change(State::HalfOpen {
                probing: false,
                successes: 0,
            });
        }
        let probe = match &mut self.state {
            State::HalfOpen { probing, .. } => {
                *probing = true;
                true
            }
            State::Closed(_) | State::Open { .. } => false,
        };
        BreakerPass {
            generation: self.generation,
            probe,
        }
    }

    /// The call went well. Nothing if the breaker has changed its state since it was let through.
    pub fn succeeded(&mut self, pass: BreakerPass) {
        if pass.generation != self.generation {
            return;
        }
        match &mut self.state {
            State::Closed(window) => drop(window.add(false)),
            State::HalfOpen { probing, successes } => {
                *probing = false;
                *successes += 1;
                if *successes >= self.config.close_after.get() {
                    self.change(State::Closed(Window::new(&self.config.trip)));
                }
            }
            State::Open { .. } => {}
        }
    }

    /// The call failed, and through the fault of what the breaker guards. Nothing if the breaker
    /// has changed its state since it was let through.
    pub fn failed(&mut self, now: Instant, pass: BreakerPass) {
        if pass.generation != self.generation {
            return;
        }
        let opens = match &mut self.state {
            State::Closed(window) => window.add(true),
            State::HalfOpen { .. } => true,
            State::Open { .. } => false,
        };
        if opens {
            self.change(State::Open {
                until: later(now, self.config.open_for),
            });
        }
    }

    /// The call was given up: neither a success nor a failure. A probe makes room for another.
    pub fn abandoned(&mut self, pass: BreakerPass) {
        if pass.generation == self.generation
            && let State::HalfOpen { probing, .. } = &mut self.state
        {
            *probing = false;
        }
    }

    fn change(&mut self, state: State) {
        self.state = state;
        self.generation += 1;
    }
}

#[cfg(all(test, not(feature = "shuttle")))]
mod tests;

//! Why somebody waits, and why somebody was turned away.

use std::{fmt, sync::Arc, time::Duration};

use super::{
    BreakerState, DepthRefusal, ModelKey, PressureLevel, RateLimit,
    words::{Seconds, urgency},
};
use crate::Priority;

/// What a slot is of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SlotKey {
    /// A role.
    Role(Arc<str>),
    /// A model.
    Model(ModelKey),
    /// A provider, with all its models.
    Provider(Arc<str>),
}

impl fmt::Display for SlotKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(role) => write!(f, "role `{role}`"),
            Self::Model(model) => write!(f, "model `{model}`"),
            Self::Provider(provider) => write!(f, "provider `{provider}`"),
        }
    }
}

/// What somebody waits for: the first thing that stands in its way.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitReason {
    /// All slots are taken.
    Slot {
        /// Of what.
        key: SlotKey,
        /// How many are taken.
        taken: usize,
        /// How many there are.
        limit: usize,
    },
    /// The circuit breaker lets nothing through now.
    Breaker {
        /// Of what.
        model: ModelKey,
        /// How it stands.
        state: BreakerState,
        /// How long until the next probe; zero while one is under way.
        wait: Duration,
    },
    /// Too many requests or tokens a minute, or the service asked to wait.
    Rate {
        /// Of what.
        model: ModelKey,
        /// Which limit.
        limit: RateLimit,
        /// How long, if nobody goes before.
        wait: Duration,
    },
    /// Memory is short, and the work is of low priority.
    Pressure {
        /// How the memory stands.
        level: PressureLevel,
        /// Goes on below so many percent.
        below: u8,
    },
    /// Nothing but others who are first.
    Turn,
}

impl fmt::Display for WaitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slot { key, taken, limit } => {
                write!(f, "waits for a slot of {key}: {taken} of {limit} taken")
            }
            Self::Breaker { model, state, wait } => match state {
                BreakerState::Open { .. } => write!(
                    f,
                    "waits for the circuit breaker of `{model}`: open after failures, tries again \
                     in {}",
                    Seconds(*wait)
                ),
                _ => write!(
                    f,
                    "waits for the circuit breaker of `{model}`: another call tries it out"
                ),
            },
            Self::Rate { model, limit, wait } => match limit {
                RateLimit::RetryAfter => {
                    write!(
                        f,
                        "waits because `{model}` asked for it: {}",
                        Seconds(*wait)
                    )
                }
                _ => write!(f, "waits for {limit} of `{model}`: {}", Seconds(*wait)),
            },
            Self::Pressure { level, below } => {
                write!(f, "waits for memory: {level}, goes on below {below} %")
            }
            Self::Turn => f.write_str("waits for its turn: others came first"),
        }
    }
}

/// Somebody who waits to be admitted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Waiting {
    /// For whom.
    pub mission: Arc<str>,
    /// In which role.
    pub role: Arc<str>,
    /// What it is going to call.
    pub model: ModelKey,
    /// How urgent it is.
    pub priority: Priority,
    /// How long it has waited.
    pub waited: Duration,
    /// How long until it gives up, if it does.
    pub gives_up_in: Option<Duration>,
    /// For what.
    pub reason: WaitReason,
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of mission `{}` ({} priority) {}; {} so far",
            self.role,
            self.mission,
            urgency(self.priority),
            self.reason,
            Seconds(self.waited),
        )
    }
}

/// Why somebody was not admitted. It has not run: it is neither a success nor a failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// It may not be started by the one that wants it.
    #[error(transparent)]
    Depth(#[from] DepthRefusal),

    /// The estimate can never fit.
    #[error(
        "{tokens} tokens are more than the {burst} that `{model}` takes at once: send less, or \
         raise the limit"
    )]
    TooManyTokens {
        /// Of what.
        model: ModelKey,
        /// The estimate.
        tokens: u32,
        /// The greatest that is possible.
        burst: u32,
    },

    /// By policy this does not wait: an open breaker, or short memory.
    #[error("turned away, as configured, from a wait: it {reason}")]
    Refused {
        /// What it would have waited for.
        reason: WaitReason,
    },

    /// It would have had to wait, and did not want to.
    #[error("cannot start at once; it {reason}")]
    WouldWait {
        /// What for.
        reason: WaitReason,
    },

    /// Its deadline passed while it waited.
    #[error("not admitted before its deadline, after {}; it {reason}", Seconds(*.waited))]
    DeadlinePassed {
        /// How long it waited.
        waited: Duration,
        /// What for, at the end.
        reason: WaitReason,
    },

    /// Its cancellation token was cancelled.
    #[error("cancelled before it was admitted")]
    Cancelled,

    /// The controller admits nobody any more.
    #[error("admission is closed: nothing new is started, only what runs is let finish")]
    Closed,
}

//! One door for every agent: the rules behind a lock, with tokio's clock.

mod core;
mod guard;
mod keys;
mod line;
#[cfg(test)]
#[cfg(feature = "shuttle")]
mod schedules;
mod shared;
mod stats;
mod tally;

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::pin,
    sync::Arc,
    task::Poll,
};

use tokio_util::sync::CancellationToken;

use self::core::{Arrival, Core, Left};
pub use self::guard::Admission;
use self::line::InLine;
use self::shared::{Shared, now};
pub use self::stats::{AdmissionStats, CallCounts, KeyStats, RejectionCounts};
use super::{
    AdmissionConfig, BreakerState, MemorySource, ModelKey, PressureLevel, Rejection, Request,
    SlotKey, SystemMemory, Waiting,
};

/// One door for every agent: decides whether a call may start now, must wait, or may not start at
/// all. Clones share it.
///
/// A call needs a slot of its role, of its model and of the model's provider, a circuit breaker
/// that lets it through, its request and its estimated tokens within the rates, and, at low
/// priority, memory. It gets all of that or nothing, so that nobody holds one thing and waits for
/// another.
///
/// # Order
///
/// By [`Priority`](crate::Priority), within a priority missions in turn, within a mission in the order of arrival
/// for each combination of role and model. Of sixteen who waited, one is looked for among
/// [`Normal`](crate::Priority::Normal) first and one among [`Low`](crate::Priority::Low) first. Who waits for
/// one thing lets by who needs another. Two rules keep anyone from starving by that:
///
/// - while somebody waits for the breaker or the rate of a model, nobody who is behind it in the
///   order uses that model;
/// - somebody who was overtaken often has a slot of each kind kept for it
///   ([`AdmissionConfig::with_patience`]).
///
/// # Outcomes
///
/// An [`Admission`] is told how the call went. Its breaker and the scaling of its slots learn from
/// that, and from nothing else: neither a rejection nor an admission that was dropped is an
/// outcome.
///
/// # Time
///
/// Waiting for a rate, a breaker, memory or a deadline needs tokio's timer. Of those who wait for
/// the same, the first one's timer serves all: a future that is neither polled nor dropped holds
/// up those behind it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use orchestrator_core::{AdmissionConfig, AdmissionController, ModelKey, Request};
///
/// let config = AdmissionConfig::default().with_role("worker", 1);
/// let controller = AdmissionController::new(config);
/// let request = Request::new("mission", "worker", ModelKey::new("acme", "large")).with_tokens(900);
///
/// let admission = controller.admit(&request).await?;
/// let refused = controller.try_admit(&request).unwrap_err();
/// assert_eq!(
///     refused.to_string(),
///     "cannot start at once; it waits for a slot of role `worker`: 1 of 1 taken",
/// );
/// admission.succeeded(750);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct AdmissionController {
    shared: Arc<Shared>,
}

impl AdmissionController {
    /// A controller that reads the memory of the control group or the machine.
    #[must_use]
    pub fn new(config: AdmissionConfig) -> Self {
        Self::with_memory(config, SystemMemory::default())
    }

    /// A controller that reads the memory elsewhere.
    #[must_use]
    pub fn with_memory(config: AdmissionConfig, memory: impl MemorySource + 'static) -> Self {
        Self {
            shared: Arc::new(Shared::new(Core::new(config), Box::new(memory))),
        }
    }

    /// Admits a call, and waits until that is possible.
    ///
    /// Dropping the future gives up the place in line; what was taken for it by then goes on to
    /// the next.
    ///
    /// # Errors
    ///
    /// [`Rejection`], never [`Rejection::WouldWait`].
    ///
    /// # Panics
    ///
    /// Where it has to wait for a time (a rate, a breaker, memory) outside of a tokio runtime with its
    /// timer. A task of a [`Scheduler`](crate::Scheduler) is within one.
    pub async fn admit(&self, request: &Request) -> Result<Admission, Rejection> {
        self.refuse_cancelled(request)?;
        let mut place = match self.arrive(request)? {
            Arrived::Admitted(admission) => return Ok(admission),
            Arrived::Waits(place) => place,
        };
        let mut timer = None;
        let Some(token) = &request.cancel else {
            return poll_fn(|context| place.poll(context, &mut timer)).await;
        };
        let mut cancelled = pin!(token.cancelled());
        let decided = poll_fn(|context| {
            // Asked first, so that who is cancelled is not admitted in the same moment.
            if cancelled.as_mut().poll(context).is_ready() {
                return Poll::Ready(None);
            }
            place.poll(context, &mut timer).map(Some)
        });
        let decided = decided.await;
        decided.unwrap_or_else(|| {
            place.leave(Left::Cancelled);
            Err(Rejection::Cancelled)
        })
    }

    /// Admits a call if that is possible at once.
    ///
    /// # Errors
    ///
    /// [`Rejection`], and [`Rejection::WouldWait`] with the reason for which it would have to.
    pub fn try_admit(&self, request: &Request) -> Result<Admission, Rejection> {
        self.refuse_cancelled(request)?;
        match self.arrive(request)? {
            Arrived::Admitted(admission) => Ok(admission),
            Arrived::Waits(place) => {
                let reason = place.reason();
                place.leave(Left::WouldWait);
                Err(Rejection::WouldWait { reason })
            }
        }
    }

    /// Everybody who waits, and for what, in the order of arrival.
    #[must_use]
    pub fn waiting(&self) -> Vec<Waiting> {
        let now = now();
        self.shared.with(|core, _| core.waiting(now))
    }

    /// The counts.
    #[must_use]
    pub fn stats(&self) -> AdmissionStats {
        self.shared.with(|core, _| core.stats())
    }

    /// What is known of every role, model and provider that was asked for so far.
    ///
    /// Calls are counted under the lock that they take anyway; whoever reads adds them up.
    #[must_use]
    pub fn key_stats(&self) -> Vec<KeyStats> {
        let now = now();
        self.shared.with(|core, _| core.key_stats(now))
    }

    /// What is known of one role, model or provider.
    #[must_use]
    pub fn key_stats_of(&self, key: SlotKey) -> KeyStats {
        let now = now();
        self.shared.with(|core, _| core.key_stats_of(key, now))
    }

    /// How a model's breaker stands. `None` if the model was never asked for, or has none.
    #[must_use]
    pub fn breaker(&self, model: &ModelKey) -> Option<BreakerState> {
        let now = now();
        self.shared.with(|core, _| core.breaker(now, model))
    }

    /// How the memory stood when it was last read.
    #[must_use]
    pub fn pressure(&self) -> PressureLevel {
        self.shared.with(|core, _| core.pressure_level())
    }

    /// Changes how many slots there are, from now on. What runs goes on; nobody is admitted until
    /// enough have ended. Where the limit scales by itself it goes on from there, within bounds.
    pub fn set_limit(&self, key: SlotKey, limit: usize) {
        let now = now();
        self.shared
            .with(|core, wake| core.set_limit(now, key, limit, wake));
    }

    /// Admits nobody any more, also not those who wait. What runs goes on.
    pub fn close(&self) {
        self.shared.with(|core, wake| core.close(wake));
    }

    fn refuse_cancelled(&self, request: &Request) -> Result<(), Rejection> {
        let token = request.cancel.as_ref();
        if !token.is_some_and(CancellationToken::is_cancelled) {
            return Ok(());
        }
        let rejection = Rejection::Cancelled;
        self.shared.with(|core, _| core.count(request, &rejection));
        Err(rejection)
    }

    fn arrive(&self, request: &Request) -> Result<Arrived<'_>, Rejection> {
        self.shared.read_memory(request.priority);
        let now = now();
        let arrival = self
            .shared
            .with(|core, wake| core.arrive(now, request, wake));
        Ok(match arrival {
            Arrival::Decided(decided) => Arrived::Admitted(Admission::new(&self.shared, decided?)),
            Arrival::Waits(number) => {
                Arrived::Waits(InLine::new(&self.shared, number, now, request))
            }
        })
    }
}

enum Arrived<'a> {
    Admitted(Admission),
    Waits(InLine<'a>),
}

impl fmt::Debug for AdmissionController {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdmissionController")
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

//! Stopping a mission, up to the point where it can no longer be stopped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering, fence};

use tokio_util::sync::CancellationToken;

/// Tells a mission to stop, and tells the caller whether it still can.
///
/// Once the seal has begun, the mission cannot be stopped: moving the user's
/// branch and working tree halfway would be worse than either end. Whoever
/// would then give up waiting, or end the process, asks
/// [`is_sealing`](Self::is_sealing) first. Clones share one state.
#[derive(Debug, Clone, Default)]
pub struct StopSignal {
    token: CancellationToken,
    sealing: Arc<AtomicBool>,
}

impl StopSignal {
    /// A signal that has not been given.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells the mission to stop. No seal begins after this returns.
    pub fn stop(&self) {
        self.token.cancel();
        // Pairs with the fence in `begin_seal`: the signal is out before the
        // caller looks at the flag.
        fence(Ordering::SeqCst);
    }

    /// Whether the mission is between the beginning and the end of its seal, and
    /// must be waited for.
    #[must_use]
    pub fn is_sealing(&self) -> bool {
        self.sealing.load(Ordering::SeqCst)
    }

    pub(crate) fn token(&self) -> CancellationToken {
        self.token.clone()
    }

    /// Begins the seal, unless the mission was told to stop.
    ///
    /// The flag is raised first and the signal looked at then. So either this
    /// sees the signal, or whoever gave it sees the flag.
    pub(crate) fn begin_seal(&self) -> Option<Sealing> {
        self.sealing.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        let sealing = Sealing {
            flag: Arc::clone(&self.sealing),
        };
        (!self.token.is_cancelled()).then_some(sealing)
    }
}

/// The time of a seal. Dropped at its end.
pub(crate) struct Sealing {
    flag: Arc<AtomicBool>,
}

impl Drop for Sealing {
    fn drop(&mut self) {
        self.flag.store(false, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_begins_before_the_signal_or_not_at_all() {
        let stop = StopSignal::new();
        let sealing = stop.begin_seal();
        stop.stop();
        assert!(sealing.is_some() && stop.is_sealing());
        drop(sealing);
        assert!(!stop.is_sealing() && stop.begin_seal().is_none() && !stop.is_sealing());
    }
}

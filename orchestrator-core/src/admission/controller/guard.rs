//! A call that was admitted.

use std::{fmt, sync::Arc, time::Duration};

use super::{core::End, keys::Ticket, shared::Shared};
use crate::{BreakerPass, FailureKind};

/// A call that was admitted: hold it while the call runs, and say how it went.
///
/// Dropped without an outcome, also by a panic or an abort, it gives its slots back and counts as
/// neither a success nor a failure. Its estimate of tokens counts as used, since nobody knows
/// better.
//
// Not `Clone`, and every outcome takes it by value: what it took is given back once.
#[must_use = "the slots are given back when the admission is dropped"]
pub struct Admission {
    shared: Arc<Shared>,
    ticket: Option<Ticket>,
}

impl Admission {
    pub(super) fn new(shared: &Arc<Shared>, ticket: Ticket) -> Self {
        Self {
            shared: Arc::clone(shared),
            ticket: Some(ticket),
        }
    }

    /// Whether the call tries out a half-open breaker. All others wait for its outcome.
    #[must_use]
    pub fn is_probe(&self) -> bool {
        let pass = self.ticket.as_ref().and_then(|its| its.pass.as_ref());
        pass.is_some_and(BreakerPass::is_probe)
    }

    /// The call went well, and used so many tokens, in and out.
    pub fn succeeded(mut self, tokens: u32) {
        self.end(End::Succeeded(tokens));
    }

    /// The call failed. With a `Retry-After`, nobody calls the model before that. The estimate of
    /// tokens counts as used.
    pub fn failed(mut self, kind: FailureKind, retry_after: Option<Duration>) {
        self.end(End::Failed(kind, retry_after));
    }

    /// The call was not made after all: its request and its tokens are given back too.
    pub fn unused(mut self) {
        self.end(End::Unused);
    }

    fn end(&mut self, end: End) {
        if let Some(ticket) = self.ticket.take() {
            self.shared.end(ticket, end);
        }
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.end(End::Abandoned);
    }
}

impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admission")
            .field("ticket", &self.ticket)
            .finish_non_exhaustive()
    }
}

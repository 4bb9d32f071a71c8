//! Somebody who waits, and what is said to it.

use std::time::Instant;

use super::super::keys::Ticket;
use crate::admission::{Rejection, queue::Place};

#[derive(Debug)]
pub(super) struct Waiter<W> {
    pub(super) place: Place,
    pub(super) tokens: u32,
    pub(super) since: Instant,
    pub(super) deadline: Option<Instant>,
    pub(super) state: State,
    pub(super) waker: Option<W>,
    /// When time alone may let it through. Only the first of those who wait for the same has one.
    pub(super) retry_at: Option<Instant>,
    /// What its timer is set to.
    pub(super) armed: Option<Instant>,
    /// How often others took what it needs too.
    pub(super) overtaken: u32,
}

#[derive(Debug)]
pub(super) enum State {
    InLine,
    /// Admitted or turned away, and not told yet.
    Decided(Result<Ticket, Rejection>),
}

/// What becomes of somebody who comes.
#[derive(Debug)]
pub(in super::super) enum Arrival {
    Decided(Result<Ticket, Rejection>),
    /// The number to ask with.
    Waits(u64),
}

/// What has become of somebody who waits.
#[derive(Debug)]
pub(in super::super) enum Asked {
    Decided(Result<Ticket, Rejection>),
    /// Ask again then, at the latest.
    Still(Option<Instant>),
}

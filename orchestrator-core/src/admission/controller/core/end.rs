//! How an admission ends, and how waiting does.

use std::time::{Duration, Instant};

use super::{
    super::keys::{Gauge, Lane, Ticket, Way},
    Core, State,
};
use crate::{
    FailureKind, SlotScaling,
    admission::{Rejection, queue::Look},
};

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum End {
    /// It used so many tokens.
    Succeeded(u32),
    /// Perhaps with a `Retry-After`.
    Failed(FailureKind, Option<Duration>),
    /// Nobody knows. What it reserved counts as used.
    Abandoned,
    /// It was never made.
    Unused,
}

/// Why somebody has stopped waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Left {
    /// Its future was dropped.
    GaveUp,
    Cancelled,
    DeadlinePassed,
    /// It did not want to.
    WouldWait,
}

impl<W> Core<W> {
    /// A call is over: gives back what it took, once.
    pub(in super::super) fn end(
        &mut self,
        now: Instant,
        ticket: Ticket,
        end: End,
        wake: &mut Vec<W>,
    ) {
        let Ticket {
            way,
            pass,
            reservation,
        } = ticket;
        let Way {
            gauges,
            lane,
            tally,
            ..
        } = &mut self.keys.routes[way];
        tally.end(now, end);
        let Lane { breaker, rate } = &mut self.keys.lanes[*lane];
        if let (Some(breaker), Some(pass)) = (breaker, pass) {
            match end {
                End::Succeeded(_) => breaker.succeeded(pass),
                End::Failed(FailureKind::Service, _) => breaker.failed(now, pass),
                End::Failed(..) | End::Abandoned | End::Unused => breaker.abandoned(pass),
            }
        }
        match end {
            End::Succeeded(used) => rate.settle(now, reservation, used),
            End::Unused => rate.cancel(now, reservation),
            End::Failed(..) | End::Abandoned => {}
        }
        if let End::Failed(_, Some(wait)) = end {
            rate.retry_after(now, wait);
        }
        for gauge in gauges {
            let gauge = &mut self.keys.gauges[*gauge];
            gauge.taken -= 1;
            gauge.scale(end, now);
        }
        self.pass(now, wake);
    }

    /// Somebody stops waiting. What was taken for it by then is given back, as not used. What it
    /// would have been woken by comes back, to be dropped outside of the lock.
    pub(in super::super) fn leave(
        &mut self,
        now: Instant,
        number: u64,
        left: Left,
        wake: &mut Vec<W>,
    ) -> Option<W> {
        let waiter = self.waiters.remove(&number)?;
        match waiter.state {
            State::InLine => {
                self.queue.remove(&waiter.place);
                self.keys.routes[waiter.place.route].tally.leave(left);
                // Others may have waited only for it to go first.
                self.pass(now, wake);
            }
            State::Decided(Ok(ticket)) => self.end(now, ticket, End::Unused, wake),
            State::Decided(Err(_)) => {}
        }
        waiter.waker
    }

    /// Admits nobody any more, also not those who wait.
    pub(in super::super) fn close(&mut self, wake: &mut Vec<W>) {
        self.closed = true;
        while let Some(number) = self.queue.next(|_, _| Look::Take) {
            if let Some(waiter) = self.waiters.get_mut(&number) {
                let rejection = Rejection::Closed;
                let tally = &mut self.keys.routes[waiter.place.route].tally;
                tally.calls.rejections.count(&rejection);
                waiter.state = State::Decided(Err(rejection));
                wake.extend(waiter.waker.take());
            }
        }
    }
}

impl Gauge {
    /// Only outcomes count; a call that was too long, given up or not made is none.
    fn scale(&mut self, end: End, now: Instant) {
        let told: fn(&mut SlotScaling) -> usize = match end {
            End::Succeeded(_) => SlotScaling::succeeded,
            End::Failed(FailureKind::Service | FailureKind::RateLimited, _) => SlotScaling::failed,
            End::Failed(FailureKind::Request, _) | End::Abandoned | End::Unused => return,
        };
        if let Some(scaling) = &mut self.scaling {
            let limit = told(scaling);
            if limit != self.limit {
                self.set_limit(limit, now);
            }
        }
    }
}

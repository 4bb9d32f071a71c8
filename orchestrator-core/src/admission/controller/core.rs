//! The rules of admission, without a lock, a clock or a task.

mod end;
mod pass;
mod reasons;
mod waiter;

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use super::keys::{Keys, Obstacle, Ticket};
use crate::{
    Priority,
    admission::{
        AdmissionConfig, PressureGauge, PressureLevel, Rejection, RejectionCounts, Request,
        SlotKey, WhenBlocked, later::later, queue::WaitQueue,
    },
};

pub(super) use self::end::{End, Left};
pub(super) use self::waiter::{Arrival, Asked};
use self::waiter::{State, Waiter};

/// How old a reading of the memory may be.
const READ_EVERY: Duration = Duration::from_secs(1);

/// Everything that is counted, and who waits. `W` is what wakes somebody up: it is handed out,
/// never called, so that the caller can let go of the lock first.
#[derive(Debug)]
pub(super) struct Core<W> {
    config: AdmissionConfig,
    keys: Keys,
    queue: WaitQueue,
    waiters: HashMap<u64, Waiter<W>>,
    pressure: Option<PressureGauge>,
    /// When the memory was last read.
    read_at: Option<Instant>,
    closed: bool,
    /// Those who were turned away before it was known what they need.
    turned_away: RejectionCounts,
}

impl<W> Core<W> {
    pub(super) fn new(config: AdmissionConfig) -> Self {
        Self {
            pressure: config.pressure.clone(),
            config,
            keys: Keys::default(),
            queue: WaitQueue::default(),
            waiters: HashMap::new(),
            read_at: None,
            closed: false,
            turned_away: RejectionCounts::default(),
        }
    }

    /// Admits at once, or joins the queue, or is turned away.
    pub(super) fn arrive(&mut self, now: Instant, request: &Request, wake: &mut Vec<W>) -> Arrival {
        let decided = match self.enter(now, request) {
            Ok(Some(ticket)) => Ok(ticket),
            Ok(None) => return self.line_up(now, request, wake),
            Err(rejection) => {
                self.count(request, &rejection);
                Err(rejection)
            }
        };
        Arrival::Decided(decided)
    }

    /// `None`: it has to wait, perhaps only for others who were there before.
    fn enter(&mut self, now: Instant, request: &Request) -> Result<Option<Ticket>, Rejection> {
        if self.closed {
            return Err(Rejection::Closed);
        }
        let parent = request.parent_role.as_deref();
        self.config.depth.check(request.depth, parent)?;
        let (priority, tokens) = (request.priority, request.tokens);
        let way = self.keys.way(&request.route, &self.config, now);
        // Before all that passes with time: it would be waited for in vain.
        if let Some(burst) = self.keys.too_small_for(way, tokens) {
            return Err(self.never(way, tokens, burst));
        }
        if !self.queue.is_empty() {
            return Ok(None);
        }
        match self.obstacle(now, way, priority, tokens, None) {
            None => Ok(Some(self.keys.take(now, way, tokens, Duration::ZERO))),
            Some(obstacle) if self.refuses(&obstacle) => {
                let reason = self.reason(now, way, obstacle);
                Err(Rejection::Refused { reason })
            }
            Some(_) => Ok(None),
        }
    }

    fn line_up(&mut self, now: Instant, request: &Request, wake: &mut Vec<W>) -> Arrival {
        let way = self.keys.way(&request.route, &self.config, now);
        let mission = Arc::clone(&request.mission);
        let place = self.queue.push(request.priority, mission, way);
        let number = place.number;
        self.waiters.insert(
            number,
            Waiter {
                place,
                tokens: request.tokens,
                since: now,
                deadline: request.deadline.map(tokio::time::Instant::into_std),
                state: State::InLine,
                waker: None,
                retry_at: None,
                armed: None,
                overtaken: 0,
            },
        );
        // Those before it may wait for something else.
        self.pass(now, wake);
        match self.decided(number) {
            Some(decided) => Arrival::Decided(decided),
            None => Arrival::Waits(number),
        }
    }

    /// Asks for somebody who waits. After a decision the number is gone. `waker` comes back as
    /// the one that it replaces: dropping a waker can drop a task, and with it an admission, so
    /// that is not done under the lock either.
    pub(super) fn ask(
        &mut self,
        now: Instant,
        number: u64,
        waker: &mut Option<W>,
        wake: &mut Vec<W>,
    ) -> Asked {
        if let Some(waiter) = self.waiters.get_mut(&number)
            && waiter.retry_at.is_some_and(|at| at <= now)
        {
            // It may not be the first any more, and then has no time of its own.
            waiter.retry_at = None;
            self.pass(now, wake);
        }
        if let Some(decided) = self.decided(number) {
            return Asked::Decided(decided);
        }
        match self.waiters.get_mut(&number) {
            Some(waiter) => {
                std::mem::swap(&mut waiter.waker, waker);
                waiter.armed = waiter.retry_at;
                Asked::Still(waiter.retry_at)
            }
            None => Asked::Decided(Err(Rejection::Closed)),
        }
    }

    fn decided(&mut self, number: u64) -> Option<Result<Ticket, Rejection>> {
        if let State::InLine = self.waiters.get(&number)?.state {
            return None;
        }
        match self.waiters.remove(&number)?.state {
            State::Decided(decided) => Some(decided),
            State::InLine => None,
        }
    }

    /// What stands in the way of a call, if anything does.
    fn obstacle(
        &self,
        now: Instant,
        way: usize,
        priority: Priority,
        tokens: u32,
        kept: Option<usize>,
    ) -> Option<Obstacle> {
        if priority == Priority::Low && self.pressure_level().is_high() {
            let at = self.read_at.map(|at| later(at, READ_EVERY));
            return Some(Obstacle::Pressure { at });
        }
        self.keys.check(now, way, tokens, kept).err()
    }

    /// Somebody was turned away at once.
    pub(super) fn count(&mut self, request: &Request, rejection: &Rejection) {
        let counts = match self.keys.known(&request.route) {
            Some(way) => &mut way.tally.calls.rejections,
            None => &mut self.turned_away,
        };
        counts.count(rejection);
    }

    /// Whether the obstacle is one that nobody waits for, by policy.
    fn refuses(&self, obstacle: &Obstacle) -> bool {
        let policy = match obstacle {
            Obstacle::Pressure { .. } => self.config.when_short,
            Obstacle::Breaker(_) => self.config.when_open,
            Obstacle::Slot { .. } | Obstacle::Rate { .. } => WhenBlocked::Wait,
        };
        policy == WhenBlocked::Reject
    }

    /// Whether the memory is to be read now. Says so once for each time.
    pub(super) fn reads_memory(&mut self, now: Instant) -> bool {
        let fresh = |at: Instant| now < later(at, READ_EVERY);
        let due = self.pressure.is_some() && !self.read_at.is_some_and(fresh);
        if due {
            self.read_at = Some(now);
        }
        due
    }

    /// A new reading of the memory.
    pub(super) fn observe(
        &mut self,
        now: Instant,
        reading: Option<crate::MemoryUse>,
        wake: &mut Vec<W>,
    ) {
        if let Some(gauge) = &mut self.pressure {
            gauge.observe(reading);
            self.pass(now, wake);
        }
    }

    pub(super) fn pressure_level(&self) -> PressureLevel {
        let level = self.pressure.as_ref().map(PressureGauge::level);
        level.unwrap_or_default()
    }

    pub(super) fn set_limit(
        &mut self,
        now: Instant,
        key: SlotKey,
        limit: usize,
        wake: &mut Vec<W>,
    ) {
        let gauge = self.keys.gauge(key, &self.config, now);
        let gauge = &mut self.keys.gauges[gauge];
        gauge.scaling = gauge.scaling.take().map(|its| its.starting_at(limit));
        gauge.set_limit(gauge.scaling.as_ref().map_or(limit, |its| its.limit()), now);
        self.pass(now, wake);
    }
}

#[cfg(all(test, not(feature = "shuttle")))]
mod tests;

//! Going through the queue: who can be admitted now?

use std::time::Instant;

use super::{super::keys::Obstacle, Core, State, Waiter};
use crate::{
    Priority,
    admission::{Rejection, queue::Look},
};

/// What has been found out while going through the queue once.
#[derive(Default)]
struct Pass {
    /// Models of which somebody waits for the breaker or for the rate: who comes later in the
    /// order does not go before, or those who need many tokens would never get them.
    lanes: Vec<usize>,
    /// Routes of which a slot is missing.
    ways: Vec<usize>,
    /// Somebody waits for memory.
    memory: bool,
    /// Those for whom a slot was missing.
    short: Vec<u64>,
    /// For whose route one slot of each kind is kept.
    kept: Option<usize>,
    /// Whose timer may have to be set anew.
    timed: Vec<u64>,
}

impl<W> Core<W> {
    /// Admits everybody who can be admitted, in order. Every change calls it.
    pub(super) fn pass(&mut self, now: Instant, wake: &mut Vec<W>) {
        while !self.queue.is_empty() {
            let mut pass = Pass::default();
            // Out of `self`, so that the rest can be looked at meanwhile.
            let mut queue = std::mem::take(&mut self.queue);
            let mut found = None;
            let number =
                queue.next(|number, way| self.look(now, number, way, &mut pass, &mut found));
            self.queue = queue;
            self.wake_timed(&pass, wake);
            let Some(number) = number else { return };
            let Some(waiter) = self.waiters.get(&number) else {
                continue;
            };
            let (way, tokens) = (waiter.place.route, waiter.tokens);
            let decided = match found {
                None => {
                    let waited = now.saturating_duration_since(waiter.since);
                    Ok(self.keys.take(now, way, tokens, waited))
                }
                Some(obstacle) => {
                    let reason = self.reason(now, way, obstacle);
                    let rejection = Rejection::Refused { reason };
                    self.keys.routes[way]
                        .tally
                        .calls
                        .rejections
                        .count(&rejection);
                    Err(rejection)
                }
            };
            if decided.is_ok() {
                self.overtake(way, &pass);
            }
            if let Some(waiter) = self.waiters.get_mut(&number) {
                waiter.state = State::Decided(decided);
                wake.extend(waiter.waker.take());
            }
        }
    }

    /// Looks at the first of a line. `found` is why it is to be turned away.
    fn look(
        &mut self,
        now: Instant,
        number: u64,
        way: usize,
        pass: &mut Pass,
        found: &mut Option<Obstacle>,
    ) -> Look {
        let Some(waiter) = self.waiters.get(&number) else {
            return Look::Pass;
        };
        let lane = self.keys.routes[way].lane;
        let priority = waiter.place.priority;
        if pass.lanes.contains(&lane)
            || pass.ways.contains(&way)
            || (pass.memory && priority == Priority::Low)
        {
            return Look::Pass;
        }
        let patient = waiter.overtaken < self.config.patience;
        let tokens = waiter.tokens;
        let Some(obstacle) = self.obstacle(now, way, priority, tokens, pass.kept) else {
            return Look::Take;
        };
        if self.refuses(&obstacle) {
            *found = Some(obstacle);
            return Look::Take;
        }
        let retry_at = match obstacle {
            Obstacle::Pressure { at } => {
                pass.memory = true;
                at
            }
            Obstacle::Breaker(refusal) => {
                pass.lanes.push(lane);
                match refusal {
                    crate::BreakerRefusal::Open { until } => Some(until),
                    crate::BreakerRefusal::Probing => None,
                }
            }
            Obstacle::Rate { at, .. } => {
                pass.lanes.push(lane);
                Some(at)
            }
            Obstacle::Slot { .. } => {
                pass.ways.push(way);
                pass.short.push(number);
                if !patient && pass.kept.is_none() {
                    pass.kept = Some(way);
                }
                None
            }
        };
        if let Some(waiter) = self.waiters.get_mut(&number) {
            waiter.retry_at = retry_at;
            pass.timed.push(number);
        }
        Look::Pass
    }

    /// Wakes those whose timer is set too late, or not at all.
    fn wake_timed(&mut self, pass: &Pass, wake: &mut Vec<W>) {
        for number in &pass.timed {
            if let Some(waiter) = self.waiters.get_mut(number)
                && let Some(at) = waiter.retry_at
                && waiter.armed.is_none_or(|armed| armed > at)
            {
                wake.extend(waiter.waker.take());
            }
        }
    }

    /// Somebody was admitted before others who need one of the same slots.
    fn overtake(&mut self, way: usize, pass: &Pass) {
        let taken = self.keys.routes[way].gauges;
        for number in &pass.short {
            let Some(Waiter {
                place, overtaken, ..
            }) = self.waiters.get_mut(number)
            else {
                continue;
            };
            let needed = &self.keys.routes[place.route].gauges;
            if needed.iter().any(|gauge| taken.contains(gauge)) {
                *overtaken = overtaken.saturating_add(1);
            }
        }
    }
}

//! What can be told about those who wait, and about how things stand.

use std::time::Instant;

use super::{super::keys::Obstacle, Core, State, Waiter};
use crate::admission::{
    AdmissionStats, BreakerRefusal, BreakerState, KeyStats, ModelKey, Rejection, SlotKey,
    WaitReason, Waiting, controller::keys::Gauge,
};

impl<W> Core<W> {
    pub(super) fn reason(&self, now: Instant, way: usize, obstacle: Obstacle) -> WaitReason {
        let model = || self.keys.routes[way].route.model.clone();
        match obstacle {
            Obstacle::Pressure { .. } => WaitReason::Pressure {
                level: self.pressure_level(),
                below: self.pressure.as_ref().map_or(0, |its| its.goes_on_below()),
            },
            Obstacle::Breaker(BreakerRefusal::Open { until }) => WaitReason::Breaker {
                model: model(),
                state: BreakerState::Open { until },
                wait: until.saturating_duration_since(now),
            },
            Obstacle::Breaker(BreakerRefusal::Probing) => WaitReason::Breaker {
                model: model(),
                state: BreakerState::HalfOpen { probing: true },
                wait: std::time::Duration::ZERO,
            },
            Obstacle::Slot { gauge } => {
                let Gauge {
                    key, limit, taken, ..
                } = &self.keys.gauges[gauge];
                WaitReason::Slot {
                    key: key.clone(),
                    taken: *taken,
                    limit: *limit,
                }
            }
            Obstacle::Rate { limit, at } => WaitReason::Rate {
                model: model(),
                limit,
                wait: at.saturating_duration_since(now),
            },
        }
    }

    pub(super) fn never(&self, way: usize, tokens: u32, burst: u32) -> Rejection {
        Rejection::TooManyTokens {
            model: self.keys.routes[way].route.model.clone(),
            tokens,
            burst,
        }
    }

    /// What somebody waits for now. `None` if it does not wait (any more).
    pub(in super::super) fn reason_of(&self, now: Instant, number: u64) -> Option<WaitReason> {
        let waiter = self.waiters.get(&number)?;
        matches!(waiter.state, State::InLine).then(|| self.waits_for(now, waiter))
    }

    fn waits_for(&self, now: Instant, waiter: &Waiter<W>) -> WaitReason {
        let (way, priority) = (waiter.place.route, waiter.place.priority);
        match self.obstacle(now, way, priority, waiter.tokens, None) {
            Some(obstacle) => self.reason(now, way, obstacle),
            None => WaitReason::Turn,
        }
    }

    /// Everybody who waits, in the order of arrival.
    pub(in super::super) fn waiting(&self, now: Instant) -> Vec<Waiting> {
        let mut waiting: Vec<(&u64, &Waiter<W>)> = self
            .waiters
            .iter()
            .filter(|(_, waiter)| matches!(waiter.state, State::InLine))
            .collect();
        waiting.sort_unstable_by_key(|(number, _)| **number);
        waiting
            .into_iter()
            .map(|(_, waiter)| {
                let route = &self.keys.routes[waiter.place.route].route;
                Waiting {
                    mission: waiter.place.mission.clone(),
                    role: route.role.clone(),
                    model: route.model.clone(),
                    priority: waiter.place.priority,
                    waited: now.saturating_duration_since(waiter.since),
                    gives_up_in: waiter
                        .deadline
                        .map(|deadline| deadline.saturating_duration_since(now)),
                    reason: self.waits_for(now, waiter),
                }
            })
            .collect()
    }

    pub(in super::super) fn stats(&self) -> AdmissionStats {
        let mut stats = AdmissionStats {
            waiting: self.queue.len(),
            ..AdmissionStats::default()
        };
        stats.calls.rejections = self.turned_away;
        let ways = self.keys.routes.iter();
        ways.for_each(|way| way.tally.add_to(&mut stats));
        stats
    }

    pub(in super::super) fn key_stats(&self, now: Instant) -> Vec<KeyStats> {
        let gauges = 0..self.keys.gauges.len();
        gauges.map(|gauge| self.stats_of(gauge, now)).collect()
    }

    pub(in super::super) fn key_stats_of(&mut self, key: SlotKey, now: Instant) -> KeyStats {
        let gauge = self.keys.gauge(key, &self.config, now);
        self.stats_of(gauge, now)
    }

    fn stats_of(&self, gauge: usize, now: Instant) -> KeyStats {
        let waits = |waiter: &&Waiter<W>| {
            let needs = &self.keys.routes[waiter.place.route].gauges;
            matches!(waiter.state, State::InLine) && needs.contains(&gauge)
        };
        KeyStats {
            waiting: self.waiters.values().filter(waits).count(),
            ..self.keys.stats(gauge, now)
        }
    }

    pub(in super::super) fn breaker(&self, now: Instant, model: &ModelKey) -> Option<BreakerState> {
        let mut ways = self.keys.routes.iter();
        let way = ways.find(|way| way.route.model == *model)?;
        let breaker = self.keys.lanes[way.lane].breaker.as_ref()?;
        Some(breaker.state(now))
    }
}

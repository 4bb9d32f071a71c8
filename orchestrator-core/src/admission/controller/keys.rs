//! Everything that is counted by key: slots, breakers, rates.

use std::{
    collections::HashMap,
    hash::BuildHasherDefault,
    time::{Duration, Instant},
};

use super::stats::{CallCounts, KeyStats};
use super::tally::{Integral, Tally};

use crate::WaitHistogram;
use crate::admission::{
    AdmissionConfig, BreakerPass, BreakerRefusal, CircuitBreaker, RateLimit, RateLimiter,
    Reservation, SlotKey, SlotLimit, SlotScaling,
    request::{Ready, Route},
};

/// Every key that was ever asked for. Made when it is first seen, and never forgotten: keys come
/// from configuration, and there are few.
#[derive(Debug, Default)]
pub(super) struct Keys {
    pub(super) gauges: Vec<Gauge>,
    pub(super) lanes: Vec<Lane>,
    pub(super) routes: Vec<Way>,
    by_slot: HashMap<SlotKey, usize>,
    by_route: HashMap<Route, usize, BuildHasherDefault<Ready>>,
}

/// The slots of one role, model or provider.
#[derive(Debug)]
pub(super) struct Gauge {
    pub(super) key: SlotKey,
    pub(super) limit: usize,
    /// The limit over time; `None` where there was none at some time.
    there: Option<Integral>,
    pub(super) taken: usize,
    pub(super) scaling: Option<SlotScaling>,
}

/// What guards one model.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) breaker: Option<CircuitBreaker>,
    pub(super) rate: RateLimiter,
}

/// What a route needs, as places in the lists. The slots are in a fixed order, and are taken all
/// or none: nobody holds one and waits for another.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) route: Route,
    pub(super) gauges: [usize; 3],
    pub(super) lane: usize,
    pub(super) tally: Tally,
}

/// What stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// Low priority, and memory is short. Look again then.
    Pressure {
        at: Option<Instant>,
    },
    Breaker(BreakerRefusal),
    Slot {
        gauge: usize,
    },
    Rate {
        limit: RateLimit,
        at: Instant,
    },
}

/// What was taken for a call that was admitted.
//
// Not `Clone`: it is given back once.
#[derive(Debug)]
pub(super) struct Ticket {
    pub(super) way: usize,
    pub(super) pass: Option<BreakerPass>,
    pub(super) reservation: Reservation,
}

impl Keys {
    /// The place of a route.
    pub(super) fn way(&mut self, route: &Route, config: &AdmissionConfig, now: Instant) -> usize {
        match self.by_route.get(route) {
            Some(way) => *way,
            None => self.new_way(route, config, now),
        }
    }

    /// A route that was asked for before.
    pub(super) fn known(&mut self, route: &Route) -> Option<&mut Way> {
        let way = *self.by_route.get(route)?;
        self.routes.get_mut(way)
    }

    fn new_way(&mut self, route: &Route, config: &AdmissionConfig, now: Instant) -> usize {
        let gauges = [
            SlotKey::Role(route.role.clone()),
            SlotKey::Model(route.model.clone()),
            SlotKey::Provider(route.model.provider.clone()),
        ]
        .map(|key| self.gauge(key, config, now));
        let same_model = self
            .routes
            .iter()
            .find(|way| way.route.model == route.model);
        let lane = match same_model {
            Some(way) => way.lane,
            None => {
                self.lanes.push(Lane {
                    breaker: config.breaker.clone().map(CircuitBreaker::new),
                    rate: RateLimiter::new(&config.rate_of(&route.model), now),
                });
                self.lanes.len() - 1
            }
        };
        let way = self.routes.len();
        self.routes.push(Way {
            route: route.clone(),
            gauges,
            lane,
            tally: Tally::new(now),
        });
        self.by_route.insert(route.clone(), way);
        way
    }

    /// The place of a role's, model's or provider's slots.
    pub(super) fn gauge(&mut self, key: SlotKey, config: &AdmissionConfig, now: Instant) -> usize {
        if let Some(gauge) = self.by_slot.get(&key) {
            return *gauge;
        }
        let (limit, scaling) = match config.slots_of(&key) {
            SlotLimit::Unlimited => (usize::MAX, None),
            SlotLimit::Fixed(limit) => (limit, None),
            SlotLimit::Scaled(scaling) => (scaling.limit(), Some(scaling)),
        };
        let gauge = self.gauges.len();
        self.gauges.push(Gauge {
            key: key.clone(),
            limit,
            there: (limit != usize::MAX).then(|| Integral::new(limit, now)),
            taken: 0,
            scaling,
        });
        self.by_slot.insert(key, gauge);
        gauge
    }

    /// The first thing in the way, the memory aside. One slot of each of `kept` is for another.
    pub(super) fn check(
        &self,
        now: Instant,
        way: usize,
        tokens: u32,
        kept: Option<usize>,
    ) -> Result<(), Obstacle> {
        let Way { gauges, lane, .. } = &self.routes[way];
        let Lane { breaker, rate } = &self.lanes[*lane];
        if let Some(breaker) = breaker {
            breaker.check(now).map_err(Obstacle::Breaker)?;
        }
        let kept = kept.map(|way| self.routes[way].gauges);
        for gauge in gauges {
            let Gauge { limit, taken, .. } = &self.gauges[*gauge];
            let kept = usize::from(kept.is_some_and(|kept| kept.contains(gauge)));
            if taken.saturating_add(kept) >= *limit {
                return Err(Obstacle::Slot { gauge: *gauge });
            }
        }
        match rate.not_yet(now, tokens) {
            Some((limit, at)) => Err(Obstacle::Rate { limit, at }),
            None => Ok(()),
        }
    }

    /// How many tokens can be had at once, if that is less than these: then they never can.
    pub(super) fn too_small_for(&self, way: usize, tokens: u32) -> Option<u32> {
        self.lanes[self.routes[way].lane].rate.too_small_for(tokens)
    }

    /// Takes everything, after [`check`](Self::check) found nothing in the way.
    pub(super) fn take(
        &mut self,
        now: Instant,
        way: usize,
        tokens: u32,
        waited: Duration,
    ) -> Ticket {
        let Way {
            gauges,
            lane,
            tally,
            ..
        } = &mut self.routes[way];
        tally.admit(now, waited);
        let Lane { breaker, rate } = &mut self.lanes[*lane];
        for gauge in gauges {
            self.gauges[*gauge].taken += 1;
        }
        Ticket {
            way,
            pass: breaker.as_mut().map(|breaker| breaker.let_through()),
            reservation: rate.take(now, tokens),
        }
    }
}

impl Gauge {
    pub(super) fn set_limit(&mut self, limit: usize, now: Instant) {
        self.limit = limit;
        self.there = self.there.take().filter(|_| limit != usize::MAX);
        if let Some(there) = &mut self.there {
            there.set(limit, now);
        }
    }
}

impl Keys {
    /// What is known of a role, a model or a provider, but who waits.
    pub(super) fn stats(&self, gauge: usize, now: Instant) -> KeyStats {
        let Gauge {
            key,
            limit,
            there,
            taken,
            ..
        } = &self.gauges[gauge];
        let mut stats = KeyStats {
            key: key.clone(),
            taken: *taken,
            limit: *limit,
            waiting: 0,
            calls: CallCounts::default(),
            waits: WaitHistogram::default(),
            taken_for: Duration::ZERO,
            there_for: there.map(|there| there.at(now)),
        };
        let ways = self.routes.iter();
        for way in ways.filter(|way| way.gauges.contains(&gauge)) {
            way.tally.add_to_key(&mut stats, now);
        }
        stats
    }
}

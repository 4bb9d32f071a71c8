//! A driver without tasks or timers: it asks for whom the rules wake, and whose time has come.

use std::{num::NonZeroU32, time::Duration};

use super::*;
use crate::{MemoryUse, RateConfig, SlotScaling};

/// What the test knows: what runs, and who waits.
pub(super) struct Driver {
    pub(super) core: Core<u64>,
    pub(super) start: Instant,
    pub(super) now: Instant,
    /// With the number of tokens.
    pub(super) running: Vec<(Ticket, usize)>,
    pub(super) waiting: Vec<u64>,
    pub(super) woken: Vec<u64>,
    pub(super) decided: usize,
    pub(super) came: usize,
    pub(super) memory: MemoryUse,
}

pub(super) const ROLES: [&str; 2] = ["worker", "planner"];
pub(super) const MODELS: [(&str, &str); 3] = [("p", "small"), ("p", "large"), ("q", "other")];

fn number(value: u32) -> NonZeroU32 {
    NonZeroU32::new(value).expect("not zero")
}

fn config(random: &mut fastrand::Rng) -> AdmissionConfig {
    let rate = RateConfig::default()
        .with_requests_per_minute(number(120))
        .with_request_burst(number(6))
        .with_tokens_per_minute(number(6_000))
        .with_token_burst(number(400));
    let scaling = match random.bool() {
        true => SlotScaling::aimd(1..=5),
        false => SlotScaling::steps(1..=5),
    };
    let policy = |random: &mut fastrand::Rng| match random.u8(0..4) {
        0 => WhenBlocked::Reject,
        _ => WhenBlocked::Wait,
    };
    AdmissionConfig::default()
        .with_role("worker", random.usize(1..4))
        .with_role("planner", random.usize(1..3))
        .with_model(ModelKey::new("p", "small"), scaling)
        .with_provider("p", random.usize(1..4))
        .with_rate(ModelKey::new("p", "large"), rate)
        .with_breaker(Some(BreakerConfig::default()), policy(random))
        .with_pressure(Some(PressureGauge::default()), policy(random))
        .with_patience(random.u32(1..6))
}

impl Driver {
    pub(super) fn new(random: &mut fastrand::Rng) -> Self {
        let now = Instant::now();
        Self {
            core: Core::new(config(random)),
            start: now,
            now,
            running: Vec::new(),
            waiting: Vec::new(),
            woken: Vec::new(),
            decided: 0,
            came: 0,
            memory: MemoryUse {
                used: 50,
                limit: 100,
            },
        }
    }

    /// As the driver does it before it asks for somebody of low priority.
    pub(super) fn read_memory(&mut self) {
        if self.core.reads_memory(self.now) {
            let reading = Some(self.memory);
            self.core.observe(self.now, reading, &mut self.woken);
        }
    }

    pub(super) fn arrive(&mut self, request: &Request) {
        if request.priority == Priority::Low {
            self.read_memory();
        }
        self.came += 1;
        match self.core.arrive(self.now, request, &mut self.woken) {
            Arrival::Decided(decided) => self.decide(decided),
            Arrival::Waits(number) => {
                self.waiting.push(number);
                self.ask(number);
            }
        }
    }

    pub(super) fn decide(&mut self, decided: Result<Ticket, Rejection>) {
        self.decided += 1;
        if let Ok(ticket) = decided {
            let way = ticket.way;
            self.running.push((ticket, way));
        }
    }

    pub(super) fn ask(&mut self, number: u64) {
        let low = |its: &Waiter<u64>| its.place.priority == Priority::Low;
        if self.core.waiters.get(&number).is_some_and(low) {
            self.read_memory();
        }
        let waker = &mut Some(number);
        let asked = self.core.ask(self.now, number, waker, &mut self.woken);
        if let Asked::Decided(decided) = asked {
            self.waiting.retain(|its| *its != number);
            self.decide(decided);
        }
    }

    /// Polls whom the core woke, and whose timer has run out, until nothing happens any more.
    pub(super) fn settle(&mut self, timers: bool) {
        loop {
            let mut due = std::mem::take(&mut self.woken);
            if timers {
                let armed = |number: &&u64| {
                    let waiter = self.core.waiters.get(*number);
                    waiter.is_some_and(|its| its.armed.is_some_and(|at| at <= self.now))
                };
                due.extend(self.waiting.iter().filter(armed));
            }
            if due.is_empty() {
                return;
            }
            for number in due {
                if self.waiting.contains(&number) {
                    self.ask(number);
                }
            }
        }
    }

    /// Whether everything is counted, and nobody waits without a reason.
    pub(super) fn holds(&self) -> bool {
        let mut taken = vec![0; self.core.keys.gauges.len()];
        let promised = self
            .core
            .waiters
            .values()
            .filter_map(|its| match &its.state {
                State::Decided(Ok(ticket)) => Some(ticket.way),
                _ => None,
            });
        let out = self.running.iter().map(|(_, way)| *way);
        for way in out.chain(promised) {
            for gauge in self.core.keys.routes[way].gauges {
                taken[gauge] += 1;
            }
        }
        let counted = self.core.keys.gauges.iter().map(|its| its.taken).eq(taken);
        counted
            && self
                .core
                .waiters
                .iter()
                .all(|(number, _)| self.has_reason(*number))
    }

    pub(super) fn has_reason(&self, number: u64) -> bool {
        let waiter = &self.core.waiters[&number];
        if !matches!(waiter.state, State::InLine) {
            return true;
        }
        let obstacle = |its: &Waiter<u64>, kept| {
            let (way, priority) = (its.place.route, its.place.priority);
            self.core
                .obstacle(self.now, way, priority, its.tokens, kept)
        };
        if obstacle(waiter, None).is_some() {
            return true;
        }
        // Somebody else waits for tokens of the same model, or before it in its own line, or a slot
        // is kept for one who was overtaken often.
        let lane = |its: &Waiter<u64>| self.core.keys.routes[its.place.route].lane;
        let line = |its: &Waiter<u64>| {
            let Place {
                priority,
                mission,
                route,
                ..
            } = its.place.clone();
            (priority, mission, route)
        };
        self.core.waiters.iter().any(|(its, other)| {
            let kept = other.overtaken >= self.core.config.patience;
            match obstacle(other, None) {
                None => false,
                Some(Obstacle::Rate { .. }) if lane(other) == lane(waiter) => true,
                Some(_) if line(other) == line(waiter) && its < &number => true,
                Some(_) => kept && obstacle(waiter, Some(other.place.route)).is_some(),
            }
        })
    }
}

pub(super) fn request(random: &mut fastrand::Rng) -> Request {
    let (provider, model) = MODELS[random.usize(0..3)];
    let mission = ["a", "b", "c"][random.usize(0..3)];
    let role = ROLES[random.usize(0..2)];
    Request::new(mission, role, ModelKey::new(provider, model))
        .with_priority(Priority::ALL[random.usize(0..3)])
        .with_tokens(random.u32(0..440))
}

pub(super) fn end(random: &mut fastrand::Rng, mood: f64) -> End {
    match random.u8(0..10) {
        0 => End::Abandoned,
        1 => End::Unused,
        2 => End::Failed(FailureKind::Request, None),
        3 => End::Failed(FailureKind::RateLimited, Some(Duration::from_secs(2))),
        _ if random.f64() < mood => End::Failed(FailureKind::Service, None),
        _ => End::Succeeded(random.u32(0..500)),
    }
}

//! Random steps on the rules, with what has to hold after each of them.

use std::{num::NonZeroU32, time::Duration};

use super::*;
use crate::{
    BreakerConfig, BreakerState, FailureKind, MemoryUse, ModelKey, RateConfig, SlotScaling,
    admission::testing::rounds,
};

/// What the test knows: what runs, and who waits.
struct Driver {
    core: Core<u64>,
    start: Instant,
    now: Instant,
    /// With the number of tokens.
    running: Vec<(Ticket, usize)>,
    waiting: Vec<u64>,
    woken: Vec<u64>,
    decided: usize,
    came: usize,
    memory: MemoryUse,
}

const ROLES: [&str; 2] = ["worker", "planner"];
const MODELS: [(&str, &str); 3] = [("p", "small"), ("p", "large"), ("q", "other")];

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
    fn new(random: &mut fastrand::Rng) -> Self {
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
    fn read_memory(&mut self) {
        if self.core.reads_memory(self.now) {
            let reading = Some(self.memory);
            self.core.observe(self.now, reading, &mut self.woken);
        }
    }

    fn arrive(&mut self, request: &Request) {
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

    fn decide(&mut self, decided: Result<Ticket, Rejection>) {
        self.decided += 1;
        if let Ok(ticket) = decided {
            let way = ticket.way;
            self.running.push((ticket, way));
        }
    }

    fn ask(&mut self, number: u64) {
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
    fn settle(&mut self, timers: bool) {
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
    fn holds(&self) -> bool {
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

    fn has_reason(&self, number: u64) -> bool {
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

fn request(random: &mut fastrand::Rng) -> Request {
    let (provider, model) = MODELS[random.usize(0..3)];
    let mission = ["a", "b", "c"][random.usize(0..3)];
    let role = ROLES[random.usize(0..2)];
    Request::new(mission, role, ModelKey::new(provider, model))
        .with_priority(Priority::ALL[random.usize(0..3)])
        .with_tokens(random.u32(0..440))
}

fn end(random: &mut fastrand::Rng, mood: f64) -> End {
    match random.u8(0..10) {
        0 => End::Abandoned,
        1 => End::Unused,
        2 => End::Failed(FailureKind::Request, None),
        3 => End::Failed(FailureKind::RateLimited, Some(Duration::from_secs(2))),
        _ if random.f64() < mood => End::Failed(FailureKind::Service, None),
        _ => End::Succeeded(random.u32(0..500)),
    }
}

/// `true` if everything held after each of so many steps, and nothing was left at the end.
fn run(seed: u64, steps: usize, timers: bool) -> bool {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut driver = Driver::new(&mut random);
    let mood = random.f64();
    for _ in 0..steps {
        let now = driver.now;
        match random.u8(0..20) {
            0..8 => driver.arrive(&request(&mut random)),
            8..13 if !driver.running.is_empty() => {
                let at = random.usize(..driver.running.len());
                let (ticket, _) = driver.running.swap_remove(at);
                let end = end(&mut random, mood);
                driver.core.end(now, ticket, end, &mut driver.woken);
            }
            13 | 14 if !driver.waiting.is_empty() => {
                let at = random.usize(..driver.waiting.len());
                let number = driver.waiting.swap_remove(at);
                driver.core.leave(now, number, &mut driver.woken);
                driver.decided += 1;
            }
            15 => {
                let role = SlotKey::Role(Arc::from(ROLES[random.usize(0..2)]));
                let limit = random.usize(0..5);
                driver.core.set_limit(now, role, limit, &mut driver.woken);
            }
            16 => driver.memory.used = random.u64(60..100),
            _ => driver.now += Duration::from_millis([1, 400, 9_000][random.usize(0..3)]),
        }
        driver.settle(timers);
        if !driver.holds() {
            return false;
        }
    }
    finish(driver)
}

/// Ends whatever runs, lets time go by, and looks at what is left.
fn finish(mut driver: Driver) -> bool {
    driver.memory.used = 1;
    for role in ROLES {
        let key = SlotKey::Role(Arc::from(role));
        let now = driver.now;
        driver.core.set_limit(now, key, 5, &mut driver.woken);
    }
    for _ in 0..1_000 {
        let now = driver.now;
        for (ticket, _) in std::mem::take(&mut driver.running) {
            driver
                .core
                .end(now, ticket, End::Succeeded(1), &mut driver.woken);
        }
        driver.settle(true);
        driver.now += Duration::from_secs(1);
        if driver.waiting.is_empty() && driver.running.is_empty() {
            break;
        }
    }
    let keys = &driver.core.keys;
    let none_taken = keys.gauges.iter().all(|gauge| gauge.taken == 0);
    let empty = driver.core.waiters.is_empty() && driver.core.queue.is_empty();
    let stats = driver.core.stats();
    let counted = stats.running == 0 && stats.admitted + stats.rejected >= driver.came as u64;
    assert!(driver.now >= driver.start);
    none_taken && empty && counted && driver.decided == driver.came
}

#[test]
fn nobody_waits_without_a_reason_and_nothing_leaks() {
    for seed in 0..rounds(1_000, 100_000) {
        assert!(run(seed, 60, true), "{seed}");
    }
}

#[test]
fn control_without_timers_somebody_waits_without_a_reason() {
    assert!((0..1_000).any(|seed| !run(seed, 100, false)));
}

/// One slot of the provider and one of the role, and others who each need one of the two: without
/// a limit to patience, who needs both is overtaken for ever.
#[test]
fn who_needs_two_scarce_slots_is_not_overtaken_for_ever() {
    let served_after = |patience| {
        let config = AdmissionConfig::default()
            .with_role("worker", 1)
            .with_provider("p", 1)
            .with_patience(patience);
        let mut core = Core::<()>::new(config);
        let now = Instant::now();
        let of = |role, provider| Request::new("m", role, ModelKey::new(provider, "model"));
        let (both, role, provider) = (of("worker", "p"), of("worker", "q"), of("planner", "p"));
        let wake = &mut Vec::new();
        let ticket = |arrival: Arrival| match arrival {
            Arrival::Decided(decided) => decided.expect("free"),
            Arrival::Waits(_) => panic!("free"),
        };
        let mut roles = ticket(core.arrive(now, &role, wake));
        let mut providers = ticket(core.arrive(now, &provider, wake));
        let Arrival::Waits(waits) = core.arrive(now, &both, wake) else {
            panic!("both are taken");
        };
        for round in 0..100 {
            // The next of its kind waits already when one ends, so the two are never both free.
            for (request, held) in [(&role, &mut roles), (&provider, &mut providers)] {
                let next = core.arrive(now, request, wake);
                let Arrival::Waits(number) = next else {
                    panic!("taken");
                };
                let (old, new) = match core.keys.routes[held.way].gauges {
                    _ if core.waiters.contains_key(&number) => (held, number),
                    _ => panic!("it waits"),
                };
                let over = std::mem::replace(
                    old,
                    Ticket {
                        way: 0,
                        pass: None,
                        reservation: Default::default(),
                    },
                );
                core.end(now, over, End::Abandoned, wake);
                if let Asked::Decided(decided) = core.ask(now, waits, &mut None, wake) {
                    return Some((round, decided.is_ok()));
                }
                match core.ask(now, new, &mut None, wake) {
                    Asked::Decided(decided) => *old = decided.expect("nobody refuses"),
                    Asked::Still(_) => {
                        // Kept for the one who needs both: ends what holds the other slot.
                        return Some((round, true));
                    }
                }
            }
        }
        None
    };
    assert_eq!(served_after(u32::MAX), None, "control");
    assert!(matches!(served_after(8), Some((3..6, true))));
}

#[test]
fn one_probe_at_a_time_and_only_outcomes_count() {
    let mut core = Core::<()>::new(AdmissionConfig::default().with_other_slots(99, 99, 99));
    let request = Request::new("m", "worker", ModelKey::new("p", "large"));
    let wake = &mut Vec::new();
    let mut now = Instant::now();
    let mut arrive = |core: &mut Core<()>, now| match core.arrive(now, &request, wake) {
        Arrival::Decided(decided) => Ok(decided.expect("nobody refuses")),
        Arrival::Waits(number) => Err(number),
    };
    for _ in 0..5 {
        let ticket = arrive(&mut core, now).expect("closed");
        let end = End::Failed(FailureKind::Service, None);
        core.end(now, ticket, end, &mut Vec::new());
    }
    let waiting: Vec<u64> = (0..64)
        .map(|_| arrive(&mut core, now).expect_err("open"))
        .collect();
    now += Duration::from_secs(30);
    core.pass(now, &mut Vec::new());
    let state = core.breaker(now, &ModelKey::new("p", "large"));
    assert_eq!(state, Some(BreakerState::HalfOpen { probing: true }));
    assert_eq!(core.stats().running, 1);
    // The probe is given up: the next one goes.
    core.leave(now, waiting[0], &mut Vec::new());
    assert_eq!(core.stats().running, 1);
    for number in &waiting[1..3] {
        let Asked::Decided(Ok(ticket)) = core.ask(now, *number, &mut None, &mut Vec::new()) else {
            panic!("{number} is next");
        };
        assert!(ticket.pass.as_ref().is_some_and(|pass| pass.is_probe()));
        core.end(now, ticket, End::Succeeded(0), &mut Vec::new());
    }
    // Two successes close it, for all.
    assert_eq!(core.stats().running, 61);
}

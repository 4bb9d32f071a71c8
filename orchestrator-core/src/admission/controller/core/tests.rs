//! Random steps on the rules, with what has to hold after each of them.

mod driver;

use std::time::Duration;

use self::driver::{Driver, ROLES, end, request};
use super::*;
use crate::{
    BreakerConfig, BreakerState, FailureKind, ModelKey,
    admission::{queue::Place, testing::rounds},
};

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
                driver
                    .core
                    .leave(now, number, Left::GaveUp, &mut driver.woken);
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
    let counted = stats.running == 0
        && stats.calls.admitted + stats.calls.rejections.total() == driver.came as u64;
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
    core.leave(now, waiting[0], Left::GaveUp, &mut Vec::new());
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

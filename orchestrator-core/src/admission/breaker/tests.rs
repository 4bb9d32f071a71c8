//! The breaker against its own history, and against one that counts its rejections.

use std::{num::NonZeroU32, time::Duration};

use super::*;
use crate::admission::testing::rounds;

/// Says how a breaker stands from a list of everything that has happened in its present state.
struct Told {
    /// 0 closed, 1 open, 2 half-open.
    phase: u8,
    until: u64,
    /// Outcomes in the present state, `true` for a failure.
    outcomes: Vec<bool>,
    era: u32,
    probing: bool,
}

impl Told {
    fn enter(&mut self, phase: u8) {
        self.phase = phase;
        self.outcomes.clear();
        self.era += 1;
        self.probing = false;
    }

    fn admits(&mut self, now: u64) -> bool {
        if self.phase == 1 && now >= self.until {
            self.enter(2);
        }
        match self.phase {
            0 => true,
            1 => false,
            _ => !std::mem::replace(&mut self.probing, true),
        }
    }

    fn outcome(&mut self, now: u64, era: u32, failed: Option<bool>, trip: &Trip, close: u32) {
        if era != self.era {
            return;
        }
        self.probing = false;
        let Some(failed) = failed else { return };
        self.outcomes.push(failed);
        let all = &self.outcomes;
        let opens = failed
            && match *trip {
                _ if self.phase == 2 => true,
                Trip::Consecutive(limit) => {
                    all.iter().rev().take_while(|failed| **failed).count() >= limit.get() as usize
                }
                Trip::Rate {
                    window,
                    minimum,
                    percent,
                } => {
                    let last = &all[all.len().saturating_sub(window.get() as usize)..];
                    let bad = last.iter().filter(|failed| **failed).count();
                    last.len() >= minimum.get() as usize
                        && bad * 100 >= last.len() * usize::from(percent)
                }
            };
        if opens {
            self.enter(1);
            self.until = now + 30;
        } else if self.phase == 2 && self.outcomes.len() >= close as usize {
            self.enter(0);
        }
    }
}

fn number(random: &mut fastrand::Rng, range: std::ops::Range<u32>) -> NonZeroU32 {
    NonZeroU32::new(random.u32(range)).unwrap_or(NonZeroU32::MIN)
}

#[test]
fn the_breaker_is_what_its_history_says() {
    for seed in 0..rounds(1_000, 100_000) {
        let mut random = fastrand::Rng::with_seed(seed);
        let trip = match random.bool() {
            true => Trip::Consecutive(number(&mut random, 1..6)),
            false => Trip::Rate {
                window: number(&mut random, 4..9),
                minimum: number(&mut random, 1..5),
                percent: random.u8(1..=100),
            },
        };
        let close_after = number(&mut random, 1..4);
        let config = BreakerConfig::default()
            .with_trip(trip.clone())
            .with_close_after(close_after);
        let start = Instant::now();
        let at = |now: u64| start + Duration::from_secs(now);
        let mut breaker = CircuitBreaker::new(config);
        let mut told = Told {
            phase: 0,
            until: 0,
            outcomes: vec![],
            era: 0,
            probing: false,
        };
        let mut now = 0;
        let mut passes = Vec::new();
        for _ in 0..80 {
            now += [0, 0, 1, 12][random.usize(0..4)];
            if random.bool() {
                let pass = breaker.admit(at(now));
                assert_eq!(pass.is_ok(), told.admits(now), "{seed}");
                passes.extend(pass.ok().map(|pass| (pass, told.era)));
            } else if !passes.is_empty() {
                let (pass, era) = passes.swap_remove(random.usize(..passes.len()));
                let outcome = [Some(true), Some(true), Some(false), None][random.usize(0..4)];
                match outcome {
                    Some(true) => breaker.failed(at(now), pass),
                    Some(false) => breaker.succeeded(pass),
                    None => breaker.abandoned(pass),
                }
                told.outcome(now, era, outcome, &trip, close_after.get());
            }
        }
    }
}

/// The predecessor's: what it turns away counts as one more failure, and opens it anew.
#[derive(Default)]
struct CountsRejections {
    failures: u32,
    since: u64,
}

impl CountsRejections {
    fn admits(&mut self, now: u64) -> bool {
        let admits = self.failures < 5 || now - self.since >= 30;
        if !admits {
            self.failed(now);
        }
        admits
    }

    fn failed(&mut self, now: u64) {
        self.failures += 1;
        self.since = now;
    }
}

/// The service is down for five calls and well again after them. One call every ten seconds, for
/// an hour.
#[test]
fn after_it_opened_it_admits_358_of_360_where_the_predecessor_admitted_none() {
    let start = Instant::now();
    let mut breaker = CircuitBreaker::new(BreakerConfig::default());
    let mut control = CountsRejections::default();
    for _ in 0..5 {
        let pass = breaker.admit(start).expect("closed");
        breaker.failed(start, pass);
        control.failed(0);
    }
    let (mut ours, mut theirs) = (0, 0);
    for call in 1..=360 {
        let now = start + Duration::from_secs(call * 10);
        if let Ok(pass) = breaker.admit(now) {
            ours += 1;
            breaker.succeeded(pass);
        }
        theirs += u32::from(control.admits(call * 10));
    }
    assert_eq!((ours, theirs), (358, 0));
}

#[test]
fn control_one_that_stays_open_for_ever_does_so() {
    let config = BreakerConfig::default().with_open_for(Duration::MAX);
    let (mut breaker, now) = (CircuitBreaker::new(config), Instant::now());
    for _ in 0..5 {
        let pass = breaker.admit(now).expect("closed");
        breaker.failed(now, pass);
    }
    let year = Duration::from_secs(365 * 24 * 3600);
    assert!(breaker.check(now + year).is_err());
}

#[test]
fn what_was_let_through_before_it_opened_has_no_say_afterwards() {
    let now = Instant::now();
    let mut breaker = CircuitBreaker::new(BreakerConfig::default());
    let late: Vec<_> = (0..4).filter_map(|_| breaker.admit(now).ok()).collect();
    for _ in 0..5 {
        let pass = breaker.admit(now).expect("closed");
        breaker.failed(now, pass);
    }
    let later = now + Duration::from_secs(30);
    let probe = breaker.admit(later).expect("its time is over");
    assert!(probe.is_probe());
    for (at, pass) in late.into_iter().enumerate() {
        match at % 2 {
            0 => breaker.succeeded(pass),
            _ => breaker.failed(later, pass),
        }
    }
    assert_eq!(
        breaker.state(later),
        BreakerState::HalfOpen { probing: true }
    );
    breaker.abandoned(probe);
    assert!(breaker.check(later).is_ok());
}

//! The limiter against governor, against plain arithmetic, and against what was really used.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use governor::{clock::Clock, state::InMemoryState};

use super::*;
use crate::admission::testing::rounds;

fn number(value: u32) -> NonZeroU32 {
    NonZeroU32::new(value).expect("not zero")
}

/// A clock for governor that stands where it was put, in nanoseconds.
#[derive(Clone, Default)]
struct Stands(Arc<AtomicU64>);

impl Clock for Stands {
    type Instant = governor::nanos::Nanos;

    fn now(&self) -> Self::Instant {
        self.0.load(Ordering::Relaxed).into()
    }
}

#[test]
fn without_corrections_it_decides_as_governor_does() {
    for seed in 0..rounds(1_000, 100_000) {
        let mut random = fastrand::Rng::with_seed(seed);
        let (per_minute, burst) = (random.u32(1..100_000), random.u32(1..2_000));
        let every = Duration::from_nanos(60_000_000_000_u64.div_ceil(per_minute.into()));
        let clock = Stands::default();
        // Not at its zero, which governor takes for "never asked".
        clock.0.store(1, Ordering::Relaxed);
        let quota = governor::Quota::with_period(every)
            .expect("not zero")
            .allow_burst(number(burst));
        let theirs = governor::RateLimiter::<_, _, _, governor::middleware::NoOpMiddleware<_>>::new(
            quota,
            InMemoryState::default(),
            clock.clone(),
        );
        let start = Instant::now();
        let config = RateConfig::default()
            .with_tokens_per_minute(number(per_minute))
            .with_token_burst(number(burst));
        let mut ours = RateLimiter::new(&config, start);
        let mut now = 0;
        for _ in 0..50 {
            now += random.u64(0..=u64::try_from(every.as_nanos()).expect("a minute") * 40);
            clock.0.store(1 + now, Ordering::Relaxed);
            let tokens = random.u32(1..=burst.min(60) + 1);
            let mine = ours.reserve(start + Duration::from_nanos(now), tokens);
            match theirs.check_n(number(tokens)) {
                Ok(Ok(())) => assert!(mine.is_ok(), "{seed}"),
                Ok(Err(until)) => {
                    let wait = until.wait_time_from(clock.now());
                    let at = start + Duration::from_nanos(now) + wait;
                    let limit = RateLimit::Tokens;
                    assert_eq!(mine, Err(RateRefusal::NotYet { limit, at }), "{seed}");
                }
                Err(_) => assert_eq!(mine, Err(RateRefusal::TooMany { tokens, burst })),
            }
        }
    }
}

/// What is owed, in thousandths of a second, going down with time.
#[derive(Default)]
struct Owed {
    amount: u64,
    given_back: u64,
}

impl Owed {
    fn pass(&mut self, time: u64) {
        self.amount = self.amount.saturating_sub(time);
    }
}

/// Requests and tokens at 60 and 600 a minute: a second and a tenth of one each.
#[test]
fn with_corrections_it_is_plain_arithmetic() {
    const BURSTS: [u64; 2] = [3_000, 10_000];
    for seed in 0..rounds(1_000, 100_000) {
        let mut random = fastrand::Rng::with_seed(seed);
        let config = RateConfig::default()
            .with_requests_per_minute(number(60))
            .with_request_burst(number(3))
            .with_tokens_per_minute(number(600))
            .with_token_burst(number(100));
        let start = Instant::now();
        let mut limiter = RateLimiter::new(&config, start);
        let mut owed = [Owed::default(), Owed::default()];
        let (mut now, mut pause) = (0, 0_u64);
        let mut out = Vec::new();
        for _ in 0..60 {
            let step = [0, 100, 700, 5_000][random.usize(0..4)];
            now += step;
            pause = pause.saturating_sub(step);
            owed.iter_mut().for_each(|its| its.pass(step));
            let at = start + Duration::from_millis(now);
            match random.u8(0..10) {
                0..5 => {
                    let tokens = random.u32(0..60);
                    let costs = [1_000, u64::from(tokens) * 100];
                    let wait = (0..2)
                        .map(|its| (owed[its].amount + costs[its]).saturating_sub(BURSTS[its]))
                        .max()
                        .max(Some(pause))
                        .unwrap_or(0);
                    match limiter.reserve(at, tokens) {
                        Ok(reservation) => {
                            assert_eq!(wait, 0, "{seed}");
                            for its in 0..2 {
                                owed[its].amount += costs[its];
                            }
                            let then = [0, 1].map(|its| {
                                let Owed { amount, given_back } = owed[its];
                                (costs[its], now + amount, given_back)
                            });
                            out.push((reservation, then));
                        }
                        Err(RateRefusal::NotYet { at: due, .. }) => {
                            assert_eq!(due, at + Duration::from_millis(wait), "{seed}");
                            assert_ne!(wait, 0);
                        }
                        Err(other) => panic!("{seed}: {other}"),
                    }
                }
                5..9 if !out.is_empty() => {
                    let (reservation, then) = out.swap_remove(random.usize(..out.len()));
                    let used = random.u32(0..80);
                    let actual = match random.u8(0..3) {
                        0 => {
                            limiter.cancel(at, reservation);
                            [0, 0]
                        }
                        _ => {
                            limiter.settle(at, reservation, used);
                            [1_000, u64::from(used) * 100]
                        }
                    };
                    for its in 0..2 {
                        let (cost, full_at, before) = then[its];
                        let more = actual[its].saturating_sub(cost);
                        let left = full_at.saturating_sub(now);
                        let left = left.saturating_sub(owed[its].given_back - before);
                        let back = cost.saturating_sub(actual[its]).min(left);
                        owed[its].given_back += back;
                        owed[its].amount = (owed[its].amount + more).saturating_sub(back);
                    }
                }
                9 => {
                    let wait = random.u64(0..3_000);
                    limiter.retry_after(at, Duration::from_millis(wait));
                    pause = pause.max(wait);
                }
                _ => {}
            }
        }
    }
}

/// How late everything used would have flowed back, had each call taken what it used.
fn truth(calls: &[(u64, u64)]) -> u64 {
    let later = |full_at: u64, &(at, used): &(u64, u64)| full_at.max(at) + used;
    calls.iter().fold(0, later)
}

/// `true` if a correction ever gave more than was there. With `naive` the whole difference comes
/// back, whenever that is.
fn too_generous(seed: u64, naive: bool) -> bool {
    let mut random = fastrand::Rng::with_seed(seed);
    let start = Instant::now();
    let at = |now: u64| start + Duration::from_millis(now);
    let mut bucket = bucket::Bucket::new(number(60_000), number(1_000), start);
    let mut plain = 0_u64;
    let (mut now, mut calls, mut open) = (0, Vec::new(), Vec::new());
    for _ in 0..40 {
        now += random.u64(0..400);
        if random.bool() {
            let cells = random.u32(0..500);
            open.push((calls.len(), bucket.take(at(now), cells)));
            calls.push((now, u64::from(cells)));
            plain = plain.max(now) + u64::from(cells);
        } else if !open.is_empty() {
            let (call, taken) = open.swap_remove(random.usize(..open.len()));
            let estimate = calls[call].1;
            let used = random.u32(0..=u32::try_from(estimate).unwrap_or(0));
            bucket.correct(at(now), &taken, used);
            plain = plain.saturating_sub(estimate - u64::from(used));
            calls[call].1 = used.into();
        }
        let due = match naive {
            true => plain,
            false => now + u64::try_from(bucket.wait(at(now), 1_000).as_millis()).unwrap_or(0),
        };
        if due.max(now) < truth(&calls).max(now) {
            return true;
        }
    }
    false
}

#[test]
fn a_correction_never_gives_back_what_has_flowed_back() {
    let seeds = rounds(1_000, 100_000);
    assert!(!(0..seeds).any(|seed| too_generous(seed, false)));
    assert!((0..seeds).any(|seed| too_generous(seed, true)), "control");
}

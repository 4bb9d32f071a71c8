//! The rules of scaling, told again from the whole history.

use super::*;
use crate::admission::testing::rounds;

/// The limit after a history: `true` is a success. Looks back at all of it for each outcome.
fn told_again(history: &[bool], bounds: (usize, usize), start: usize, aimd: bool) -> usize {
    let mut limit = start;
    let mut since = 0; // The first outcome that counts towards the next change.
    let mut cut_until = 0; // The first outcome after those that ran at the last cut.
    for (at, good) in history.iter().enumerate() {
        let run = history[since..=at]
            .iter()
            .rev()
            .take_while(|its| *its == good)
            .count();
        match (good, aimd) {
            (true, false) if run >= 3 => (limit, since) = ((limit + 1).min(bounds.1), at + 1),
            (false, false) if run >= 2 => (limit, since) = ((limit - 1).max(bounds.0), at + 1),
            (true, true) if run >= limit => (limit, since) = ((limit + 1).min(bounds.1), at + 1),
            (false, true) if at >= cut_until => {
                cut_until = at + limit;
                limit = (limit / 2).max(bounds.0);
            }
            _ => {}
        }
    }
    limit
}

#[test]
fn scaling_is_what_the_history_says() {
    for seed in 0..rounds(1_000, 100_000) {
        let mut random = fastrand::Rng::with_seed(seed);
        let bounds = (random.usize(1..4), random.usize(4..12));
        let start = random.usize(bounds.0..=bounds.1);
        let aimd = random.bool();
        let range = bounds.0..=bounds.1;
        let mut scaling = match aimd {
            true => SlotScaling::aimd(range),
            false => SlotScaling::steps(range),
        }
        .starting_at(start);
        let mood = random.f64();
        let history: Vec<bool> = (0..40).map(|_| random.f64() < mood).collect();
        for at in 0..history.len() {
            let limit = match history[at] {
                true => scaling.succeeded(),
                false => scaling.failed(),
            };
            let expected = told_again(&history[..=at], bounds, start, aimd);
            assert_eq!(limit, expected, "seed {seed}, outcome {at}");
            assert!((bounds.0..=bounds.1).contains(&limit));
        }
    }
}

#[test]
fn the_default_is_one_more_after_three_and_one_fewer_after_two() {
    let mut scaling = SlotScaling::steps(1..=10).starting_at(5);
    let limits: Vec<usize> = [true, true, true, true, false, true, false, false]
        .map(|good| match good {
            true => scaling.succeeded(),
            false => scaling.failed(),
        })
        .into();
    assert_eq!(limits, [5, 5, 6, 6, 6, 6, 6, 5]);
}

#[test]
fn ten_calls_that_fail_together_halve_the_limit_once() {
    let mut scaling = SlotScaling::aimd(1..=16).starting_at(10);
    let limits: Vec<usize> = (0..11).map(|_| scaling.failed()).collect();
    assert_eq!(limits, [5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 2]);
}

#[test]
fn bounds_the_wrong_way_round_are_the_lower_one() {
    #[expect(clippy::reversed_empty_ranges, reason = "that is what is tried")]
    let mut scaling = SlotScaling::steps(4..=2).starting_at(9);
    assert_eq!((scaling.limit(), scaling.succeeded()), (4, 4));
    assert_eq!(SlotScaling::steps(0..=0).limit(), 1);
}

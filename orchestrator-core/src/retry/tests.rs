//! The rules against a plain model: a loop that is told all its events at once.

use std::{
    num::NonZeroU32,
    time::{Duration, Instant},
};

use proptest::prelude::*;

use super::{Remedy, RetryBudget, RetryEvent, RetryPolicy, RetryState, RetryStep, RetryStop};

/// One attempt: how long it takes, what its error says, and, where the wait after it is cancelled,
/// when (in thousandths of the wait).
#[derive(Debug, Clone)]
struct Try {
    takes: u64,
    remedy: Remedy,
    cancelled: Option<u64>,
}

#[derive(Debug, Clone)]
struct Case {
    attempts: u32,
    at_once: bool,
    min: u64,
    max: u64,
    time: Option<u64>,
    deadline: Option<u64>,
    /// Percent and reserve, and how many calls were made before.
    budget: Option<(u32, u32)>,
    tries: Vec<Try>,
}

/// What was done: the waits, and the end with its time.
type Done = (Vec<u64>, Option<(RetryStop, u64)>);

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Whole milliseconds only, so that `backon`'s `f32` is exact: powers of two times 125 ms.
fn case() -> impl Strategy<Value = Case> {
    let remedy = prop_oneof![
        6 => Just(Remedy::Retry),
        3 => (0_u64..40_000).prop_map(|asked| Remedy::RetryAfter(ms(asked))),
        1 => Just(Remedy::GiveUp),
    ];
    let one = (
        0_u64..2_000,
        remedy,
        prop::option::weighted(0.05, 0_u64..1_000),
    )
        .prop_map(|(takes, remedy, cancelled)| Try {
            takes,
            remedy,
            cancelled,
        });
    (
        1_u32..9,
        any::<bool>(),
        (0_u64..16).prop_map(|count| count * 125),
        (0_u64..64).prop_map(|count| count * 125),
        prop::option::of(0_u64..60_000),
        prop::option::of(0_u64..60_000),
        prop::option::of((0_u32..300, 0_u32..6)),
        prop::collection::vec(one, 9),
    )
        .prop_map(
            |(attempts, at_once, min, max, time, deadline, budget, tries)| Case {
                attempts,
                at_once,
                min,
                max,
                time,
                deadline,
                budget,
                tries,
            },
        )
}

/// All the rules in one loop, in whole milliseconds. `hundredths`: what is in the budget.
fn model(case: &Case, hundredths: &mut u64) -> Done {
    let (mut now, mut waits) = (0, Vec::new());
    if let Some((percent, reserve)) = case.budget {
        *hundredths = (*hundredths + u64::from(percent)).min(u64::from(reserve) * 100);
    }
    for (number, one) in (1..).zip(&case.tries) {
        now += one.takes;
        if one.remedy == Remedy::GiveUp {
            return (waits, Some((RetryStop::Permanent, now)));
        }
        if number == case.attempts {
            return (waits, Some((RetryStop::Exhausted, now)));
        }
        let place = if case.at_once { number - 1 } else { number };
        let drawn = match place.checked_sub(1) {
            None => 0,
            Some(doubled) => (case.min << doubled).min(case.max),
        };
        let wait = match one.remedy {
            Remedy::RetryAfter(asked) => asked.as_millis() as u64,
            _ => drawn,
        };
        if let Some(time) = case.time.filter(|time| now + wait > *time) {
            let (wait, time) = (ms(wait), ms(time));
            return (waits, Some((RetryStop::OutOfTime { wait, time }, now)));
        }
        if let Some(deadline) = case.deadline.filter(|deadline| now + wait > *deadline) {
            let (wait, left) = (ms(wait), ms(deadline.saturating_sub(now)));
            return (waits, Some((RetryStop::PastDeadline { wait, left }, now)));
        }
        if case.budget.is_some() && *hundredths < 100 {
            return (waits, Some((RetryStop::OutOfBudget, now)));
        }
        waits.push(wait);
        if let Some(part) = one.cancelled {
            now += wait * part / 1_000;
            return (waits, Some((RetryStop::Cancelled, now)));
        }
        if case.budget.is_some() {
            *hundredths -= 100;
        }
        now += wait;
    }
    (waits, None)
}

fn policy(case: &Case) -> RetryPolicy {
    let mut policy = RetryPolicy::new(NonZeroU32::new(case.attempts).unwrap())
        .with_second_at_once(case.at_once)
        .with_delays(ms(case.min), ms(case.max));
    if let Some(time) = case.time {
        policy = policy.with_time(ms(time));
    }
    if let Some((percent, reserve)) = case.budget {
        policy = policy.with_budget(RetryBudget::new(percent, reserve));
    }
    policy
}

fn ours(case: &Case, policy: &RetryPolicy) -> Done {
    let began = Instant::now();
    let mut call = policy.call();
    if let Some(deadline) = case.deadline {
        call = call.before((began + ms(deadline)).into());
    }
    let (mut now, mut waits) = (began, Vec::new());
    let mut state = RetryState::new(&call, now);
    for (number, one) in (1..).zip(&case.tries) {
        assert_eq!(state.attempt(), number);
        now += ms(one.takes);
        let mut step = state.next(RetryEvent::Failed(one.remedy), now);
        if let RetryStep::Wait(wait) = step {
            waits.push(wait.as_millis() as u64);
            let event = match one.cancelled {
                Some(part) => {
                    now += ms(wait.as_millis() as u64 * part / 1_000);
                    RetryEvent::Cancelled
                }
                None => {
                    now += wait;
                    RetryEvent::Waited
                }
            };
            step = state.next(event, now);
        }
        match step {
            RetryStep::Attempt(next) => assert_eq!(next, number + 1),
            RetryStep::Stop(stop) => {
                // It stays.
                assert_eq!(state.next(RetryEvent::Waited, now), step);
                assert_eq!(state.attempt(), number);
                return (waits, Some((stop, state.took().as_millis() as u64)));
            }
            RetryStep::Wait(_) => panic!("a wait after a wait"),
        }
    }
    (waits, None)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn a_call_does_what_the_model_does(case in case(), calls in 1_usize..5) {
        let policy = policy(&case);
        let mut hundredths = case.budget.map_or(0, |(_, reserve)| u64::from(reserve) * 100);
        for _ in 0..calls {
            prop_assert_eq!(ours(&case, &policy), model(&case, &mut hundredths));
            if let Some(budget) = &policy.budget {
                prop_assert_eq!(budget.available(), hundredths / 100);
            }
        }
    }

    #[test]
    fn jitter_stays_within_the_wait_and_repeats(
        seed: u64,
        attempts in 1_u32..50,
        floor in 0_u64..9_000,
    ) {
        let attempts = NonZeroU32::new(attempts).unwrap();
        let plain = RetryPolicy::new(attempts).with_delays(ms(2_000), ms(50_000));
        let jittered = plain.clone().with_jitter(seed).with_floor(ms(floor));
        let drawn: Vec<_> = jittered.waits().collect();
        let full: Vec<_> = plain.waits().collect();
        prop_assert_eq!(&drawn, &plain.call().seeded(seed).waits()
            .zip(&full).map(|(drawn, full)| drawn.max(ms(floor).min(*full)))
            .collect::<Vec<_>>());
        prop_assert_eq!(drawn.len(), full.len());
        prop_assert_eq!(drawn.len(), attempts.get() as usize - 1);
        prop_assert!(drawn.iter().zip(&full).all(|(drawn, full)| drawn <= full));
    }
}

#[test]
fn control_the_model_tells_a_wrong_rule() {
    // The control: a policy that is off by one attempt, by one wait, or by its budget is found.
    let case = Case {
        attempts: 5,
        at_once: true,
        min: 1_000,
        max: 60_000,
        time: None,
        deadline: None,
        budget: Some((0, 2)),
        tries: vec![
            Try {
                takes: 1,
                remedy: Remedy::Retry,
                cancelled: None,
            };
            9
        ],
    };
    let expected = model(&case, &mut 200);
    assert_eq!(ours(&case, &policy(&case)), expected);
    let wrong = [
        Case {
            attempts: 2,
            ..case.clone()
        },
        Case {
            at_once: false,
            ..case.clone()
        },
        Case {
            min: 875,
            at_once: false,
            ..case.clone()
        },
        Case {
            budget: Some((0, 3)),
            ..case.clone()
        },
    ];
    for wrong in wrong {
        assert_ne!(ours(&case, &policy(&wrong)), expected, "{wrong:?}");
    }
}

#[test]
fn jitter_spreads_over_the_whole_wait() {
    let policy = RetryPolicy::default();
    let tenths: std::collections::BTreeSet<_> = (0..500)
        .filter_map(|seed| policy.call().seeded(seed).waits().nth(1))
        .map(|wait| wait.as_millis() / 100)
        .collect();
    assert_eq!(tenths, (0..10).collect());
}

#[test]
fn an_outage_is_not_multiplied() {
    let all_fail = |policy: &RetryPolicy| {
        let mut attempts = 0;
        for _ in 0..10_000 {
            let now = Instant::now();
            let mut state = RetryState::new(&policy.call(), now);
            attempts += 1;
            while let RetryStep::Wait(_) = state.next(RetryEvent::Failed(Remedy::Retry), now) {
                let _ = state.next(RetryEvent::Waited, now);
                attempts += 1;
            }
        }
        attempts
    };
    let policy = RetryPolicy::default();
    assert_eq!(all_fail(&policy), 50_000, "the control");
    let bounded = policy.with_budget(RetryBudget::default());
    assert_eq!(all_fail(&bounded), 12_000 + 10 - 1);
}

#[test]
fn a_time_before_the_last_one_counts_as_that() {
    let policy = RetryPolicy::default().with_time(ms(1_500));
    let began = Instant::now();
    let mut state = RetryState::new(&policy.call(), began);
    let late = began + ms(1_000);
    let _ = state.next(RetryEvent::Failed(Remedy::Retry), late);
    let _ = state.next(RetryEvent::Waited, began);
    let stop = RetryStop::OutOfTime {
        wait: ms(1_000),
        time: ms(1_500),
    };
    assert_eq!(
        state.next(RetryEvent::Failed(Remedy::Retry), began),
        RetryStep::Stop(stop)
    );
}

#[test]
fn after_the_deadline_not_even_a_retry_at_once_is_made() {
    let policy = RetryPolicy::default();
    let began = Instant::now();
    for (late, made) in [(0, true), (1, false)] {
        let call = policy.call().before(began.into());
        let mut state = RetryState::new(&call, began);
        let step = state.next(RetryEvent::Failed(Remedy::Retry), began + ms(late));
        assert_eq!(matches!(step, RetryStep::Wait(Duration::ZERO)), made);
    }
}

//! The course against plain arithmetic: when each handler begins and ends follows from its stage's
//! beginning.

use std::{cmp::Reverse, time::Duration};

use proptest::prelude::*;

use super::{
    course::{Course, End, Id, Order, Refusal, entry::SETTLE},
    report::HandlerOutcome,
};

#[derive(Debug, Clone, Copy)]
enum Kind {
    Done(u64),
    Panics(u64),
    /// Until it is dropped.
    Hangs,
    /// Is never dropped.
    Blocks,
}

#[derive(Debug, Clone)]
struct Case {
    handlers: Vec<(i32, u64, Kind)>,
    grace: u64,
    force: Option<u64>,
}

/// Name, outcome, milliseconds, blocked; and when it all ended.
type Told = (Vec<(String, HandlerOutcome, u64, bool)>, u64);

fn case() -> impl Strategy<Value = Case> {
    let kind = prop_oneof![
        (0_u64..40).prop_map(|tens| Kind::Done(tens * 50)),
        (0_u64..40).prop_map(|tens| Kind::Panics(tens * 50)),
        Just(Kind::Hangs),
        Just(Kind::Blocks),
    ];
    // Coarse steps, so that things often fall on the same instant.
    let handler = (0..4, (0_u64..30).prop_map(|tens| tens * 50), kind);
    (
        prop::collection::vec(handler, 0..9),
        (0_u64..80).prop_map(|tens| tens * 50),
        prop::option::of((0_u64..80).prop_map(|tens| tens * 50)),
    )
        .prop_map(|(handlers, grace, force)| Case {
            handlers,
            grace,
            force,
        })
}

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn model(case: &Case) -> Told {
    let force = case.force.filter(|force| *force <= case.grace);
    let cut = force.unwrap_or(case.grace);
    let mut order: Vec<_> = (0..case.handlers.len()).collect();
    order.sort_by_key(|place| Reverse(case.handlers[*place].0));
    let (mut told, mut not_begun) = (Vec::new(), Vec::new());
    let mut now = 0;
    for stage in order.chunk_by(|one, next| case.handlers[*one].0 == case.handlers[*next].0) {
        let start = now;
        if start >= cut {
            not_begun.extend_from_slice(stage);
            continue;
        }
        for &place in stage {
            let (_, limit, kind) = case.handlers[place];
            let given_up = (start + limit).min(cut);
            let (outcome, end, blocked) = match kind {
                Kind::Done(takes) if start + takes <= given_up => {
                    (HandlerOutcome::Done, start + takes, false)
                }
                Kind::Panics(takes) if start + takes <= given_up => {
                    let message = "no".to_owned();
                    (HandlerOutcome::Panicked { message }, start + takes, false)
                }
                kind if force.is_some_and(|force| start + limit >= force) => {
                    (HandlerOutcome::Forced, cut, matches!(kind, Kind::Blocks))
                }
                kind => {
                    let limit = ms(given_up - start);
                    let late = HandlerOutcome::Late { limit };
                    (late, given_up, matches!(kind, Kind::Blocks))
                }
            };
            told.push((place.to_string(), outcome, end - start, blocked));
            now = now.max(
                end + if blocked {
                    SETTLE.as_millis() as u64
                } else {
                    0
                },
            );
        }
    }
    not_begun.sort_unstable();
    if !not_begun.is_empty() {
        now = now.max(cut);
    }
    for place in not_begun {
        let why = match force {
            Some(_) => "the shutdown was forced",
            None => "the grace was over",
        };
        let why = why.to_owned();
        told.push((
            place.to_string(),
            HandlerOutcome::NotBegun { why },
            0,
            false,
        ));
    }
    (told, now)
}

/// Plays all the parts round the course, on a clock that jumps to whatever comes next.
fn ours(case: &Case) -> Told {
    let mut course = Course::new(ms(case.grace));
    for (place, (priority, limit, _)) in case.handlers.iter().enumerate() {
        let added = course.add(place.to_string(), *priority, ms(*limit));
        assert_eq!(added, Ok(place as Id));
    }
    assert!(course.begin("test".into()));
    assert!(!course.begin("again".into()));
    let mut now = Duration::ZERO;
    let mut coming: Vec<(Duration, Id, End)> = Vec::new();
    let mut started = vec![false; case.handlers.len()];
    let mut force = case.force.map(ms);
    let mut finishes = 0;
    while !course.is_over() || !coming.is_empty() {
        coming.sort_by_key(|(at, id, _)| (*at, *id));
        while coming.first().is_some_and(|(at, ..)| *at <= now) {
            let (_, id, end) = coming.remove(0);
            course.ended(id, end, now);
        }
        if force.is_some_and(|force| force <= now) {
            force = None;
            course.force("more".into(), now);
        }
        let orders = course.step(now);
        let idle = orders.is_empty();
        for order in orders {
            match order {
                Order::Start(id) => {
                    assert!(!std::mem::replace(&mut started[id as usize], true));
                    match case.handlers[id as usize].2 {
                        Kind::Done(takes) => coming.push((now + ms(takes), id, End::Done)),
                        Kind::Panics(takes) => {
                            coming.push((now + ms(takes), id, End::Panicked("no".to_owned())));
                        }
                        Kind::Hangs | Kind::Blocks => {}
                    }
                }
                Order::Abandon(id) => {
                    coming.retain(|(_, other, _)| *other != id);
                    coming.push((now, id, End::Cleaned));
                    if started[id as usize] && !matches!(case.handlers[id as usize].2, Kind::Blocks)
                    {
                        coming.push((now, id, End::Dropped));
                    }
                }
                Order::Forget(_) => {}
                Order::Finish => finishes += 1,
            }
        }
        if idle && !course.is_over() {
            let next = coming.iter().map(|(at, ..)| *at).chain(course.next_time());
            let next = next.chain(force).min().unwrap();
            assert!(next >= now, "time goes on");
            now = next;
        }
    }
    assert_eq!((finishes, course.next_time()), (1, None));
    assert_eq!(course.add("late".into(), 0, now), Err(Refusal::Over));
    let report = course.report().unwrap();
    let handlers = report.handlers.into_iter().map(|one| {
        let took = one.took.as_millis() as u64;
        (one.name, one.outcome, took, one.blocked)
    });
    (handlers.collect(), report.took.as_millis() as u64)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn a_shutdown_goes_as_the_arithmetic_says(case in case()) {
        let told = ours(&case);
        prop_assert!(told.1 <= case.grace + SETTLE.as_millis() as u64);
        prop_assert_eq!(told.0.len(), case.handlers.len());
        prop_assert_eq!(told, model(&case));
    }
}

#[test]
fn control_the_arithmetic_tells_a_wrong_course() {
    let case = Case {
        handlers: vec![
            (2, 500, Kind::Hangs),
            (1, 500, Kind::Done(100)),
            (0, 500, Kind::Blocks),
        ],
        grace: 5_000,
        force: None,
    };
    assert_eq!(ours(&case), model(&case));
    let mut wrong = [case.clone(), case.clone(), case.clone(), case.clone()];
    wrong[0].handlers[0].1 = 550;
    wrong[1].handlers[1].0 = 2;
    wrong[2].grace = 700;
    wrong[3].force = Some(600);
    for wrong in wrong {
        assert_ne!(ours(&wrong), model(&case), "{wrong:?}");
    }
}

#[test]
fn who_comes_late_begins_at_once_if_its_turn_was_or_is() {
    let mut course = Course::new(ms(9_000));
    let (high, same, low) = (7, 5, 3);
    let _ = course.add("first".into(), same, ms(500)).unwrap();
    assert!(course.begin("test".into()));
    assert_eq!(course.step(ms(0)), [Order::Start(0)]);
    for (name, priority) in [("low", low), ("high", high), ("same", same)] {
        let _ = course.add(name.into(), priority, ms(500)).unwrap();
    }
    assert_eq!(course.step(ms(10)), [Order::Start(2), Order::Start(3)]);
    for id in [0, 2, 3] {
        course.ended(id, End::Done, ms(20));
    }
    let done = [Order::Forget(0), Order::Forget(2), Order::Forget(3)];
    assert_eq!(course.step(ms(20))[..3], done);
    assert!(!course.remove(1), "it runs");
}

#[test]
fn what_is_removed_does_not_begin() {
    let mut course = Course::new(ms(9_000));
    let id = course.add("gone".into(), 0, ms(500)).unwrap();
    assert!(course.remove(id));
    assert!(!course.remove(id));
    let _ = course.add("gone".into(), 0, ms(500)).unwrap();
    assert!(course.begin("test".into()));
    assert_eq!(course.step(ms(0)), [Order::Start(1)]);
}

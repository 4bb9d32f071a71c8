//! Histories by hand, each with one thing wrong; and the model, with its bugs.

use std::collections::BTreeMap;

use super::*;
use crate::history::{Key, Span, Step, Value};
use crate::model::ModelStore;
use crate::workload::{self, Shape};

fn event(client: usize, at: u64, steps: Vec<Step>, outcome: Outcome) -> Event {
    Event {
        client,
        began: Span {
            from: at,
            to: at + 1,
        },
        ended: Span {
            from: at + 2,
            to: at + 3,
        },
        steps,
        outcome,
    }
}

fn get(key: Key, got: Option<Value>) -> Step {
    Step::Get { key, got }
}

fn put(key: Key, value: Value) -> Step {
    Step::Put { key, value }
}

/// Two changes of key 1, one snapshot after them, and one that was refused.
fn sound() -> History {
    let committed = |version| Outcome::Committed { version };
    let range = Step::Range {
        from: 0,
        to: 9,
        got: vec![(1, 20), (2, 5)],
    };
    History {
        base: 0,
        events: vec![
            event(0, 0, vec![get(1, None), put(1, 10)], committed(1)),
            event(
                1,
                10,
                vec![get(1, Some(10)), put(1, 20), put(2, 5)],
                committed(2),
            ),
            event(0, 20, vec![range], Outcome::Viewed { version: 2 }),
            event(
                2,
                30,
                vec![get(2, Some(5)), put(2, 6), get(2, Some(6))],
                Outcome::Refused,
            ),
        ],
        last: 2,
        state: BTreeMap::from([(1, 20), (2, 5)]),
    }
}

fn wrong(change: impl FnOnce(&mut History)) -> Violation {
    let mut history = sound();
    change(&mut history);
    check(&history).unwrap_err()
}

#[test]
fn what_is_sound_is_let_through() {
    let tally = check(&sound()).unwrap();
    assert_eq!((tally.commits, tally.views, tally.refused), (2, 1, 1));
}

#[test]
fn a_lost_update_is_seen() {
    let found = wrong(|h| h.events[1].steps[0] = get(1, None));
    assert!(
        matches!(found, Violation::WrongRead { version: 1, .. }),
        "{found}"
    );
    let found = wrong(|h| h.state = BTreeMap::from([(1, 10), (2, 5)]));
    assert!(matches!(found, Violation::LastState { .. }), "{found}");
}

#[test]
fn versions_that_are_not_each_committed_once_are_seen() {
    let version = |h: &mut History, event: usize, version| {
        h.events[event].outcome = Outcome::Committed { version };
    };
    assert_eq!(
        wrong(|h| version(h, 1, 1)),
        Violation::SameVersion { version: 1 }
    );
    let found = wrong(|h| {
        version(h, 1, 3);
        h.last = 3;
    });
    assert_eq!(found, Violation::UnknownVersion { version: 2 });
    for shown in [1, 3] {
        let expected = Violation::LastVersion {
            shown,
            committed: 2,
        };
        assert_eq!(wrong(|h| h.last = shown), expected);
    }
}

#[test]
fn an_order_against_time_is_seen() {
    let found = wrong(|h| {
        let (blind, late) = (vec![put(1, 10)], vec![put(1, 20), put(2, 5)]);
        h.events[0] = event(0, 40, blind, Outcome::Committed { version: 1 });
        h.events[1].steps = late;
    });
    let expected = Violation::RealTime {
        earlier: 1,
        later: 2,
    };
    assert_eq!(found, expected);
}

#[test]
fn a_snapshot_of_the_wrong_moment_is_seen() {
    let old = wrong(|h| {
        h.events[2].outcome = Outcome::Viewed { version: 1 };
        h.events[2].steps = vec![get(1, Some(10))];
    });
    let expected = Violation::Stale {
        client: 0,
        version: 1,
        known: 2,
    };
    assert_eq!(old, expected);
    let early = wrong(|h| {
        h.events[2] = event(0, 4, vec![get(1, Some(20))], Outcome::Viewed { version: 2 });
    });
    let expected = Violation::Early {
        client: 0,
        version: 2,
    };
    assert_eq!(early, expected);
}

#[test]
fn one_that_goes_back_behind_another_snapshot_is_seen() {
    // The second commit is not answered yet, but a snapshot has shown it.
    let found = wrong(|h| {
        h.events[1].ended.to = 100;
        let steps = vec![get(1, Some(10))];
        h.events
            .push(event(3, 50, steps, Outcome::Viewed { version: 1 }));
    });
    assert!(
        matches!(found, Violation::Stale { known: 2, .. }),
        "{found}"
    );
}

#[test]
fn half_of_a_commit_is_seen() {
    let torn = |got| Step::Range {
        from: 0,
        to: 9,
        got,
    };
    let found = wrong(|h| h.events[2].steps = vec![torn(vec![(1, 20)])]);
    assert!(matches!(found, Violation::WrongRead { .. }), "{found}");
    let found = wrong(|h| h.events[3].steps = vec![torn(vec![(1, 10), (2, 5)])]);
    assert!(matches!(found, Violation::Inconsistent { .. }), "{found}");
}

#[test]
fn own_writes_have_to_be_read() {
    let found = wrong(|h| h.events[3].steps[2] = get(2, Some(5)));
    assert!(matches!(found, Violation::Inconsistent { .. }), "{found}");
}

#[test]
fn any_read_of_the_model_that_is_changed_is_seen() {
    let mut rng = fastrand::Rng::with_seed(11);
    let mut tried = 0;
    while tried < 200 {
        let store = ModelStore::new();
        let shape = Shape::random(&mut rng);
        let mut history = workload::run(&store, shape, rng.u64(..));
        check(&history).unwrap();
        let event = rng.choice(&mut history.events).unwrap();
        let Some(Step::Get { got, .. }) = rng.choice(&mut event.steps) else {
            continue;
        };
        *got = Some(1_000_000);
        tried += 1;
        assert!(check(&history).is_err());
    }
}

//! What may happen in a run of the model.

use proptest::prelude::*;
use proptest::sample::subsequence;

/// A commit, as far as it does not depend on what was before.
#[derive(Debug, Clone)]
pub(super) struct CommitStep {
    pub(super) key: Option<u8>,
    pub(super) expects: Vec<(usize, Expected)>,
    pub(super) writes: Vec<(usize, Option<u8>)>,
    pub(super) complete: Vec<usize>,
    pub(super) enqueue: Vec<(usize, i16, u64, u32)>,
    pub(super) events: Vec<(usize, u8)>,
    /// Whether it is expected where it is, and where it is to be.
    pub(super) cursor: Option<(bool, u64)>,
}

#[derive(Debug, Clone)]
pub(super) enum Expected {
    Right,
    Any(usize),
}

#[derive(Debug, Clone)]
pub(super) enum Step {
    Commit(CommitStep),
    Lease(usize, usize, u64),
    Extend(usize, u64),
    Nack(usize, u64),
    DeadLetters(usize, Option<u64>, usize),
    Requeue(u64),
    Discard(u64),
    Advance(u64),
    Trim(u64),
    Reopen,
}

fn commit() -> impl Strategy<Value = CommitStep> {
    let keys = || subsequence(vec![0, 1, 2, 3_usize], 0..=2);
    let expected = prop_oneof![
        4 => Just(Expected::Right),
        1 => any::<usize>().prop_map(Expected::Any),
    ];
    let expects = (keys(), prop::collection::vec(expected, 2));
    let writes = (
        keys(),
        prop::collection::vec(prop::option::weighted(0.8, 0..9_u8), 2),
    );
    let task = (
        0..2_usize,
        -1..2_i16,
        prop_oneof![Just(0), 1..50_u64],
        0..4_u32,
    );
    let parts = (
        prop::option::weighted(0.3, 0..3_u8),
        expects,
        writes,
        prop::collection::vec(0..6_usize, 0..3),
        prop::collection::vec(task, 0..3),
        prop::collection::vec((0..3_usize, 0..9_u8), 0..3),
        prop::option::weighted(0.3, (prop::bool::weighted(0.8), 0..9_u64)),
    );
    parts.prop_map(
        |(key, expects, writes, complete, enqueue, events, cursor)| CommitStep {
            key,
            expects: expects.0.into_iter().zip(expects.1).collect(),
            writes: writes.0.into_iter().zip(writes.1).collect(),
            complete,
            enqueue,
            events,
            cursor,
        },
    )
}

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let queue = 0..2_usize;
    let step = prop_oneof![
        8 => commit().prop_map(Step::Commit),
        5 => (queue.clone(), 0..4_usize, 0..60_u64).prop_map(|(q, max, time)| Step::Lease(q, max, time)),
        2 => (0..6_usize, 0..60_u64).prop_map(|(at, time)| Step::Extend(at, time)),
        3 => (0..6_usize, 0..30_u64).prop_map(|(at, time)| Step::Nack(at, time)),
        2 => (queue, prop::option::of(0..9_u64), 0..4_usize)
            .prop_map(|(q, after, limit)| Step::DeadLetters(q, after, limit)),
        1 => (0..12_u64).prop_map(Step::Requeue),
        1 => (0..12_u64).prop_map(Step::Discard),
        3 => (0..40_u64).prop_map(Step::Advance),
        1 => (0..9_u64).prop_map(Step::Trim),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 0..60)
}

//! Whether the contracts can fail: each is broken by at least one backend, and notices.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::broken::{Broken, Bug};
use super::fresh;
use crate::backend::conformance::CONTRACTS;

/// What notices what.
const CAUGHT: &[(&str, &[Bug])] = &[
    ("a_commit_happens_as_a_whole", &[Bug::DropEvents]),
    (
        "a_conflict_changes_nothing_and_names_what_differs",
        &[
            Bug::IgnoreExpectations,
            Bug::HalfOfConflict,
            Bug::SplitCommit,
        ],
    ),
    ("a_revision_tells_every_write", &[Bug::SameRevision]),
    ("odd_names_and_doubles_are_refused", &[Bug::TakeAnyName]),
    (
        "an_idempotency_key_commits_once",
        &[Bug::ForgetKeys, Bug::ResolveNothing],
    ),
    (
        "an_answer_is_kept_until_it_is_forgotten",
        &[Bug::ResolveNothing, Bug::ForgetKeys],
    ),
    (
        "a_scan_is_in_order_and_within_its_bounds",
        &[Bug::UnorderedScan],
    ),
    (
        "tasks_come_by_priority_and_then_in_order",
        &[Bug::IgnorePriority],
    ),
    ("a_delay_is_kept", &[Bug::IgnoreDelay]),
    (
        "a_leased_task_is_nobody_elses_until_its_lease_ends",
        &[Bug::DeliverTwice],
    ),
    (
        "fences_grow_and_an_old_one_is_refused",
        &[Bug::IgnoreFences],
    ),
    (
        "a_task_that_was_given_back_comes_again_with_the_reason",
        &[Bug::IgnoreDelay, Bug::NackInTwoSteps],
    ),
    (
        "a_task_that_fails_too_often_is_a_dead_letter",
        &[Bug::IgnoreAttempts],
    ),
    (
        "a_dead_letter_can_be_put_back_or_thrown_away",
        &[Bug::DiscardInstead],
    ),
    ("every_task_is_counted_where_it_is", &[Bug::CountWrong]),
    ("events_are_one_chain", &[Bug::WrongHash, Bug::DropEvents]),
    ("a_reader_goes_on_from_anywhere", &[Bug::SkipAnEvent]),
    ("a_cursor_moves_with_its_effects", &[Bug::IgnoreCursors]),
    (
        "what_is_left_after_trimming_can_be_proved",
        &[Bug::HideTrimming],
    ),
    ("a_task_wakes_those_who_wait", &[Bug::NeverWake]),
    ("an_event_wakes_those_who_wait", &[Bug::NeverWake]),
    (
        "increments_of_eight_threads_are_all_kept",
        &[Bug::IgnoreExpectations],
    ),
    (
        "a_key_sent_by_eight_threads_commits_once",
        &[Bug::ForgetKeys],
    ),
    ("two_workers_never_hold_one_task", &[Bug::DeliverTwice]),
    (
        "workers_that_crash_cost_no_task_and_double_none",
        &[Bug::IgnoreFences],
    ),
    ("events_of_eight_threads_have_no_gap", &[Bug::SkipAnEvent]),
    ("a_reader_never_sees_half_of_a_commit", &[Bug::SplitCommit]),
    (
        "consumers_that_race_deal_with_each_event_once",
        &[Bug::IgnoreCursors],
    ),
    (
        "a_commit_that_is_dropped_is_whole_or_nothing",
        &[Bug::SplitCommit],
    ),
    (
        "calls_of_the_queue_that_are_dropped_lose_no_task",
        &[Bug::NackInTwoSteps],
    ),
    (
        "calls_of_the_log_and_the_keys_that_are_dropped_take_nothing_else",
        &[Bug::ForgetTooMuch, Bug::TrimTooFar, Bug::ResolveNothing],
    ),
];

fn notices(contract: &str, bugs: &[Bug]) {
    for bug in bugs {
        let subject = fresh()
            .with_patience(Duration::from_millis(20))
            .wrapped(|inner| Arc::new(Broken::by(*bug, inner)));
        let found = subject.check(contract);
        assert!(found.is_err(), "`{contract}` has not noticed {bug:?}");
    }
}

#[test]
fn every_contract_notices_what_breaks_it() {
    for (contract, bugs) in CAUGHT {
        notices(contract, bugs);
    }
}

/// Some of these again: those whose calls are dropped.
#[test]
fn control_calls_that_do_a_half_when_they_are_dropped_are_noticed() {
    let dropped = CAUGHT.iter().filter(|(name, _)| name.contains("dropped"));
    assert!(dropped.clone().count() >= 2);
    dropped.for_each(|(contract, bugs)| notices(contract, bugs));
}

#[test]
fn no_contract_is_without_a_control() {
    let all: BTreeSet<_> = CONTRACTS.iter().map(|contract| contract.name).collect();
    let caught: BTreeSet<_> = CAUGHT.iter().map(|(contract, _)| *contract).collect();
    assert_eq!(all, caught);
    assert_eq!(all.len(), CONTRACTS.len());
    assert!(fresh().check("no such contract").is_err());
}

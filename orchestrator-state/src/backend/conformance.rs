//! The tests that every backend has to pass: contracts, written against `dyn StateBackend`.
//!
//! Whoever writes a backend runs them all in a test module of its own:
//!
//! ```
//! use std::sync::Arc;
//!
//! use orchestrator_state::conformance::Subject;
//! use orchestrator_state::{LocalBackend, ManualClock};
//!
//! fn fresh() -> Subject {
//!     let clock = ManualClock::default();
//!     Subject::new(Arc::new(LocalBackend::in_memory(clock.clone())), clock)
//! }
//!
//! mod conformance {
//!     orchestrator_state::conformance!(super::fresh);
//! }
//! ```
//!
//! The macro makes one `#[test]` of each contract, and each gets a backend of its own. They need no
//! runtime: futures are polled on the test's own threads. A backend that needs one for its
//! connections keeps it in itself.
//!
//! A contract returns what it found wrong instead of panicking, so that a backend that is broken on
//! purpose can show that its contract notices: see [`CONTRACTS`] and [`Subject::check`].

mod commits;
mod concurrency;
mod dropped;
mod events;
mod failures;
mod keys;
mod leases;
mod names;
mod readers;
mod runtime;
mod subject;
mod tasks;
mod waits;
mod workers;

pub use runtime::{CountWakes, block_on, poll_once, poll_times};
pub use subject::{Subject, Violation};

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// What a contract returns.
pub type Checked = Result<(), Violation>;

/// A contract that is under way.
type Checking<'s> = Pin<Box<dyn Future<Output = Checked> + 's>>;

/// A contract with its name.
#[derive(Clone, Copy)]
pub struct Contract {
    /// The name of the contract, which is a sentence.
    pub name: &'static str,
    run: for<'s> fn(&'s Subject) -> Checking<'s>,
}

impl fmt::Debug for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Contract").field(&self.name).finish()
    }
}

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// Ends a contract when something is not so.
macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err($crate::conformance::Violation::new(format!($($message)+)));
        }
    };
}

/// Ends a contract when two things differ.
macro_rules! ensure_eq {
    ($found:expr, $expected:expr, $($message:tt)+) => {{
        let (found, expected) = (&$found, &$expected);
        if *found != *expected {
            let message = format!($($message)+);
            return Err($crate::conformance::Violation::new(format!(
                "{message}: found {found:?}, and not {expected:?}"
            )));
        }
    }};
}

use ensure;
use ensure_eq;

/// Runs a contract against a fresh backend; what the macro's tests do.
///
/// # Panics
/// When the backend breaks it.
pub fn assert_contract(name: &str, subject: &Subject) {
    if let Err(violation) = subject.check(name) {
        panic!("contract `{name}` is broken: {violation}");
    }
}

/// Every contract.
pub const CONTRACTS: &[Contract] = crate::conformance!(@list table ());

/// Makes a `#[test]` of every contract. The argument is a function that gives a fresh
/// [`Subject`](crate::conformance::Subject). To be used once in a module.
#[macro_export]
macro_rules! conformance {
    (@list $form:ident $arguments:tt) => {
        $crate::conformance! { @$form $arguments
            commits: a_commit_happens_as_a_whole,
            commits: a_conflict_changes_nothing_and_names_what_differs,
            commits: a_revision_tells_every_write,
            names: odd_names_and_doubles_are_refused,
            keys: an_idempotency_key_commits_once,
            keys: an_answer_is_kept_until_it_is_forgotten,
            keys: a_scan_is_in_order_and_within_its_bounds,
            tasks: tasks_come_by_priority_and_then_in_order,
            tasks: a_delay_is_kept,
            leases: a_leased_task_is_nobody_elses_until_its_lease_ends,
            leases: fences_grow_and_an_old_one_is_refused,
            failures: a_task_that_was_given_back_comes_again_with_the_reason,
            failures: a_task_that_fails_too_often_is_a_dead_letter,
            failures: a_dead_letter_can_be_put_back_or_thrown_away,
            failures: every_task_is_counted_where_it_is,
            events: events_are_one_chain,
            events: a_reader_goes_on_from_anywhere,
            events: a_cursor_moves_with_its_effects,
            events: what_is_left_after_trimming_can_be_proved,
            waits: a_task_wakes_those_who_wait,
            waits: an_event_wakes_those_who_wait,
            concurrency: increments_of_eight_threads_are_all_kept,
            concurrency: a_key_sent_by_eight_threads_commits_once,
            workers: two_workers_never_hold_one_task,
            workers: workers_that_crash_cost_no_task_and_double_none,
            concurrency: events_of_eight_threads_have_no_gap,
            readers: a_reader_never_sees_half_of_a_commit,
            readers: consumers_that_race_deal_with_each_event_once,
            dropped: a_commit_that_is_dropped_is_whole_or_nothing,
            dropped: calls_of_the_queue_that_are_dropped_lose_no_task,
            dropped: calls_of_the_log_and_the_keys_that_are_dropped_take_nothing_else,
        }
    };
    (@tests ($factory:expr) $($module:ident: $name:ident,)*) => {
        $(
            #[test]
            fn $name() {
                $crate::conformance::assert_contract(stringify!($name), &$factory());
            }
        )*
    };
    (@table () $($module:ident: $name:ident,)*) => {
        &[$(Contract {
            name: stringify!($name),
            run: |subject| Box::pin($module::$name(subject)),
        }),*]
    };
    ($factory:expr) => {
        $crate::conformance! { @list tests ($factory) }
    };
}

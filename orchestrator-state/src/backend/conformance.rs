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
mod runtime;
mod tasks;
mod waits;

pub use runtime::{CountWakes, block_on, poll_once, poll_times};

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::{BackendError, Commit, CommitOutcome, Committed, Delivery, ManualClock, StateBackend};

/// What a contract found wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation(String);

impl Violation {
    /// A violation in words.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Violation {}

impl From<BackendError> for Violation {
    fn from(error: BackendError) -> Self {
        Self(format!(
            "a call failed that should not have: {error} ({error:?})"
        ))
    }
}

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

/// A fresh backend, and the hand on its clock.
#[derive(Clone)]
pub struct Subject {
    backend: Arc<dyn StateBackend>,
    advance: Arc<dyn Fn(Duration) + Send + Sync>,
    patience: Duration,
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject").finish_non_exhaustive()
    }
}

impl Subject {
    /// An empty backend that was given a clone of this clock.
    #[must_use]
    pub fn new(backend: Arc<dyn StateBackend>, clock: ManualClock) -> Self {
        Self::with_advance(backend, move |by| clock.advance(by))
    }

    /// An empty backend, whose clock stands still but for this function.
    #[must_use]
    pub fn with_advance(
        backend: Arc<dyn StateBackend>,
        advance: impl Fn(Duration) + Send + Sync + 'static,
    ) -> Self {
        Self {
            backend,
            advance: Arc::new(advance),
            patience: Duration::from_secs(10),
        }
    }

    /// How long a wake may take, for backends that hear of it through a connection. 10 s by default;
    /// a test that expects none may want to wait for less.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The same subject with another backend, for one that wraps it.
    #[must_use]
    pub fn wrapped(
        self,
        wrap: impl FnOnce(Arc<dyn StateBackend>) -> Arc<dyn StateBackend>,
    ) -> Self {
        Self {
            backend: wrap(Arc::clone(&self.backend)),
            ..self
        }
    }

    /// Runs a contract of this name on this thread.
    ///
    /// # Errors
    /// [`Violation`] when the backend breaks it, or there is none of this name.
    pub fn check(&self, name: &str) -> Checked {
        match CONTRACTS.iter().find(|contract| contract.name == name) {
            Some(contract) => block_on((contract.run)(self)),
            None => Err(Violation(format!("there is no contract `{name}`"))),
        }
    }

    fn backend(&self) -> &dyn StateBackend {
        &*self.backend
    }

    fn advance(&self, by: Duration) {
        (self.advance)(by);
    }

    /// A commit that has to take place.
    async fn must(&self, commit: Commit) -> Result<Committed, Violation> {
        match self.backend.commit(commit).await? {
            CommitOutcome::Committed(committed) => Ok(committed),
            other => Err(Violation(format!("a commit was to take place: {other:?}"))),
        }
    }

    /// Leases one task for a minute; there has to be one.
    async fn must_lease(&self, queue: &str) -> Result<Delivery, Violation> {
        let mut leased = self.backend.lease(queue, "worker", 1, MINUTE).await?;
        match leased.pop() {
            Some(delivery) => Ok(delivery),
            None => Err(Violation(format!("queue `{queue}` was to have a task"))),
        }
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
/// [`Subject`](conformance::Subject). To be used once in a module.
#[macro_export]
macro_rules! conformance {
    (@list $form:ident $arguments:tt) => {
        $crate::conformance! { @$form $arguments
            commits: a_commit_happens_as_a_whole,
            commits: a_conflict_changes_nothing_and_names_what_differs,
            commits: a_revision_tells_every_write,
            commits: odd_names_and_doubles_are_refused,
            keys: an_idempotency_key_commits_once,
            keys: an_answer_is_kept_until_it_is_forgotten,
            keys: a_scan_is_in_order_and_within_its_bounds,
            tasks: tasks_come_by_priority_and_then_in_order,
            tasks: a_delay_is_kept,
            tasks: a_leased_task_is_nobody_elses_until_its_lease_ends,
            tasks: fences_grow_and_an_old_one_is_refused,
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
            concurrency: two_workers_never_hold_one_task,
            concurrency: workers_that_crash_cost_no_task_and_double_none,
            concurrency: events_of_eight_threads_have_no_gap,
            dropped: a_commit_that_is_dropped_is_whole_or_nothing,
            dropped: calls_of_the_queue_that_are_dropped_lose_no_task,
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

//! What a hook has done.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use crate::{FailureKind, HookFailure};

/// What one hook has done since it was registered.
///
/// A call is counted when its dispatch has ended, so that the counts of a registry on which
/// nothing is under way are exact.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HookStats {
    /// The hook's name.
    pub name: String,
    /// How often it was called.
    pub calls: u64,
    /// How many dispatches ended with its action, or with the one that stood in for it.
    pub breaks: u64,
    /// How many of its calls ended in a panic.
    pub panics: u64,
    /// How many of its calls took too long.
    pub timeouts: u64,
    /// How many of its calls returned an error.
    pub errors: u64,
    /// How many of its calls ended with the dispatch, which was dropped.
    pub dropped: u64,
    /// Whether it is not called any more; see [`OnFailure::DisableAfter`](crate::OnFailure).
    pub is_disabled: bool,
    /// How often it would have been called since, and was not.
    pub skipped: u64,
    /// How many of its calls were timed: one in 256 on each thread, and every one that waited.
    pub timed_calls: u64,
    /// How long the timed calls took together. Of a call that waited, the time from its first
    /// wait counts.
    pub time: Duration,
    /// The longest of the timed calls.
    pub longest: Duration,
    /// Its last failure, in words.
    pub last_failure: Option<String>,
}

impl HookStats {
    /// How long a timed call took on average, if there was one.
    pub fn mean_time(&self) -> Option<Duration> {
        let nanos = self.time.as_nanos().checked_div(self.timed_calls.into())?;
        Some(Duration::from_nanos_u128(nanos))
    }
}

/// Where the rare things are counted as they happen.
#[derive(Default)]
pub(crate) struct Tally {
    breaks: AtomicU64,
    panics: AtomicU64,
    timeouts: AtomicU64,
    errors: AtomicU64,
    dropped: AtomicU64,
    skipped: AtomicU64,
    timed_calls: AtomicU64,
    nanos: AtomicU64,
    longest: AtomicU64,
    last_failure: Mutex<Option<String>>,
}

impl Tally {
    pub(crate) fn broke(&self) {
        self.breaks.fetch_add(1, Relaxed);
    }

    pub(crate) fn was_dropped(&self) {
        self.dropped.fetch_add(1, Relaxed);
    }

    pub(crate) fn failed(&self, failure: &HookFailure) {
        let count = match failure.kind() {
            FailureKind::Panicked(_) => &self.panics,
            FailureKind::TimedOut(_) => &self.timeouts,
            FailureKind::Failed(_) => &self.errors,
            FailureKind::Disabled(_) => {
                // Not worth a text each time: the one that disabled it is the one to know.
                self.skipped.fetch_add(1, Relaxed);
                return;
            }
        };
        count.fetch_add(1, Relaxed);
        let words = Some(failure.kind().to_string());
        *self
            .last_failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = words;
    }

    pub(crate) fn took(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.timed_calls.fetch_add(1, Relaxed);
        self.nanos.fetch_add(nanos, Relaxed);
        self.longest.fetch_max(nanos, Relaxed);
    }

    /// `reached`: how many dispatches came to the hook's place.
    pub(crate) fn stats(&self, name: &str, reached: u64, is_disabled: bool) -> HookStats {
        let skipped = self.skipped.load(Relaxed);
        let last_failure = self.last_failure.lock();
        HookStats {
            name: name.to_owned(),
            // A skip is counted before its dispatch is.
            calls: reached.saturating_sub(skipped),
            breaks: self.breaks.load(Relaxed),
            panics: self.panics.load(Relaxed),
            timeouts: self.timeouts.load(Relaxed),
            errors: self.errors.load(Relaxed),
            dropped: self.dropped.load(Relaxed),
            is_disabled,
            skipped,
            timed_calls: self.timed_calls.load(Relaxed),
            time: Duration::from_nanos(self.nanos.load(Relaxed)),
            longest: Duration::from_nanos(self.longest.load(Relaxed)),
            last_failure: last_failure.unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}

//! Failures in a row, and what they lead to.

use std::{
    num::NonZeroU32,
    sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
};

use crate::FailureKind;

/// Counts the failures of one hook since its last success, and disables it at a limit.
pub(crate) struct Streak {
    limit: NonZeroU32,
    in_a_row: AtomicU32,
    is_disabled: AtomicBool,
}

impl Streak {
    pub(crate) fn new(limit: NonZeroU32) -> Self {
        Self {
            limit,
            in_a_row: AtomicU32::new(0),
            is_disabled: AtomicBool::new(false),
        }
    }

    pub(crate) fn failed(&self) {
        let in_a_row = self.in_a_row.fetch_add(1, Relaxed).saturating_add(1);
        if in_a_row >= self.limit.get() {
            self.is_disabled.store(true, Relaxed);
        }
    }

    pub(crate) fn succeeded(&self) {
        if self.in_a_row.load(Relaxed) != 0 {
            self.in_a_row.store(0, Relaxed);
        }
    }

    /// The failure of a hook that is not called any more.
    pub(crate) fn disabled(&self) -> Option<FailureKind> {
        let is_disabled = self.is_disabled.load(Relaxed);
        is_disabled.then_some(FailureKind::Disabled(self.limit))
    }
}

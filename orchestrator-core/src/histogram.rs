//! How long waits were, by powers of two.

use std::time::Duration;

/// How many classes there are: the last one begins at about nine minutes.
pub(crate) const CLASSES: usize = 40;

/// How long things have waited, by powers of two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitHistogram {
    classes: [u64; CLASSES],
}

impl WaitHistogram {
    /// The classes that have anything in them: the time below which these waits were, and how many
    /// there were. A lane of a scheduler looks at the clock only now and then, so a class of its is right
    /// to about 50 µs, or to the length of the tasks.
    pub fn classes(&self) -> impl Iterator<Item = (Duration, u64)> {
        let classes = self.classes.iter().enumerate();
        classes
            .filter(|(_, count)| **count > 0)
            .map(|(class, count)| (Duration::from_nanos(1 << class), *count))
    }

    /// How many waits there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.classes.iter().sum()
    }

    /// A time that this share of the waits was below, between 0 and 1; zero if there was none.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Duration {
        let mut left = share.clamp(0.0, 1.0) * self.count() as f64;
        for (below, count) in self.classes() {
            left -= count as f64;
            if left <= 0.0 {
                return below;
            }
        }
        Duration::ZERO
    }

    /// The class of a wait.
    pub(crate) fn class(waited: Duration) -> usize {
        let nanos = u64::try_from(waited.as_nanos()).unwrap_or(u64::MAX);
        let class = (u64::BITS - nanos.leading_zeros()) as usize;
        class.min(CLASSES - 1)
    }

    pub(crate) fn record(&mut self, waited: Duration) {
        self.classes[Self::class(waited)] += 1;
    }

    /// Adds so many waits of each class.
    pub(crate) fn add(&mut self, classes: impl IntoIterator<Item = u64>) {
        for (sum, count) in self.classes.iter_mut().zip(classes) {
            *sum += count;
        }
    }

    pub(crate) fn add_all_of(&mut self, other: &Self) {
        self.add(other.classes);
    }
}

impl Default for WaitHistogram {
    fn default() -> Self {
        Self {
            classes: [0; CLASSES],
        }
    }
}

//! How much of the past a store keeps.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How many notes there are of an age: versions between two of them are kept as long as the last of
/// these.
const NOTES: u32 = 64;

/// What a store keeps of the past, beside what snapshots hold on to. By default nothing.
///
/// With both a count and an age, a version is kept if either of them asks for it. It is kept in memory:
/// a store that is opened from a folder begins with one version, whatever was kept before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct History {
    versions: u64,
    age: Option<Duration>,
}

impl History {
    /// Keeps this many versions before the newest one.
    #[must_use]
    pub fn versions(versions: u64) -> Self {
        Self {
            versions,
            age: None,
        }
    }

    /// Keeps what was the newest version at any time within this age.
    #[must_use]
    pub fn age(age: Duration) -> Self {
        Self {
            versions: 0,
            age: Some(age),
        }
    }

    /// Keeps what is within this age, too.
    #[must_use]
    pub fn or_age(mut self, age: Duration) -> Self {
        self.age = Some(age);
        self
    }

    /// The oldest version to be kept. `times` is what earlier calls have noted.
    pub(super) fn watermark(&self, newest: u64, times: &mut VecDeque<(Instant, u64)>) -> u64 {
        self.watermark_at(newest, times, Instant::now)
    }

    fn watermark_at(
        &self,
        newest: u64,
        times: &mut VecDeque<(Instant, u64)>,
        now: impl FnOnce() -> Instant,
    ) -> u64 {
        let by_count = newest.saturating_sub(self.versions);
        let Some(age) = self.age else {
            return by_count;
        };
        let now = now();
        // What comes between two notes is kept from the earlier one on. Otherwise there would be a note
        // for each of millions of looks.
        let is_due = |(last, _): &(Instant, u64)| now.duration_since(*last) >= age / NOTES;
        if times.back().is_none_or(is_due) {
            times.push_back((now, newest));
        }
        // The last note that is old enough says what was there at the beginning of the time to keep.
        while let Some((at, _)) = times.get(1)
            && now.duration_since(*at) >= age
        {
            times.pop_front();
        }
        let by_age = match times.front() {
            Some((at, version)) if now.duration_since(*at) >= age => *version,
            _ => 0,
        };
        by_count.min(by_age)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_and_an_age_each_keep_what_they_say() {
        let start = Instant::now();
        let mut times = VecDeque::new();
        assert_eq!(History::default().watermark(9, &mut times), 9);
        assert_eq!(History::versions(3).watermark(9, &mut times), 6);
        assert_eq!(History::versions(30).watermark(9, &mut times), 0);
        assert!(times.is_empty());

        let history = History::versions(2).or_age(Duration::from_secs(10));
        let mut at = |seconds, newest| {
            let now = start + Duration::from_secs(seconds);
            history.watermark_at(newest, &mut times, || now)
        };
        assert_eq!(at(0, 5), 0);
        assert_eq!(at(5, 8), 0);
        assert_eq!(at(10, 20), 5);
        assert_eq!(at(14, 20), 5);
        assert_eq!(at(15, 20), 8);
        assert_eq!(at(100, 20), 18);
    }

    proptest::proptest! {
        /// Beside a plain list of all looks: what is to be kept is, not much more is, and the notes stay
        /// few.
        #[test]
        fn the_notes_are_few_and_lose_nothing(
            steps in proptest::collection::vec((0_u64..40, 0_u64..9), 1..600),
            age in 0_u64..2_000,
        ) {
            let age = Duration::from_millis(age);
            let history = History::age(age);
            let (mut now, mut newest) = (Instant::now(), 0);
            let (mut looks, mut times) = (Vec::new(), VecDeque::new());
            for (later, more) in steps {
                now += Duration::from_millis(later);
                newest += more;
                looks.push((now, newest));
                let kept = history.watermark_at(newest, &mut times, || now);
                let last = |before: Instant| looks.iter().rev().find(|(at, _)| *at <= before);
                // The look that an exact list would go by, and the one a note's time before it.
                let exact = now.checked_sub(age).and_then(last);
                let noted = exact.and_then(|(at, _)| at.checked_sub(age / NOTES)).and_then(last);
                let version = |look: Option<&(Instant, u64)>| look.map_or(0, |(_, version)| *version);
                proptest::prop_assert!(kept <= version(exact), "dropped too early");
                proptest::prop_assert!(kept >= version(noted), "kept for too long");
                proptest::prop_assert!(times.len() <= NOTES as usize + 2, "{} notes", times.len());
            }
        }
    }
}

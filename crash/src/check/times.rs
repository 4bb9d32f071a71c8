//! Which versions were known, and which asked for, at a moment.

use crate::history::{Event, History, Outcome};

/// Both, as running maxima over time.
pub(super) struct Times {
    /// (moment, highest version that somebody had been told of by then)
    known: Vec<(u64, u64)>,
    /// (moment, highest version whose commit had been asked for by then)
    asked: Vec<(u64, u64)>,
}

impl Times {
    pub(super) fn new(history: &History, commits: &[(u64, &Event)]) -> Self {
        let known = history
            .events
            .iter()
            .filter_map(|event| match event.outcome {
                Outcome::Committed { version } => Some((event.ended.to, version)),
                // A snapshot is known from the moment that it was taken; a transaction that only
                // read tells its version at its end, but it is that of its beginning.
                Outcome::Viewed { version } => Some((event.began.to, version)),
                Outcome::Refused => None,
            })
            .collect();
        let asked = commits
            .iter()
            .map(|(version, event)| (event.ended.from, *version))
            .collect();
        Self {
            known: maxima(known),
            asked: maxima(asked),
        }
    }

    /// The highest version that somebody had been told of before this moment, or 0.
    pub(super) fn known_before(&self, moment: u64) -> u64 {
        before(&self.known, moment)
    }

    /// The highest version whose commit had been asked for before this moment, or 0.
    pub(super) fn asked_before(&self, moment: u64) -> u64 {
        before(&self.asked, moment)
    }

    /// How many commits began before the one with the version before was answered.
    pub(super) fn overlaps(&self, commits: &[(u64, &Event)]) -> usize {
        commits
            .windows(2)
            .filter(|pair| pair[1].1.began.from < pair[0].1.ended.to)
            .filter(|pair| pair[1].1.client != pair[0].1.client)
            .count()
    }
}

fn maxima(mut points: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    points.sort_unstable();
    let mut highest = 0;
    for (_, version) in &mut points {
        highest = highest.max(*version);
        *version = highest;
    }
    points
}

fn before(points: &[(u64, u64)], moment: u64) -> u64 {
    let count = points.partition_point(|(at, _)| *at < moment);
    count.checked_sub(1).map_or(0, |last| points[last].1)
}

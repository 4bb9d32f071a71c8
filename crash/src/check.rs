//! Is a history what a strictly serializable store can do? Judged by the versions of the commits.
//!
//! In general this question is NP-complete (Papadimitriou 1979, "The Serializability of Concurrent
//! Database Updates"). Here the store itself says in which order the commits were: each returns a
//! version of its own. So the claim has only to be checked, which is linear:
//!
//! 1. The versions of the commits are the numbers after the first version, each once: no commit
//!    was lost and none took effect twice.
//! 2. Real time agrees: a commit that was answered before another was asked for has the lower version.
//! 3. Replayed one after the other in the order of their versions on a plain map, the transactions
//!    read just what they were told, and the last state is what the store showed at the end.
//! 4. A snapshot reads one version: none older than what anybody had been told of before it was
//!    taken, and none that was not yet asked for when it was there.
//! 5. A transaction that was refused has read one such version too.
//!
//! A store whose versions lie fails here as well; one whose versions and values lie together does
//! not fool [`search`](crate::search).

mod replay;
#[cfg(test)]
mod tests;
mod times;
mod violation;

use crate::history::{Event, History, Outcome, State};
use replay::{first_wrong, write_all};
use times::Times;

pub use violation::Violation;

/// How much a sound history held. A history in which nobody met anybody shows little.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Commits that made a version.
    pub commits: usize,
    /// Commits that were refused.
    pub refused: usize,
    /// Snapshots, and transactions that only read.
    pub views: usize,
    /// Commits whose span overlapped with that of another client's.
    pub overlaps: usize,
}

impl Tally {
    /// Adds another history's.
    pub fn add(&mut self, other: Self) {
        self.commits += other.commits;
        self.refused += other.refused;
        self.views += other.views;
        self.overlaps += other.overlaps;
    }
}

/// Judges a history.
///
/// # Errors
/// The first [`Violation`] that is found.
pub fn check(history: &History) -> Result<Tally, Violation> {
    let commits = in_order(history)?;
    real_time(&commits)?;
    let states = replayed(history.base, &commits)?;
    let times = Times::new(history, &commits);
    let mut tally = Tally {
        commits: commits.len(),
        overlaps: times.overlaps(&commits),
        ..Tally::default()
    };
    for event in &history.events {
        match event.outcome {
            Outcome::Committed { .. } => {}
            Outcome::Viewed { version } => {
                tally.views += 1;
                view(event, version, history.base, &states, &times)?;
            }
            Outcome::Refused => {
                tally.refused += 1;
                refused(event, history.base, &states, &times)?;
            }
        }
    }
    let committed = commits.last().map_or(history.base, |(last, _)| *last);
    if history.last != committed {
        return Err(Violation::LastVersion {
            shown: history.last,
            committed,
        });
    }
    // `replayed` has one state for each version, so the last is there.
    if let Some(replayed) = states.last()
        && *replayed != history.state
    {
        return Err(Violation::LastState {
            shown: history.state.clone(),
            replayed: replayed.clone(),
        });
    }
    Ok(tally)
}

/// The commits in the order of their versions, which are dense.
fn in_order(history: &History) -> Result<Vec<(u64, &Event)>, Violation> {
    let mut commits: Vec<(u64, &Event)> = history
        .events
        .iter()
        .filter_map(|event| match event.outcome {
            Outcome::Committed { version } => Some((version, event)),
            _ => None,
        })
        .collect();
    commits.sort_by_key(|(version, _)| *version);
    for (expected, (version, _)) in (history.base + 1..).zip(&commits) {
        if *version < expected {
            return Err(Violation::SameVersion { version: *version });
        }
        if *version > expected {
            return Err(Violation::UnknownVersion { version: expected });
        }
    }
    Ok(commits)
}

fn real_time(commits: &[(u64, &Event)]) -> Result<(), Violation> {
    let mut asked: Vec<_> = commits.iter().map(|(v, e)| (e.ended.from, *v)).collect();
    let mut answered: Vec<_> = commits.iter().map(|(v, e)| (e.ended.to, *v)).collect();
    asked.sort_unstable();
    answered.sort_unstable();
    let mut answered = answered.into_iter().peekable();
    let mut highest = 0;
    for (from, version) in asked {
        while let Some((_, before)) = answered.next_if(|(to, _)| *to < from) {
            highest = highest.max(before);
        }
        if highest > version {
            return Err(Violation::RealTime {
                earlier: version,
                later: highest,
            });
        }
    }
    Ok(())
}

/// The state at each version from the base on.
fn replayed(base: u64, commits: &[(u64, &Event)]) -> Result<Vec<State>, Violation> {
    let mut states = vec![State::new()];
    let mut state = State::new();
    for (version, event) in commits {
        wrong_read(event, version - 1, &state)?;
        write_all(&event.steps, &mut state);
        states.push(state.clone());
    }
    debug_assert_eq!(
        states.len() as u64,
        commits.last().map_or(1, |(v, _)| v - base + 1)
    );
    Ok(states)
}

fn wrong_read(event: &Event, version: u64, state: &State) -> Result<(), Violation> {
    match first_wrong(&event.steps, state) {
        None => Ok(()),
        Some((told, has)) => Err(Violation::WrongRead {
            client: event.client,
            version,
            told: told.clone(),
            has,
        }),
    }
}

fn view(
    event: &Event,
    version: u64,
    base: u64,
    states: &[State],
    times: &Times,
) -> Result<(), Violation> {
    let client = event.client;
    let known = times.known_before(event.began.from).max(base);
    if version < known {
        return Err(Violation::Stale {
            client,
            version,
            known,
        });
    }
    if version > times.asked_before(event.began.to).max(base) {
        return Err(Violation::Early { client, version });
    }
    let state = usize::try_from(version - base)
        .ok()
        .and_then(|at| states.get(at))
        .ok_or(Violation::UnknownVersion { version })?;
    wrong_read(event, version, state)
}

fn refused(event: &Event, base: u64, states: &[State], times: &Times) -> Result<(), Violation> {
    let from = times.known_before(event.began.from).max(base);
    let to = times.asked_before(event.began.to).max(base);
    let fits = |version: u64| {
        usize::try_from(version - base)
            .ok()
            .and_then(|at| states.get(at))
            .is_some_and(|state| first_wrong(&event.steps, state).is_none())
    };
    if (from..=to).any(fits) {
        return Ok(());
    }
    Err(Violation::Inconsistent {
        client: event.client,
        from,
        to,
        steps: event.steps.clone(),
    })
}

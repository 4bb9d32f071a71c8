//! Who is next: by priority, then missions in turn, then the order of arrival.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

use crate::Priority;

/// How many who waited are served between two turns of the lower priorities.
const TURNS: u64 = 16;

/// Those who wait, in order.
///
/// - A more urgent priority goes first, but of [`TURNS`] who are served, one is looked for in the
///   order Normal, High, Low, and one in the order Low, Normal, High: so the others never starve.
/// - Within a priority, missions take turns: one that was served goes behind all the others.
/// - Within a mission, who came first goes first. A mission has one line for each *route*, that is
///   for each combination of things to wait for: who waits for one thing is no reason to let those
///   wait who need another.
#[derive(Debug, Default)]
pub(super) struct WaitQueue {
    levels: [Level; 3],
    served: u64,
    arrived: u64,
    len: usize,
}

/// Those of one priority.
#[derive(Debug, Default)]
struct Level {
    /// Missions with somebody waiting; the front one is next.
    ring: VecDeque<Arc<str>>,
    missions: HashMap<Arc<str>, Lines>,
}

/// Those of one mission: a route, and who waits on it by number, which is the order of arrival.
/// Seldom more than a few routes, so a list will do.
type Lines = Vec<(usize, BTreeSet<u64>)>;

/// Somebody's place in the queue.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) number: u64,
    pub(super) priority: Priority,
    pub(super) mission: Arc<str>,
    pub(super) route: usize,
}

/// What to do with somebody who is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Out of the queue: it is this one.
    Take,
    /// Not this one; look at the next.
    Pass,
}

impl WaitQueue {
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Joins the end of its line. The number is new, and greater than those before.
    pub(super) fn push(&mut self, priority: Priority, mission: Arc<str>, route: usize) -> Place {
        let number = self.arrived;
        self.arrived += 1;
        self.len += 1;
        let level = &mut self.levels[priority.index()];
        let lines = level.missions.entry(Arc::clone(&mission)).or_default();
        if lines.is_empty() {
            level.ring.push_back(Arc::clone(&mission));
        }
        match lines.iter_mut().find(|(its, _)| *its == route) {
            Some((_, line)) => drop(line.insert(number)),
            None => lines.push((route, BTreeSet::from([number]))),
        }
        Place {
            number,
            priority,
            mission,
            route,
        }
    }

    /// Gives up a place. `false` if it was not in the queue (any more).
    pub(super) fn remove(&mut self, place: &Place) -> bool {
        let level = &mut self.levels[place.priority.index()];
        let Some(lines) = level.missions.get_mut(&place.mission) else {
            return false;
        };
        let Some(at) = lines.iter().position(|(route, _)| *route == place.route) else {
            return false;
        };
        if !lines[at].1.remove(&place.number) {
            return false;
        }
        self.len -= 1;
        if lines[at].1.is_empty() {
            lines.swap_remove(at);
        }
        if lines.is_empty() {
            level.missions.remove(&place.mission);
            level.ring.retain(|mission| *mission != place.mission);
        }
        true
    }

    /// Takes out the first, in order, whom `look` takes. It is asked about the first of each line
    /// only, by number and route.
    pub(super) fn next(&mut self, mut look: impl FnMut(u64, usize) -> Look) -> Option<u64> {
        let order = order(self.served);
        let mut levels = order.into_iter().map(|priority| {
            let found = self.levels[priority.index()].find(&mut look);
            found.map(|(mission, route, number)| Place {
                number,
                priority,
                mission,
                route,
            })
        });
        let place = levels.find_map(|found| found)?;
        self.served += 1;
        self.remove(&place);
        self.levels[place.priority.index()].turn(&place.mission);
        Some(place.number)
    }
}

impl Level {
    fn find(&self, look: &mut impl FnMut(u64, usize) -> Look) -> Option<(Arc<str>, usize, u64)> {
        for mission in &self.ring {
            let Some(lines) = self.missions.get(mission) else {
                continue;
            };
            let mut heads: Vec<(u64, usize)> = lines
                .iter()
                .filter_map(|(route, line)| Some((*line.first()?, *route)))
                .collect();
            heads.sort_unstable();
            for (number, route) in heads {
                if look(number, route) == Look::Take {
                    return Some((Arc::clone(mission), route, number));
                }
            }
        }
        None
    }

    /// A mission that was served goes behind the others, if it still waits for more.
    fn turn(&mut self, mission: &Arc<str>) {
        if let Some(at) = self.ring.iter().position(|its| its == mission)
            && let Some(its) = self.ring.remove(at)
        {
            self.ring.push_back(its);
        }
    }
}

/// The order of the priorities when so many have been served.
fn order(served: u64) -> [Priority; 3] {
    use Priority::{High, Low, Normal};
    match served % TURNS {
        7 => [Normal, High, Low],
        15 => [Low, Normal, High],
        _ => [High, Normal, Low],
    }
}

#[cfg(all(test, not(feature = "shuttle")))]
mod tests;

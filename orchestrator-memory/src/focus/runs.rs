//! A sorted set that is quick to change in the middle and quick to read from the front.

use std::iter::zip;

/// So many are in a run at most.
const MOST: usize = 64;

/// A set in short sorted runs, one after the other: a list of lists, as in the Python package
/// `sortedcontainers` (Jenks 2014).
///
/// Beside a B-tree of small nodes it looks at fewer places that lie far from each other: one search goes
/// over the last of each run, which lie together, and one over a run. What changes together is looked
/// for together, so that no look waits for another.
#[derive(Debug, Clone)]
pub(super) struct Runs<T> {
    /// None is empty, and none longer than `MOST`.
    runs: Vec<Vec<T>>,
    /// The last of each run.
    lasts: Vec<T>,
    /// Room for what was looked for together.
    places: Vec<Place>,
}

/// Where an item is, or would be.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    of: usize,
    at: usize,
    is_in: bool,
}

impl<T: Copy + Ord> Runs<T> {
    pub(super) fn new() -> Self {
        Self {
            runs: Vec::new(),
            lasts: Vec::new(),
            places: Vec::new(),
        }
    }

    /// The greatest.
    pub(super) fn last(&self) -> Option<T> {
        self.lasts.last().copied()
    }

    /// Run by run, from the least up.
    pub(super) fn runs(&self) -> impl Iterator<Item = &[T]> {
        self.runs.iter().map(Vec::as_slice)
    }

    /// Puts items in, which are put in order; nothing changes for one that is in already.
    pub(super) fn insert(&mut self, items: &mut [T]) {
        self.look_for(items);
        let places = std::mem::take(&mut self.places);
        let mut before = None;
        for (item, place) in zip(items.iter(), &places) {
            if before.replace(item) != Some(item) && !place.is_in {
                self.insert_at(place.of, place.at, *item);
            }
        }
        self.places = places;
    }

    /// Takes items out, which are put in order; nothing changes for one that is not in.
    pub(super) fn remove(&mut self, items: &mut [T]) {
        self.look_for(items);
        let mut places = std::mem::take(&mut self.places);
        places.retain(|place| place.is_in);
        places.dedup_by_key(|place| (place.of, place.at));
        for place in &places {
            self.runs[place.of].remove(place.at);
        }
        for place in &places {
            self.tidy(place.of);
        }
        self.places = places;
    }

    /// Finds the place of each, the greatest first: a change moves nothing that is less.
    ///
    /// By halves, as ever, but one step of all searches after the other: no step waits for one before
    /// it, so that memory has many of them under way at once.
    fn look_for(&mut self, items: &mut [T]) {
        items.sort_unstable_by(|one, two| two.cmp(one));
        self.places.clear();
        self.places.resize(items.len(), Place::default());
        for step in steps(self.lasts.len()) {
            for (place, item) in zip(&mut self.places, items.iter()) {
                if let Some(last) = self.lasts.get(place.of + step - 1) {
                    place.of += step_if(last < item, step);
                }
            }
        }
        let last = self.runs.len().saturating_sub(1);
        for place in &mut self.places {
            place.of = place.of.min(last);
        }
        for step in steps(MOST) {
            for (place, item) in zip(&mut self.places, items.iter()) {
                let run = self.runs.get(place.of);
                if let Some(one) = run.and_then(|run| run.get(place.at + step - 1)) {
                    place.at += step_if(one < item, step);
                }
            }
        }
        for (place, item) in zip(&mut self.places, items.iter()) {
            let run = self.runs.get(place.of);
            place.is_in = run.and_then(|run| run.get(place.at)) == Some(item);
        }
    }

    /// Puts one in at a place that was right before greater ones were put in.
    fn insert_at(&mut self, mut of: usize, mut at: usize, item: T) {
        // The run has been split since.
        while let Some(run) = self.runs.get(of)
            && at > run.len()
        {
            at -= run.len();
            of += 1;
        }
        let is_last = of + 1 == self.runs.len();
        let Some(run) = self.runs.get_mut(of) else {
            return self.insert_run(of, &[item]);
        };
        if run.len() < MOST {
            run.insert(at, item);
            self.note_last(of);
        } else if of == 0 && at == 0 {
            // Runs that are filled from one side stay full.
            self.insert_run(0, &[item]);
        } else if is_last && at == MOST {
            self.insert_run(of + 1, &[item]);
        } else {
            let half = run.split_off(MOST / 2);
            self.note_last(of);
            self.insert_run(of + 1, &half);
            self.insert_at(of, at, item);
        }
    }

    /// A run that became short becomes one with a neighbour, if there is room for more in it then.
    fn tidy(&mut self, of: usize) {
        match self.runs.get(of).map(Vec::len) {
            None => {}
            Some(0) => self.remove_run(of),
            Some(length) => {
                self.note_last(of);
                if length < MOST / 4 && !self.join(of) {
                    _ = of.checked_sub(1).is_some_and(|of| self.join(of));
                }
            }
        }
    }

    /// Makes one of a run and the next, if there is room; says whether.
    fn join(&mut self, of: usize) -> bool {
        let [one, two, ..] = &mut self.runs[of..] else {
            return false;
        };
        if one.len() + two.len() > MOST / 4 * 3 {
            return false;
        }
        one.append(two);
        self.note_last(of);
        self.remove_run(of + 1);
        true
    }

    fn insert_run(&mut self, at: usize, items: &[T]) {
        let mut run = Vec::with_capacity(MOST);
        run.extend_from_slice(items);
        if let Some(last) = run.last() {
            self.lasts.insert(at, *last);
            self.runs.insert(at, run);
        }
    }

    fn remove_run(&mut self, at: usize) {
        self.lasts.remove(at);
        self.runs.remove(at);
    }

    fn note_last(&mut self, of: usize) {
        if let Some(last) = self.runs[of].last() {
            self.lasts[of] = *last;
        }
    }
}

/// The step or 0, without a branch: a guess that is wrong would end all that is under way.
fn step_if(is_less: bool, step: usize) -> usize {
    step & usize::from(is_less).wrapping_neg()
}

/// The steps of a search by halves among so many, from the longest down to 1.
fn steps(among: usize) -> impl Iterator<Item = usize> {
    let longest = among.checked_next_power_of_two().filter(|_| among > 0);
    std::iter::successors(longest, |step| Some(step / 2)).take_while(|step| *step > 0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::{collection::vec, prelude::*};

    use super::*;

    proptest! {
        /// Whatever comes and goes, it is what the standard library's set is, in runs that are
        /// neither empty nor too long.
        #[test]
        fn it_is_a_sorted_set(
            steps in vec((any::<bool>(), 0_u16..900, vec(0_u16..900, 1..60)), 0..60),
        ) {
            let mut runs = Runs::new();
            let mut model = BTreeSet::new();
            for (is_in, from, mut items) in steps {
                if is_in {
                    model.extend(items.iter().copied());
                    runs.insert(&mut items);
                } else {
                    // Those that are in, one of them twice, and one that is not.
                    let mut items: Vec<_> = model.range(from..).take(40).copied().collect();
                    items.extend(items.first().copied());
                    items.push(900);
                    runs.remove(&mut items);
                    items.iter().for_each(|item| _ = model.remove(item));
                }
                prop_assert!(runs.runs().flatten().eq(&model));
                prop_assert_eq!(runs.last(), model.last().copied());
                prop_assert!(runs.runs().all(|run| (1..=MOST).contains(&run.len())));
                prop_assert!(runs.lasts.iter().eq(runs.runs().flat_map(<[_]>::last)));
            }
        }
    }

    /// What comes in order, from either side, leaves no room unused; what goes leaves no rest.
    #[test]
    fn runs_are_full_where_they_can_be() {
        let all = 100 * MOST;
        let mut up = Runs::new();
        (0..all).for_each(|item| up.insert(&mut [item]));
        assert_eq!(up.runs.len(), 100);
        let mut down = Runs::new();
        (0..all).rev().for_each(|item| down.insert(&mut [item]));
        assert_eq!(down.runs.len(), 100);
        for from in [&mut up, &mut down] {
            let most = (0..all).filter(|item| item % 8 != 0);
            most.for_each(|item| from.remove(&mut [item]));
            assert!(from.runs.len() <= 50, "{}", from.runs.len());
            (0..all).for_each(|item| from.remove(&mut [item]));
            assert!(from.runs.is_empty() && from.lasts.is_empty());
        }
    }
}

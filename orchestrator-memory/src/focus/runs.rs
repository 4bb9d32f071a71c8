//! A sorted set that is quick to change in the middle and quick to read from the front.

use std::{
    collections::HashSet,
    hash::{BuildHasherDefault, Hash},
    iter::zip,
};

use super::by_number::ByNumber;

/// So many are in a run at most.
const MOST: usize = 64;

/// A set in short sorted runs, one after the other: a list of lists, as in the Python package
/// `sortedcontainers` (Jenks 2014).
///
/// Beside a B-tree of small nodes it looks at fewer places that lie far from each other: one search goes
/// over the last of each run, which lie together, and one over a run. What comes together is looked for
/// together, so that no look waits for another. What goes is only noted: where it lies nothing else has to
/// be looked at, until it is taken out with all that has gone, in one pass over all, which memory is quick
/// at.
#[derive(Debug, Clone)]
pub(super) struct Runs<T> {
    /// None is empty, and none longer than `MOST`.
    runs: Vec<Vec<T>>,
    /// The last of each run.
    lasts: Vec<T>,
    /// What is in the runs, but not in the set any more.
    gone: HashSet<T, BuildHasherDefault<ByNumber>>,
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

impl<T: Copy + Ord + Hash> Runs<T> {
    pub(super) fn new() -> Self {
        Self {
            runs: Vec::new(),
            lasts: Vec::new(),
            gone: HashSet::default(),
            places: Vec::new(),
        }
    }

    /// From the least up.
    pub(super) fn iter(&self) -> impl Iterator<Item = T> {
        let all = self.runs.iter().flatten().copied();
        all.filter(|item| !self.gone.contains(item))
    }

    /// Takes the greatest out, if it is one of these.
    pub(super) fn pop_last_if(&mut self, is_one: impl Fn(T) -> bool) -> Option<T> {
        loop {
            let last = *self.lasts.last()?;
            let is_gone = self.gone.remove(&last);
            if !is_gone && !is_one(last) {
                return None;
            }
            self.pop();
            if !is_gone {
                return Some(last);
            }
        }
    }

    fn pop(&mut self) {
        if let (Some(run), Some(last)) = (self.runs.last_mut(), self.lasts.last_mut()) {
            run.pop();
            match run.last() {
                Some(now) => *last = *now,
                None => {
                    self.runs.pop();
                    self.lasts.pop();
                }
            }
        }
    }

    /// Puts items in, which are put in order; nothing changes for one that is in already.
    pub(super) fn insert(&mut self, items: &mut [T]) {
        self.look_for(items);
        let places = std::mem::take(&mut self.places);
        let mut before = None;
        for (item, place) in zip(items.iter(), &places) {
            if before.replace(item) == Some(item) {
                continue;
            }
            match place.is_in {
                true => _ = self.gone.remove(item),
                false => self.insert_at(place.of, place.at, *item),
            }
        }
        self.places = places;
    }

    /// Takes items out, each of which has to be in.
    pub(super) fn remove(&mut self, items: &[T]) {
        self.gone.extend(items);
        // A pass takes about as long as noting so many.
        if self.gone.len() > MOST + 4 * self.runs.len() {
            self.sweep();
        }
    }

    /// Takes out what has gone, and makes one of runs that became short.
    fn sweep(&mut self) {
        let mut gone: Vec<T> = self.gone.drain().collect();
        gone.sort_unstable();
        let mut gone = gone.into_iter().peekable();
        let mut runs: Vec<Vec<T>> = Vec::with_capacity(self.runs.len());
        for (mut run, last) in zip(self.runs.drain(..), self.lasts.drain(..)) {
            if gone.peek().is_some_and(|next| *next <= last) {
                run.retain(|item| gone.next_if_eq(item).is_none());
            }
            match runs.last_mut() {
                // With room for more.
                Some(before) if before.len() + run.len() <= MOST / 4 * 3 => before.append(&mut run),
                _ if run.is_empty() => {}
                _ => runs.push(run),
            }
        }
        self.lasts.extend(runs.iter().flat_map(|run| run.last()));
        self.runs = runs;
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

    fn insert_run(&mut self, at: usize, items: &[T]) {
        let mut run = Vec::with_capacity(MOST);
        run.extend_from_slice(items);
        if let Some(last) = run.last() {
            self.lasts.insert(at, *last);
            self.runs.insert(at, run);
        }
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
            steps in vec((0_u8..4, 0_u16..900, vec(0_u16..900, 1..60)), 0..60),
        ) {
            let mut runs = Runs::new();
            let mut model = BTreeSet::new();
            for (step, number, mut items) in steps {
                match step {
                    0 | 1 => {
                        model.extend(items.iter().copied());
                        runs.insert(&mut items);
                    }
                    2 => {
                        let items: Vec<_> = model.range(number..).take(80).copied().collect();
                        runs.remove(&items);
                        items.iter().for_each(|item| _ = model.remove(item));
                    }
                    _ => {
                        let last = model.last().copied().filter(|last| *last > number);
                        last.iter().for_each(|last| _ = model.remove(last));
                        prop_assert_eq!(runs.pop_last_if(|last| last > number), last);
                    }
                }
                prop_assert!(runs.iter().eq(model.iter().copied()));
                prop_assert!(runs.runs.iter().all(|run| (1..=MOST).contains(&run.len())));
                prop_assert!(runs.lasts.iter().eq(runs.runs.iter().flat_map(|run| run.last())));
                prop_assert!(runs.gone.len() <= MOST + 4 * runs.runs.len());
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
        let most: Vec<usize> = (0..all).filter(|item| item % 8 != 0).collect();
        up.remove(&most);
        assert!(up.runs.len() <= 25, "{}", up.runs.len());
        most.iter().for_each(|item| down.remove(&[*item]));
        assert!(down.runs.len() <= 50, "{}", down.runs.len());
        while up.pop_last_if(|_| true).is_some() {}
        assert!(up.runs.is_empty() && up.lasts.is_empty() && up.gone.is_empty());
    }
}

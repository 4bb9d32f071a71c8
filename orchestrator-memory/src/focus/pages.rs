//! A map from numbers that are given one after the other.

use std::{collections::HashMap, hash::BuildHasherDefault};

use super::by_number::ByNumber;

/// So many neighbours lie in a page.
const PAGE: usize = 64;

/// What belongs to which number, in pages of neighbouring numbers: without a hash table's spare room
/// and with one look in place of two, where most numbers of a page are in use. It holds any numbers.
#[derive(Debug, Clone)]
pub(super) struct Pages<T> {
    pages: HashMap<u64, Box<[Option<T>; PAGE]>, BuildHasherDefault<ByNumber>>,
}

impl<T: Copy> Pages<T> {
    pub(super) fn new() -> Self {
        Self {
            pages: HashMap::default(),
        }
    }

    pub(super) fn get(&self, number: u64) -> Option<&T> {
        let (page, at) = place_of(number);
        self.pages.get(&page)?[at].as_ref()
    }

    pub(super) fn get_mut(&mut self, number: u64) -> Option<&mut T> {
        let (page, at) = place_of(number);
        self.pages.get_mut(&page)?[at].as_mut()
    }

    /// Puts one in, in place of what was there.
    pub(super) fn insert(&mut self, number: u64, item: T) {
        let (page, at) = place_of(number);
        let page = self.pages.entry(page);
        page.or_insert_with(|| Box::new([None; PAGE]))[at] = Some(item);
    }

    pub(super) fn remove(&mut self, number: u64) -> Option<T> {
        let (number, at) = place_of(number);
        let page = self.pages.get_mut(&number)?;
        let item = page[at].take();
        if page.iter().all(Option::is_none) {
            self.pages.remove(&number);
        }
        item
    }
}

fn place_of(number: u64) -> (u64, usize) {
    (number / PAGE as u64, (number % PAGE as u64) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    proptest! {
        /// Whatever comes and goes, it is what the standard library's map is, and keeps no empty page.
        #[test]
        fn it_is_a_map(steps in vec((any::<bool>(), prop_oneof![0_u64..300, any::<u64>()]), 0..200)) {
            let mut pages = Pages::new();
            let mut model = HashMap::new();
            for (step, (is_in, number)) in steps.iter().copied().enumerate() {
                if is_in {
                    pages.insert(number, step);
                    model.insert(number, step);
                } else {
                    // Of those that are in, more often than not.
                    let number = model.keys().copied().min().unwrap_or(number);
                    prop_assert_eq!(pages.remove(number), model.remove(&number));
                }
                for (_, number) in &steps {
                    prop_assert_eq!(pages.get(*number), model.get(number));
                    prop_assert_eq!(pages.get_mut(*number), model.get_mut(number));
                }
            }
            model.keys().for_each(|number| _ = pages.remove(*number));
            prop_assert!(pages.pages.is_empty());
        }
    }
}

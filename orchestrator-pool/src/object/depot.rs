//! The magazines that no thread has.
//!
//! Threads take and give whole magazines, so that the lock is paid once for many objects
//! (Bonwick and Adams 2001, "Magazines and Vmem").

use std::sync::atomic::Ordering;

use super::shelf::{AtomicUsize, Shelf};

/// Objects that move together.
pub(crate) type Magazine<T> = Vec<Box<T>>;

/// A bounded number of magazines.
pub(crate) struct Depot<T> {
    shelf: Shelf<Magazine<T>>,
    /// Places taken: as many as there are magazines on the shelf, or on their way to it.
    taken: AtomicUsize,
    places: usize,
}

impl<T> Depot<T> {
    pub(crate) fn new(places: usize) -> Self {
        Self {
            shelf: Shelf::new(),
            taken: AtomicUsize::new(0),
            places,
        }
    }

    /// Gives the magazine back when there is no place for it.
    pub(crate) fn put(&self, magazine: Magazine<T>) -> Result<(), Magazine<T>> {
        // The place first, then the magazine: there is never more on the shelf than places.
        let order = Ordering::Relaxed; // The shelf's lock hands the magazine over.
        let one_more = |taken: usize| (taken < self.places).then_some(taken + 1);
        match self.taken.fetch_update(order, order, one_more) {
            Ok(_) => {
                self.shelf.put(magazine);
                Ok(())
            }
            Err(_) => Err(magazine),
        }
    }

    pub(crate) fn take(&self) -> Option<Magazine<T>> {
        let magazine = self.shelf.take()?;
        self.taken.fetch_sub(1, Ordering::Relaxed);
        Some(magazine)
    }

    /// How many magazines lie here.
    pub(crate) fn len(&self) -> usize {
        self.shelf.len()
    }
}

#[cfg(all(test, feature = "shuttle"))]
mod shuttle_tests {
    use std::collections::BTreeSet;

    use shuttle::{sync::Arc, thread};

    use super::*;

    const THREADS: u32 = 3;
    const PLACES: usize = 2;

    /// Every object is in one place at a time, none is lost, and the places are never exceeded.
    fn exchange() {
        let depot = Arc::new(Depot::new(PLACES));
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let depot = Arc::clone(&depot);
                thread::spawn(move || {
                    let mut mine: Magazine<u32> = vec![Box::new(thread)];
                    for _ in 0..3 {
                        if let Err(full) = depot.put(std::mem::take(&mut mine)) {
                            mine = full;
                        }
                        assert!(depot.len() <= PLACES, "more magazines than places");
                        if let Some(more) = depot.take() {
                            mine.extend(more);
                        }
                    }
                    mine
                })
            })
            .collect();
        let mut all: Vec<Box<u32>> = Vec::new();
        for thread in threads {
            all.extend(thread.join().expect("no panic"));
        }
        while let Some(magazine) = depot.take() {
            all.extend(magazine);
        }
        assert_eq!(depot.taken.load(Ordering::Relaxed), 0, "a place is lost");
        assert_eq!(all.len(), THREADS as usize, "lost, or there twice");
        let distinct: BTreeSet<u32> = all.into_iter().map(|object| *object).collect();
        assert_eq!(distinct.len(), THREADS as usize, "there twice");
    }

    #[test]
    fn shuttle_the_depot_loses_nothing_and_keeps_its_bound() {
        shuttle::check_random(exchange, 3_000);
        shuttle::check_pct(exchange, 3_000, 3);
    }

    /// The control: who looks first and takes the place afterwards exceeds the places.
    #[test]
    #[should_panic(expected = "more magazines than places")]
    fn shuttle_a_depot_that_looks_first_is_caught() {
        let broken = || {
            let depot = Arc::new(Depot::new(1));
            let threads: Vec<_> = (0..2_u32)
                .map(|thread| {
                    let depot = Arc::clone(&depot);
                    thread::spawn(move || {
                        if depot.len() < depot.places {
                            depot.shelf.put(vec![Box::new(thread)]);
                        }
                        assert!(depot.len() <= 1, "more magazines than places");
                    })
                })
                .collect();
            for thread in threads {
                thread.join().expect("no panic");
            }
        };
        shuttle::check_random(broken, 3_000);
    }
}

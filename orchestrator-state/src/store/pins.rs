//! Which versions are being looked at: one slot for each snapshot and each transaction.
//!
//! A reader announces its version in a slot before it reads, and a writer looks at all slots before
//! it drops old revisions. That is the idea of hazard eras (Ramalhete & Correia 2017), with commit
//! versions as the eras. The race that matters: a reader has chosen a version but has not announced
//! it, while a writer looks. So the reader announces, and then looks whether the watermark has moved
//! past its version meanwhile. If it has not, no writer that has missed the announcement can have
//! dropped anything that the reader needs.

use std::cell::Cell;

use crate::sync::{AtomicU64, AtomicUsize, OnceLock, Ordering};

/// How many slots the first block has. Each further block has twice as many as the one before.
const FIRST: usize = 32;
/// Enough blocks for 2^27 snapshots at a time.
const BLOCKS: usize = 22;
/// In a slot: a writer has found that this pin keeps something from being dropped.
const BLOCKING: u64 = 1 << 63;

/// A slot has a cache line of its own (two, since processors fetch them in pairs), so that readers
/// do not slow each other down.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Slot(AtomicU64);

/// The slots. 0 is a free one; otherwise it holds a version plus one.
#[derive(Debug)]
pub(super) struct Pins {
    blocks: [OnceLock<Box<[Slot]>>; BLOCKS],
    /// All slots that were ever used are below this.
    used: AtomicUsize,
}

/// A slot that is taken. It must be given back with [`Pins::release`].
#[derive(Debug)]
pub(super) struct Pin {
    pub(super) version: u64,
    slot: usize,
}

/// What the writer has to keep.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Horizon {
    /// Every version from this one on may still be asked for.
    pub(super) watermark: u64,
    /// Older versions that are pinned, in order.
    pub(super) pinned: Vec<u64>,
}

impl Horizon {
    /// The oldest version that anyone may ask for.
    pub(super) fn oldest(&self) -> u64 {
        self.pinned.first().copied().unwrap_or(self.watermark)
    }

    /// Whether a revision that was written at `from` and replaced at `until` is needed.
    pub(super) fn needs(&self, from: u64, until: u64) -> bool {
        if until > self.watermark {
            return true;
        }
        let next = self.pinned.partition_point(|pinned| *pinned < from);
        self.pinned.get(next).is_some_and(|pinned| *pinned < until)
    }
}

thread_local! {
    /// Where this thread has last found a free slot.
    static HINT: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// Spreads the threads over the slots.
static NEXT_HINT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

impl Pins {
    pub(super) fn new() -> Self {
        Self {
            blocks: [const { OnceLock::new() }; BLOCKS],
            used: AtomicUsize::new(0),
        }
    }

    /// Pins a version: `choose` says which, and `watermark` is the version below which writers may
    /// drop what no pin needs. `choose` is never below the watermark that it could have seen.
    pub(super) fn pin(&self, watermark: &AtomicU64, choose: impl Fn() -> u64) -> Pin {
        let mut version = choose();
        let slot = self.take(version);
        // Announced; now look whether it was in time.
        while watermark.load(Ordering::SeqCst) > version {
            version = choose();
            self.slot(slot).0.store(version + 1, Ordering::SeqCst);
        }
        Pin { version, slot }
    }

    /// Pins a version if nothing that it needs can have been dropped: `floor` is the highest
    /// watermark by which anything was dropped.
    pub(super) fn pin_past(&self, version: u64, floor: &AtomicU64) -> Option<Pin> {
        let slot = self.take(version);
        let pin = Pin { version, slot };
        if floor.load(Ordering::SeqCst) <= version {
            return Some(pin);
        }
        self.release(&pin);
        None
    }

    /// Pins the version of another pin, which protects it meanwhile.
    pub(super) fn pin_again(&self, pin: &Pin) -> Pin {
        let slot = self.take(pin.version);
        Pin {
            version: pin.version,
            slot,
        }
    }

    /// Gives a slot back. Says whether a writer is waiting for that.
    pub(super) fn release(&self, pin: &Pin) -> bool {
        let slot = &self.slot(pin.slot).0;
        // A mark that is set right behind this look is lost, and then the next commit drops what
        // this pin has kept.
        let blocking = slot.load(Ordering::Relaxed) & BLOCKING != 0;
        slot.store(0, Ordering::Release);
        blocking
    }

    /// All pinned versions below the watermark, in order. What is dropped by the watermark must be
    /// dropped after this look.
    pub(super) fn look(&self, watermark: u64) -> Horizon {
        // Pairs with the announcement in `pin`: of a store there and this look, one sees the other.
        crate::sync::fence(Ordering::SeqCst);
        let mut pinned = Vec::new();
        let used = self.used.load(Ordering::SeqCst);
        for slot in self.slots(used) {
            let value = slot.0.load(Ordering::SeqCst) & !BLOCKING;
            if value != 0 && value <= watermark {
                pinned.push(value - 1);
            }
        }
        pinned.sort_unstable();
        pinned.dedup();
        Horizon { watermark, pinned }
    }

    /// Marks the pins up to a version: who releases one of them is asked to clean up.
    pub(super) fn mark_blocking(&self, up_to: u64) {
        let used = self.used.load(Ordering::SeqCst);
        for slot in self.slots(used) {
            let value = slot.0.load(Ordering::Relaxed);
            if value != 0 && value <= up_to + 1 {
                // It may have been released in between; then there is nothing to mark.
                let _ = slot.0.compare_exchange(
                    value,
                    value | BLOCKING,
                    Ordering::Relaxed,
                    Ordering::Relaxed,
                );
            }
        }
    }

    /// Takes a free slot.
    fn take(&self, version: u64) -> usize {
        let mut at = HINT.get();
        if at == usize::MAX {
            at = NEXT_HINT.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % FIRST;
        }
        let end = BLOCKS_END;
        loop {
            let taken = self.slot(at).0.compare_exchange(
                0,
                version + 1,
                Ordering::SeqCst,
                Ordering::Relaxed,
            );
            if taken.is_ok() {
                break;
            }
            at = (at + 1) % end;
        }
        HINT.set(at);
        if self.used.load(Ordering::Relaxed) <= at {
            // A writer that does not know of this slot yet has looked before this line, and so before
            // the look at the watermark that follows.
            self.used.fetch_max(at + 1, Ordering::SeqCst);
        }
        at
    }

    fn slot(&self, at: usize) -> &Slot {
        let (block, offset) = place(at);
        let slots = self.blocks[block].get_or_init(|| {
            let len = FIRST << block;
            std::iter::repeat_with(Slot::default).take(len).collect()
        });
        &slots[offset]
    }

    /// The slots below a place, as far as they exist. A block may be missing before one that is
    /// there: threads bring their hints along from other stores.
    fn slots(&self, below: usize) -> impl Iterator<Item = &Slot> {
        let blocks = self.blocks.iter().enumerate();
        let present = blocks.filter_map(|(block, slots)| Some((block, slots.get()?)));
        present.flat_map(move |(block, slots)| {
            let first = FIRST * ((1 << block) - 1);
            &slots[..below.saturating_sub(first).min(slots.len())]
        })
    }
}

/// How many slots there can be.
const BLOCKS_END: usize = FIRST * ((1 << BLOCKS) - 1);

/// The block and the place in it of a slot.
fn place(at: usize) -> (usize, usize) {
    let block = (at / FIRST + 1).ilog2() as usize;
    (block, at - FIRST * ((1 << block) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slot_has_a_place_of_its_own() {
        let mut expected = (0..8).flat_map(|block| (0..FIRST << block).map(move |at| (block, at)));
        for at in 0..FIRST * 255 {
            assert_eq!(Some(place(at)), expected.next());
        }
    }

    #[test]
    fn pins_are_seen_until_they_are_released() {
        let pins = Pins::new();
        let watermark = AtomicU64::new(5);
        let held: Vec<Pin> = (0..200).map(|_| pins.pin(&watermark, || 5)).collect();
        let old = pins.pin_past(3, &AtomicU64::new(3));
        assert!(pins.pin_past(3, &AtomicU64::new(4)).is_none());
        watermark.store(9, Ordering::SeqCst);
        assert_eq!(pins.look(9).pinned, [3, 5]);
        assert_eq!(pins.look(5).pinned, [3]);
        assert!(!pins.release(&old.unwrap()));
        let again = pins.pin_again(&held[0]);
        for pin in &held {
            assert!(!pins.release(pin));
        }
        assert_eq!(pins.look(9).pinned, [5]);
        pins.mark_blocking(5);
        assert!(pins.release(&again));
        assert_eq!(
            pins.look(9),
            Horizon {
                watermark: 9,
                pinned: vec![]
            }
        );
    }

    #[test]
    fn a_revision_is_needed_if_a_pin_is_within_its_time() {
        let horizon = Horizon {
            watermark: 20,
            pinned: vec![5, 9],
        };
        assert!(horizon.needs(18, 21));
        assert!(!horizon.needs(18, 20));
        assert!(horizon.needs(9, 20));
        assert!(!horizon.needs(10, 20));
        assert!(horizon.needs(3, 6));
        assert!(!horizon.needs(6, 9));
        assert_eq!(horizon.oldest(), 5);
    }
}

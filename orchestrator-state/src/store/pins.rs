//! Which versions are being looked at: one slot for each snapshot and each transaction.
//!
//! A reader announces its version in a slot before it reads, and a writer looks at all slots before
//! it drops old revisions. That is the idea of hazard eras (Ramalhete & Correia 2017), with commit
//! versions as the eras. The race that matters: a reader has chosen a version but has not announced
//! it, while a writer looks. So the reader announces, and then looks whether the floor, by which writers
//! drop, has moved past its version meanwhile. If it has not, no writer that has missed the announcement can have
//! dropped anything that the reader needs.
//!
//! A copy of a pin needs no such second look, for the pin that it is a copy of protects it. But that pin
//! may be released while a writer is looking: the writer has passed the copy's slot before the copy was
//! there, and comes to the other slot when that is free again. See [`Pins::pin_again`].

#[cfg(test)]
#[cfg(feature = "shuttle")]
mod schedules;
#[cfg(all(test, not(feature = "shuttle")))]
mod tests;

use std::cell::Cell;

use crate::sync::{AtomicU64, AtomicUsize, OnceLock, Ordering};

/// How many slots the first block has. Each further block has twice as many as the one before.
const FIRST: usize = 32;
/// Enough blocks for 2^27 snapshots at a time.
const BLOCKS: usize = 22;
/// Copies look for a slot above that of their pin, but not further up than this.
const COPIES: usize = if cfg!(all(test, feature = "shuttle")) {
    8
} else {
    FIRST * 15
};
/// Every so many searches for a free slot begin below, or pins within pins would wander up for ever.
const SEARCHES: u32 = 32;
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
    /// Counts the copies that may have been put where a look had been already.
    copied: AtomicU64,
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
    /// How often it has found another one than last.
    static SEARCHED: Cell<u32> = const { Cell::new(0) };
}

/// Spreads the threads over the slots.
static NEXT_HINT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

impl Pins {
    pub(super) fn new() -> Self {
        Self {
            blocks: [const { OnceLock::new() }; BLOCKS],
            used: AtomicUsize::new(0),
            copied: AtomicU64::new(0),
        }
    }

    /// Pins a version: `choose` says which, and `floor` is the highest watermark by which anything was
    /// dropped. `choose` is never below the floor that it could have seen.
    ///
    /// It is the floor that is looked at, and not the newest version, because that changes with every
    /// commit: a reader beside a writer would wait for it to come from the writer's cache once more.
    pub(super) fn pin(&self, floor: &AtomicU64, choose: impl Fn() -> u64) -> Pin {
        let mut version = choose();
        let slot = self.take(version);
        // Announced; now look whether it was in time.
        while floor.load(Ordering::SeqCst) > version {
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
    ///
    /// A look goes upwards. If it has passed the copy's slot before the copy was there, and the copy's
    /// slot is above the pin's, it has seen the pin. If there is no such slot, the look is told to begin
    /// again.
    pub(super) fn pin_again(&self, pin: &Pin) -> Pin {
        let version = pin.version;
        let above = (pin.slot + 1..COPIES).find(|at| self.take_free(*at, version));
        let slot = above.unwrap_or_else(|| {
            let slot = self.take(version);
            self.copied.fetch_add(1, Ordering::SeqCst);
            slot
        });
        Pin { version, slot }
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
        loop {
            let copied = self.copied.load(Ordering::SeqCst);
            pinned.clear();
            let mut seen = 0;
            loop {
                // A copy may have come into a slot that was beyond the last one, and its pin have left.
                let used = self.used.load(Ordering::SeqCst);
                if seen >= used {
                    break;
                }
                for slot in self.slots(seen, used) {
                    let value = slot.0.load(Ordering::SeqCst) & !BLOCKING;
                    if value != 0 && value <= watermark {
                        pinned.push(value - 1);
                    }
                }
                seen = used;
            }
            if self.copied.load(Ordering::SeqCst) == copied {
                break;
            }
        }
        pinned.sort_unstable();
        pinned.dedup();
        Horizon { watermark, pinned }
    }

    /// Marks the pins up to a version: who releases one of them is asked to clean up.
    pub(super) fn mark_blocking(&self, up_to: u64) {
        let used = self.used.load(Ordering::SeqCst);
        for slot in self.slots(0, used) {
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
        let hint = HINT.get();
        if hint != usize::MAX && self.try_take(hint, version) {
            return hint;
        }
        let searched = SEARCHED.get();
        SEARCHED.set(searched.wrapping_add(1));
        let mut at = hint;
        if hint == usize::MAX || searched.is_multiple_of(SEARCHES) {
            at = NEXT_HINT.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % FIRST;
        }
        while !self.take_free(at, version) {
            at = (at + 1) % BLOCKS_END;
        }
        HINT.set(at);
        at
    }

    /// Takes a slot if it looks free. Those that are not are left to their threads' caches.
    fn take_free(&self, at: usize, version: u64) -> bool {
        self.slot(at).0.load(Ordering::Relaxed) == 0 && self.try_take(at, version)
    }

    fn try_take(&self, at: usize, version: u64) -> bool {
        let taken =
            self.slot(at)
                .0
                .compare_exchange(0, version + 1, Ordering::SeqCst, Ordering::Relaxed);
        if taken.is_err() {
            return false;
        }
        if self.used.load(Ordering::Relaxed) <= at {
            // A writer that does not know of this slot yet has looked before this line, and so before
            // the look at the watermark that follows.
            self.used.fetch_max(at + 1, Ordering::SeqCst);
        }
        true
    }

    fn slot(&self, at: usize) -> &Slot {
        let (block, offset) = place(at);
        let slots = self.blocks[block].get_or_init(|| {
            let len = FIRST << block;
            std::iter::repeat_with(Slot::default).take(len).collect()
        });
        &slots[offset]
    }

    /// The slots from one place to below another, as far as they exist. A block may be missing before
    /// one that is there: threads bring their hints along from other stores.
    fn slots(&self, from: usize, below: usize) -> impl Iterator<Item = &Slot> {
        let blocks = self.blocks.iter().enumerate();
        let present = blocks.filter_map(|(block, slots)| Some((block, slots.get()?)));
        present.flat_map(move |(block, slots)| {
            let first = FIRST * ((1 << block) - 1);
            let within = |at: usize| at.saturating_sub(first).min(slots.len());
            &slots[within(from)..within(below)]
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

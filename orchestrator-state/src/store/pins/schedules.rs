//! Pins under many schedules: whoever has pinned a version finds it, whatever the writer drops.
//!
//! Every version writes the one key that there is, so a version needs the revision of its own number.
//! Shuttle tries orders of steps, each of which everybody sees at once. What weaker memory adds to
//! that is not tried here; the comments in `pins` argue it.
//!
//! `cargo test -p orchestrator-state --features shuttle shuttle_`

use std::collections::BTreeSet;
use std::panic;

use shuttle::sync::{Arc, Mutex};
use shuttle::thread;

use super::*;

/// How many versions the writer publishes after the first.
const VERSIONS: u64 = 3;

/// What is left out on purpose.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Bug {
    None,
    /// A reader does not look whether its announcement was in time.
    NoSecondLook,
    /// A reader of an old version does not look at the floor.
    NoFloor,
    /// A copy takes any slot and tells nobody.
    CopyAnywhere,
    /// A writer does not look at slots that came into use while it looked.
    UsedOnce,
}

/// A store of one key.
struct World {
    pins: Pins,
    published: AtomicU64,
    floor: AtomicU64,
    revisions: Mutex<BTreeSet<u64>>,
    bug: Bug,
}

impl World {
    fn new(bug: Bug) -> Arc<Self> {
        // The place where the search begins outlives a schedule.
        HINT.set(0);
        Arc::new(Self {
            pins: Pins::new(),
            published: AtomicU64::new(1),
            floor: AtomicU64::new(1),
            revisions: Mutex::new([1].into()),
            bug,
        })
    }

    /// Publishes versions, and after each drops what nobody needs of those `kept` before it and older.
    fn write(&self, kept: u64) {
        for version in 2..2 + VERSIONS {
            self.revisions.lock().unwrap().insert(version);
            self.published.store(version, Ordering::Release);
            let watermark = (version - kept).max(self.floor.load(Ordering::Relaxed));
            self.floor.store(watermark, Ordering::SeqCst);
            let horizon = self.look(watermark);
            let mut revisions = self.revisions.lock().unwrap();
            let all: Vec<u64> = revisions.iter().copied().collect();
            for pair in all.windows(2) {
                if !horizon.needs(pair[0], pair[1]) {
                    revisions.remove(&pair[0]);
                }
            }
        }
    }

    fn look(&self, watermark: u64) -> Horizon {
        if self.bug != Bug::UsedOnce {
            return self.pins.look(watermark);
        }
        let used = self.pins.used.load(Ordering::SeqCst);
        let slots = self.pins.slots(0, used);
        let values = slots.map(|slot| slot.0.load(Ordering::SeqCst));
        let mut pinned: Vec<u64> = values
            .filter(|value| (1..=watermark).contains(value))
            .map(|value| value - 1)
            .collect();
        pinned.sort_unstable();
        Horizon { watermark, pinned }
    }

    fn pin(&self) -> Pin {
        let newest = || self.published.load(Ordering::SeqCst);
        if self.bug == Bug::NoSecondLook {
            let version = newest();
            let slot = self.pins.take(version);
            return Pin { version, slot };
        }
        self.pins.pin(&self.floor, newest)
    }

    fn pin_past(&self, version: u64) -> Option<Pin> {
        if self.bug == Bug::NoFloor {
            let slot = self.pins.take(version);
            return Some(Pin { version, slot });
        }
        self.pins.pin_past(version, &self.floor)
    }

    fn pin_again(&self, pin: &Pin) -> Pin {
        if self.bug == Bug::CopyAnywhere {
            let slot = self.pins.take(pin.version);
            let version = pin.version;
            return Pin { version, slot };
        }
        self.pins.pin_again(pin)
    }

    /// What a read at the pinned version comes upon.
    fn finds(&self, pin: &Pin) {
        let revisions = self.revisions.lock().unwrap();
        let found = revisions.range(..=pin.version).next_back();
        assert_eq!(found, Some(&pin.version), "of {revisions:?}");
    }
}

/// Runs the writer beside readers.
fn beside_a_writer(bug: Bug, kept: u64, readers: &[fn(&World)]) {
    let world = World::new(bug);
    let reading: Vec<_> = readers
        .iter()
        .map(|reader| {
            let (world, reader) = (world.clone(), *reader);
            thread::spawn(move || reader(&world))
        })
        .collect();
    world.write(kept);
    for reader in reading {
        reader.join().unwrap();
    }
    // When everybody has left, the newest is all that is kept.
    assert_eq!(world.pins.look(u64::MAX >> 1).pinned, [0; 0]);
}

fn newest(world: &World) {
    for _ in 0..2 {
        let pin = world.pin();
        world.finds(&pin);
        thread::yield_now();
        world.finds(&pin);
        world.pins.release(&pin);
    }
}

fn older(world: &World) {
    for version in 1..=2 {
        // As `snapshot_at` does: what is not there yet is another matter.
        if version > world.published.load(Ordering::SeqCst) {
            continue;
        }
        if let Some(pin) = world.pin_past(version) {
            world.finds(&pin);
            thread::yield_now();
            world.finds(&pin);
            world.pins.release(&pin);
        } else {
            assert!(world.floor.load(Ordering::SeqCst) > version, "it was there");
        }
    }
}

/// The copy is in a slot above that of the pin where that is possible.
fn copied(world: &World) {
    let pin = world.pin();
    handed_over(world, pin);
}

/// The copy has to take a slot below: there is none above.
fn copied_below(world: &World) {
    let version = world.published.load(Ordering::SeqCst);
    HINT.set(COPIES - 1);
    let pin = world.pin();
    HINT.set(0);
    assert!(pin.version >= version);
    handed_over(world, pin);
}

fn handed_over(world: &World, mut pin: Pin) {
    for _ in 0..2 {
        let copy = world.pin_again(&pin);
        world.pins.release(&pin);
        pin = copy;
        world.finds(&pin);
    }
    world.finds(&pin);
    world.pins.release(&pin);
}

fn check(kept: u64, readers: &'static [fn(&World)]) {
    shuttle::check_random(move || beside_a_writer(Bug::None, kept, readers), 1500);
    shuttle::check_pct(move || beside_a_writer(Bug::None, kept, readers), 500, 3);
}

fn is_caught(bug: Bug, kept: u64, readers: &'static [fn(&World)]) -> bool {
    let scenario = move || beside_a_writer(bug, kept, readers);
    panic::catch_unwind(move || shuttle::check_random(scenario, 5000)).is_err()
        || panic::catch_unwind(move || shuttle::check_pct(scenario, 5000, 3)).is_err()
}

#[test]
fn shuttle_a_pinned_version_is_there() {
    check(0, &[newest, newest]);
}

#[test]
fn shuttle_an_older_version_is_there_or_refused() {
    check(1, &[older, older]);
    check(1, &[older, newest]);
}

#[test]
fn shuttle_a_copy_takes_over() {
    check(0, &[copied, newest]);
    check(0, &[copied, copied]);
}

#[test]
fn shuttle_a_copy_below_takes_over() {
    check(0, &[copied_below]);
    check(0, &[copied_below, copied]);
}

#[test]
fn shuttle_control_a_pin_without_a_second_look_is_caught() {
    assert!(is_caught(Bug::NoSecondLook, 0, &[newest, newest]));
}

#[test]
fn shuttle_control_an_old_version_without_the_floor_is_caught() {
    assert!(is_caught(Bug::NoFloor, 1, &[older]));
}

#[test]
fn shuttle_control_a_copy_anywhere_is_caught() {
    assert!(is_caught(Bug::CopyAnywhere, 0, &[copied_below]));
}

#[test]
fn shuttle_control_slots_that_came_into_use_are_missed() {
    assert!(is_caught(Bug::UsedOnce, 0, &[copied]));
}

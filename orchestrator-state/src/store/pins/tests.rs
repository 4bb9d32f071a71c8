//! One thread at a time: which slot is where, what is seen in them, and how many there get to be.

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
    assert!(old.is_some_and(|pin| !pins.release(&pin)));
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

/// Slots are memory, and every look is at all of them.
#[test]
fn pins_within_pins_do_not_wander() {
    let pins = Pins::new();
    let watermark = AtomicU64::new(5);
    let mut last = pins.pin(&watermark, || 5);
    for _ in 0..10_000 {
        let next = pins.pin(&watermark, || 5);
        pins.release(&last);
        last = next;
    }
    for _ in 0..10_000 {
        let copy = pins.pin_again(&last);
        pins.release(&last);
        last = copy;
    }
    let used = pins.used.load(Ordering::SeqCst);
    assert!(used < 1_000, "{used} slots for two pins at a time");
}

#[test]
fn many_copies_find_places() {
    let pins = Pins::new();
    let watermark = AtomicU64::new(5);
    let first = pins.pin(&watermark, || 5);
    let copies: Vec<Pin> = (0..2_000).map(|_| pins.pin_again(&first)).collect();
    let mut slots: Vec<usize> = copies.iter().map(|copy| copy.slot).collect();
    slots.sort_unstable();
    slots.dedup();
    assert_eq!(slots.len(), copies.len());
    pins.release(&first);
    assert_eq!(pins.look(9).pinned, [5]);
    assert!(copies.iter().all(|copy| !pins.release(copy)));
    assert_eq!(pins.look(9).pinned, [0; 0]);
}

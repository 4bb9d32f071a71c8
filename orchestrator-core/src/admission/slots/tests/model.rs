//! One random step after the other, on the rules and on a model that is nothing but counts.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::{Priority, admission::testing::rounds};

#[derive(Default)]
struct Plain {
    limit: usize,
    out: usize,
    promised: BTreeSet<u64>,
    turned_away: BTreeSet<u64>,
    in_line: BTreeMap<u64, Option<u64>>,
    closed: bool,
}

impl Plain {
    fn taken(&self) -> usize {
        self.out + self.promised.len()
    }

    /// Those who were woken now: they must have been in line, and be promised a slot.
    fn promise(&mut self, woken: Vec<u64>, core: &SlotCore<u64>) {
        let free = self.limit.saturating_sub(self.taken());
        assert_eq!(woken.len(), free.min(self.in_line.len()));
        for token in woken {
            let found = self.in_line.iter().find(|(_, its)| **its == Some(token));
            let number = *found.expect("only who waits is woken").0;
            self.in_line.remove(&number);
            self.promised.insert(number);
        }
        assert_eq!(core.taken(), self.taken());
    }
}

/// `true` if the rules and the model agree for so many steps.
fn agree(seed: u64, steps: usize) {
    let mut random = fastrand::Rng::with_seed(seed);
    let limit = random.usize(0..4);
    let mut core = SlotCore::<u64>::new(limit);
    let mut plain = Plain {
        limit,
        ..Plain::default()
    };
    let mut tokens = 0;
    for _ in 0..steps {
        let mut wake = Vec::new();
        match random.u8(0..32) {
            0..12 => {
                let free = !plain.closed && plain.taken() < plain.limit;
                let mission = ["a", "b", "c"][random.usize(0..3)].into();
                match core.arrive(Priority::ALL[random.usize(0..3)], &mission) {
                    Arrival::Taken => {
                        assert!(free);
                        plain.out += 1;
                    }
                    Arrival::Closed => assert!(plain.closed),
                    Arrival::Waits(number) => {
                        assert!(!free && !plain.closed);
                        // Whoever waits has been polled once, as the driver does it.
                        tokens += 1;
                        assert_eq!(core.ask(number, &mut Some(tokens)), Waited::Still);
                        plain.in_line.insert(number, Some(tokens));
                    }
                }
            }
            12..14 => {
                let free = !plain.closed && plain.taken() < plain.limit;
                assert_eq!(core.try_take(), free);
                plain.out += usize::from(free);
            }
            14..22 if plain.out > 0 => {
                plain.out -= 1;
                core.release(&mut wake);
                plain.promise(wake, &core);
            }
            22..26 => {
                if let Some(number) = plain.promised.pop_first() {
                    assert_eq!(core.ask(number, &mut Some(0)), Waited::Taken);
                    plain.out += 1;
                } else if let Some(number) = plain.turned_away.pop_first() {
                    assert_eq!(core.ask(number, &mut Some(0)), Waited::Closed);
                }
            }
            26..28 => {
                if let Some(number) = plain.promised.pop_first() {
                    assert_eq!(core.leave(number, &mut wake), None);
                    plain.promise(wake, &core);
                } else if let Some((number, token)) = plain.in_line.pop_first() {
                    assert_eq!(core.leave(number, &mut wake), token);
                    assert!(wake.is_empty());
                }
            }
            28..31 => {
                plain.limit = random.usize(0..6);
                core.set_limit(plain.limit, &mut wake);
                plain.promise(wake, &core);
            }
            31 if random.u8(0..8) == 0 => {
                core.close(&mut wake);
                assert_eq!(wake.len(), plain.in_line.len());
                plain.closed = true;
                plain.turned_away.extend(plain.in_line.keys());
                plain.in_line.clear();
            }
            _ => {}
        }
        assert_eq!(core.taken(), plain.taken(), "{seed}");
        assert_eq!(core.waiting(), plain.in_line.len(), "{seed}");
        // Nobody waits while a slot is free.
        assert!(plain.in_line.is_empty() || plain.taken() >= plain.limit);
    }
}

#[test]
fn the_rules_are_the_models() {
    for seed in 0..rounds(1_000, 100_000) {
        agree(seed, 100);
    }
}

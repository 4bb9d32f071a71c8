//! What was acknowledged against what is there.

use std::collections::{HashMap, HashSet};
use std::fmt;

use crate::vault::Kept;

/// An acknowledgement that has left the writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ack {
    /// The entry's number.
    pub number: u64,
    /// The position that the writer was told.
    pub position: u64,
}

/// What is wrong, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Findings {
    /// Acknowledged entries that are not there.
    pub lost: usize,
    /// Entries that are there more than once.
    pub doubled: usize,
    /// Acknowledged entries that stand elsewhere than was said.
    pub misplaced: usize,
    /// Entries that stand before one that came earlier, of the same thread or by the
    /// acknowledgements that the writer had seen; and positions that do not grow.
    pub disordered: usize,
}

impl Findings {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> usize {
        self.lost + self.doubled + self.misplaced + self.disordered
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            lost,
            doubled,
            misplaced,
            disordered,
        } = self;
        write!(
            f,
            "{lost} lost, {doubled} doubled, {misplaced} misplaced, {disordered} out of order"
        )
    }
}

/// Compares them. Entries that were never acknowledged may be there, once, and in order.
#[must_use]
pub fn audit(acks: &[Ack], kept: &[Kept]) -> Findings {
    let mut findings = Findings::default();
    let mut numbers = HashSet::new();
    let mut places = HashMap::new();
    let mut threads: HashMap<u64, u64> = HashMap::new();
    let mut last = 0;
    for kept in kept {
        let entry = &kept.entry;
        if !numbers.insert(entry.number) {
            findings.doubled += 1;
            continue;
        }
        places.insert(entry.number, kept.position);
        let before = threads.insert(entry.thread, entry.number);
        let late = before.is_some_and(|before| before >= entry.number);
        if kept.position <= last || late || entry.after >= kept.position {
            findings.disordered += 1;
        }
        last = kept.position;
    }
    for ack in acks {
        match places.get(&ack.number) {
            None => findings.lost += 1,
            Some(place) if *place != ack.position => findings.misplaced += 1,
            Some(_) => {}
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::Entry;

    /// Two threads take turns: entry `n` stands at position `n`.
    fn sound() -> (Vec<Ack>, Vec<Kept>) {
        let kept = |number: u64| Kept {
            position: number,
            entry: Entry {
                number,
                thread: number % 2,
                after: number - 1,
                pad: String::new(),
            },
        };
        let ack = |number| Ack {
            number,
            position: number,
        };
        ((1..9).map(ack).collect(), (1..=10).map(kept).collect())
    }

    fn found(change: impl FnOnce(&mut Vec<Ack>, &mut Vec<Kept>)) -> Findings {
        let (mut acks, mut kept) = sound();
        change(&mut acks, &mut kept);
        audit(&acks, &kept)
    }

    #[test]
    fn what_is_sound_is_left_alone() {
        assert_eq!(found(|_, _| {}), Findings::default());
        // What was not acknowledged need not be there.
        assert_eq!(found(|_, kept| kept.truncate(8)).total(), 0);
    }

    #[test]
    fn each_kind_of_damage_is_counted() {
        assert_eq!(found(|_, kept| kept.truncate(6)).lost, 2);
        assert_eq!(found(|_, kept| kept.clear()).lost, 8);
        let doubled = found(|_, kept| kept.push(kept[3].clone()));
        assert_eq!((doubled.doubled, doubled.total()), (1, 1));
        let elsewhere = found(|acks, _| acks[2].position = 4);
        assert_eq!((elsewhere.misplaced, elsewhere.total()), (1, 1));
    }

    #[test]
    fn disorder_is_seen() {
        // Two at one position.
        assert_eq!(
            found(|acks, kept| {
                acks.clear();
                kept[5].position = kept[4].position;
                kept[5].entry.after = 0;
            })
            .disordered,
            1
        );
        // A thread's later entry before its earlier one.
        assert!(
            found(|acks, kept| {
                acks.clear();
                let later = kept[4].entry.number;
                kept[4].entry.number = kept[2].entry.number;
                kept[2].entry.number = later;
            })
            .disordered
                > 0
        );
        // An entry before one that its writer knew to be acknowledged.
        assert_eq!(found(|_, kept| kept[3].entry.after = 4).disordered, 1);
    }
}

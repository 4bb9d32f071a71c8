//! The gates of all entries, moved without touching each of them each turn.
//!
//! Without relevance a gate's value falls by the same factor every turn, so of two gates of a tier
//! the higher stays the higher. Each is therefore kept as it was when it was last touched, and those
//! that are open in an order that never changes by itself: by `log2(value) - turn * log2(factor)`.
//! A turn costs what it touches and what it closes, and a look at the best costs what is looked at.

use std::{
    collections::{BTreeSet, HashMap},
    hash::{BuildHasherDefault, Hasher},
};

use crate::{EmaGate, EntryId, GateConfig, Tier};

/// The gates of many entries.
///
/// It gives what observing every gate every turn would give, and takes time for those alone that a
/// turn touches, opens or closes.
///
/// ```
/// use orchestrator_memory::{EntryId, Focus, GateConfig, Tier};
///
/// let mut focus = Focus::new(Tier::ALL.map(GateConfig::for_tier));
/// let (one, two) = (EntryId::new(1), EntryId::new(2));
/// focus.insert(one, Tier::Task, 0.5);
/// focus.insert(two, Tier::Task, 0.4);
/// let evicted: Vec<_> = (0..20).flat_map(|_| focus.turn(&[(two, 0.8)]).evicted).collect();
/// assert_eq!(evicted, [one]);
/// assert_eq!(focus.open().next().map(|(id, _)| id), Some(two));
/// ```
#[derive(Debug, Clone)]
pub struct Focus {
    tiers: [OfTier; 4],
    gates: HashMap<EntryId, Touched, BuildHasherDefault<ByNumber>>,
    turn: u64,
}

/// The open gates of a tier.
#[derive(Debug, Clone)]
struct OfTier {
    config: GateConfig,
    /// `log2` of what a turn leaves.
    falls: f64,
    open: BTreeSet<(Key, EntryId)>,
}

/// A gate as it was when it was last touched; small, for there is one for each entry.
#[derive(Debug, Clone, Copy)]
struct Touched {
    value: f64,
    /// After four billion turns a gate does not fall any further.
    turn: u32,
    tier: Tier,
    is_open: bool,
}

impl Touched {
    fn new(gate: EmaGate, tier: Tier, turn: u64) -> Self {
        Self {
            value: gate.value(),
            turn: u32::try_from(turn).unwrap_or(u32::MAX),
            tier,
            is_open: gate.is_open(),
        }
    }

    fn gate(&self) -> EmaGate {
        EmaGate::raw(self.value, self.is_open)
    }
}

/// Entries are numbered one after the other: that spreads them well enough over a map, once the bits
/// that differ are brought to both ends of the hash (Fibonacci hashing, Knuth 1973).
#[derive(Debug, Clone, Default)]
struct ByNumber(u64);

impl Hasher for ByNumber {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(self.0 ^ u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(32);
    }
}

/// Orders the gates of a tier, whenever they were touched: a number that is not NaN, by its bits, which
/// compare as integers do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key(u64);

const SIGN: u64 = 1 << 63;

impl Key {
    fn of(number: f64) -> Self {
        let bits = number.to_bits();
        Self(if bits & SIGN == 0 { bits | SIGN } else { !bits })
    }

    fn number(self) -> f64 {
        let bits = if self.0 & SIGN == 0 {
            !self.0
        } else {
            self.0 & !SIGN
        };
        f64::from_bits(bits)
    }
}

/// What a turn changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TurnReport {
    /// The number of the turn, from 1.
    pub turn: u64,
    /// What came into focus, the oldest first.
    pub admitted: Vec<EntryId>,
    /// What went out of focus, the oldest first. It is kept, and comes back when it is relevant
    /// again.
    pub evicted: Vec<EntryId>,
    /// What lasts longer from now on: see [`MemoryStore::turn_of`](crate::MemoryStore::turn_of).
    pub promoted: Vec<EntryId>,
    /// What lasts no longer than it was meant to, again.
    pub demoted: Vec<EntryId>,
}

impl Focus {
    /// No gates, before the first turn; what each tier's are like, in the order of [`Tier::ALL`].
    #[must_use]
    pub fn new(tiers: [GateConfig; 4]) -> Self {
        Self {
            tiers: tiers.map(|config| OfTier {
                falls: (1.0 - f64::from(config.alpha())).log2(),
                config,
                open: BTreeSet::new(),
            }),
            gates: HashMap::default(),
            turn: 0,
        }
    }

    /// The number of turns so far.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.turn
    }

    /// A gate for an entry, at a value from 0 to 1; in place of the one that it had.
    pub fn insert(&mut self, id: EntryId, tier: Tier, value: f32) {
        self.remove(id);
        let gate = EmaGate::new(value, &self.tiers[tier.index()].config);
        self.put(id, gate, tier, self.turn);
    }

    /// Ends an entry's gate.
    pub fn remove(&mut self, id: EntryId) {
        if let Some(touched) = self.gates.remove(&id) {
            let tier = &mut self.tiers[touched.tier.index()];
            tier.open.remove(&(tier.key(&touched), id));
        }
    }

    /// Moves an entry to another tier, with the value that it has.
    pub fn shift(&mut self, id: EntryId, tier: Tier) {
        if let Some(gate) = self.gate(id) {
            self.insert(id, tier, gate.value() as f32);
        }
    }

    /// Begins the next turn, in which these, each once, had this relevance, from 0 to 1, and all
    /// others none.
    pub fn turn(&mut self, touched: &[(EntryId, f32)]) -> TurnReport {
        let mut report = TurnReport {
            turn: self.turn + 1,
            ..TurnReport::default()
        };
        for (id, relevance) in touched {
            // As it was at the end of the last turn, from where this one moves it.
            let Some((mut gate, tier)) = self.take(*id) else {
                continue;
            };
            let was_open = gate.is_open();
            gate.observe(*relevance, &self.tiers[tier.index()].config);
            match (was_open, gate.is_open()) {
                (false, true) => report.admitted.push(*id),
                (true, false) => report.evicted.push(*id),
                _ => {}
            }
            self.put(*id, gate, tier, self.turn + 1);
        }
        self.turn += 1;
        for tier in &mut self.tiers {
            while let Some((_, id)) = tier.open.first().copied()
                && let Some(touched) = self.gates.get_mut(&id)
            {
                let gate = tier.gate(touched, self.turn);
                if gate.is_open() {
                    break;
                }
                tier.open.pop_first();
                *touched = Touched::new(gate, touched.tier, self.turn);
                report.evicted.push(id);
            }
        }
        report.admitted.sort_unstable();
        report.evicted.sort_unstable();
        report
    }

    /// Raises an entry's value to at least this one: it was said again.
    pub fn raise(&mut self, id: EntryId, value: f32) {
        if let Some((mut gate, tier)) = self.take(id) {
            gate.raise(value, &self.tiers[tier.index()].config);
            self.put(id, gate, tier, self.turn);
        }
    }

    /// An entry's gate, as it is now.
    #[must_use]
    pub fn gate(&self, id: EntryId) -> Option<EmaGate> {
        let touched = self.gates.get(&id)?;
        Some(self.tiers[touched.tier.index()].gate(touched, self.turn))
    }

    /// What is in focus, and how much: the most first, and of equals of a tier the oldest.
    pub fn open(&self) -> impl Iterator<Item = (EntryId, f64)> {
        let mut tiers = self.tiers.each_ref().map(|tier| Descent {
            rest: tier.open.iter().rev(),
            ahead: None,
            head: None,
            equals: Vec::new(),
            shift: self.turn as f64 * tier.falls,
        });
        tiers.iter_mut().for_each(Descent::fetch);
        std::iter::from_fn(move || {
            let (mut best, mut most) = (None, f64::NEG_INFINITY);
            for (at, tier) in tiers.iter().enumerate() {
                if let Some((_, value)) = tier.head
                    && value > most
                {
                    (best, most) = (Some(at), value);
                }
            }
            tiers[best?].next()
        })
    }

    /// A gate as it was when it was last touched, and when that was.
    pub(crate) fn touched(&self, id: EntryId) -> Option<(EmaGate, Tier, u64)> {
        let touched = self.gates.get(&id)?;
        Some((touched.gate(), touched.tier, touched.turn.into()))
    }

    /// Puts such a gate in the place of the entry's.
    pub(crate) fn restore(&mut self, id: EntryId, gate: EmaGate, tier: Tier, turn: u64) {
        self.remove(id);
        self.put(id, gate, tier, turn);
    }

    /// Goes on from this turn.
    pub(crate) fn go_to(&mut self, turn: u64) {
        self.turn = turn;
    }

    /// Takes a gate out of the order, and gives it as it is now.
    fn take(&mut self, id: EntryId) -> Option<(EmaGate, Tier)> {
        let touched = self.gates.get(&id)?;
        let tier = &mut self.tiers[touched.tier.index()];
        if touched.is_open {
            tier.open.remove(&(tier.key(touched), id));
        }
        Some((tier.gate(touched, self.turn), touched.tier))
    }

    fn put(&mut self, id: EntryId, gate: EmaGate, tier: Tier, turn: u64) {
        let touched = Touched::new(gate, tier, turn);
        if gate.is_open() {
            let tier = &mut self.tiers[tier.index()];
            tier.open.insert((tier.key(&touched), id));
        }
        self.gates.insert(id, touched);
    }
}

impl OfTier {
    /// A gate as it is in this turn.
    fn gate(&self, touched: &Touched, turn: u64) -> EmaGate {
        let turns = turn.saturating_sub(touched.turn.into());
        let mut gate = touched.gate();
        gate.fall((turns as f64 * self.falls).exp2(), &self.config);
        gate
    }

    fn key(&self, touched: &Touched) -> Key {
        Key::of(touched.value.log2() - f64::from(touched.turn) * self.falls)
    }
}

/// The open gates of a tier, from the highest down.
struct Descent<'a> {
    rest: std::iter::Rev<std::collections::btree_set::Iter<'a, (Key, EntryId)>>,
    /// What comes after those that are as high as the head.
    ahead: Option<(Key, EntryId)>,
    head: Option<(EntryId, f64)>,
    /// Those that are as high as the head, the oldest last.
    equals: Vec<EntryId>,
    shift: f64,
}

impl Descent<'_> {
    /// Of equals, the set has the newest first from this side.
    fn fetch(&mut self) {
        if let (Some(id), Some((_, value))) = (self.equals.pop(), self.head) {
            self.head = Some((id, value));
            return;
        }
        let next = self.ahead.take().or_else(|| self.rest.next().copied());
        self.head = next.map(|(key, mut oldest)| {
            for (next, id) in self.rest.by_ref() {
                if *next != key {
                    self.ahead = Some((*next, *id));
                    break;
                }
                self.equals.push(std::mem::replace(&mut oldest, *id));
            }
            (oldest, (key.number() + self.shift).exp2())
        });
    }

    fn next(&mut self) -> Option<(EntryId, f64)> {
        let head = self.head?;
        self.fetch();
        Some(head)
    }
}

//! The gates of all entries, moved without touching each of them each turn.
//!
//! Without relevance a gate's value falls by the same factor every turn, so of two gates of a tier
//! the higher stays the higher. Each is therefore kept as it was when it was last touched, and those
//! that are open in an order that never changes by itself: by `log2(value) - turn * log2(factor)`.
//! A turn costs what it touches and what it closes, and a look at the best costs what is looked at.

mod by_number;
mod pages;
mod runs;

use std::hash::{Hash, Hasher};

use self::{pages::Pages, runs::Runs};
use crate::{EmaGate, EntryId, GateChange, GateConfig, Tier};

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
    gates: Pages<Touched>,
    turn: u64,
}

/// The open gates of a tier.
#[derive(Debug, Clone)]
struct OfTier {
    config: GateConfig,
    /// The highest first, and of equals the oldest.
    open: Runs<Rank>,
    /// What a turn takes out of the order, and what it puts into it.
    leaving: Vec<Rank>,
    coming: Vec<Rank>,
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

    /// The gate as it is in this turn.
    fn now(&self, turn: u64, config: &GateConfig) -> EmaGate {
        let mut gate = self.gate();
        gate.rest(turn.saturating_sub(self.turn.into()), config);
        gate
    }
}

/// The place of a gate in its tier, whenever it was touched: the highest first, and of equals the oldest.
///
/// In the upper half is a number, by [`ordered`], the other way round; in the lower half is the entry's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank(u128);

impl Hash for Rank {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64((self.0 >> 64) as u64 ^ self.0 as u64);
    }
}

/// More than rounding does to a height: a gate that is so much above the threshold does not close.
const DOUBT: f64 = 1e-3;

/// The bits of a number, so that they are ordered as integers as `f64::total_cmp` orders the numbers. Twice,
/// it is nothing.
fn ordered(bits: i64) -> i64 {
    bits ^ ((bits >> 63) as u64 >> 1) as i64
}

const SIGN: u64 = 1 << 63;

impl Rank {
    fn new(height: f64, id: EntryId) -> Self {
        let order = ordered(height.to_bits() as i64);
        // From above, and from 0 on.
        let from_above = !order as u64 ^ SIGN;
        Self(u128::from(from_above) << 64 | u128::from(id.number()))
    }

    fn height(self) -> f64 {
        let order = !((self.0 >> 64) as u64 ^ SIGN) as i64;
        f64::from_bits(ordered(order) as u64)
    }

    fn id(self) -> EntryId {
        EntryId::new(self.0 as u64)
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
                config,
                open: Runs::new(),
                leaving: Vec::new(),
                coming: Vec::new(),
            }),
            gates: Pages::new(),
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
        if let Some(touched) = self.gates.remove(id.number()) {
            self.tiers[touched.tier.index()].take(id, &touched, self.turn);
        }
    }

    /// Moves an entry to another tier, with the value that it has.
    pub fn shift(&mut self, id: EntryId, tier: Tier) {
        if let Some(gate) = self.gate(id) {
            self.insert(id, tier, gate.value() as f32);
        }
    }

    /// Begins the next turn, in which these had this relevance, from 0 to 1, and all others none. Of
    /// one that is there twice, the first counts.
    pub fn turn(&mut self, touched: &[(EntryId, f32)]) -> TurnReport {
        let mut report = TurnReport {
            turn: self.turn + 1,
            ..TurnReport::default()
        };
        let mut touched = touched.to_vec();
        touched.sort_by_key(|(id, _)| *id);
        touched.dedup_by_key(|(id, _)| *id);
        // Where they lie far from each other, it saves time to look at all first and then move all: one
        // look does not wait for another.
        touched.retain(|(id, _)| self.gates.get(id.number()).is_some());
        for (id, relevance) in touched {
            let Some(touched) = self.gates.get_mut(id.number()) else {
                continue;
            };
            let tier = &mut self.tiers[touched.tier.index()];
            if touched.is_open {
                tier.leaving.push(tier.rank(id, touched));
            }
            // As it was at the end of the last turn, from where this one moves it.
            let mut gate = touched.now(self.turn, &tier.config);
            match gate.observe(relevance, &tier.config) {
                GateChange::Admitted => report.admitted.push(id),
                GateChange::Evicted => report.evicted.push(id),
                GateChange::Unchanged => {}
            }
            *touched = Touched::new(gate, touched.tier, self.turn + 1);
            if touched.is_open {
                tier.coming.push(tier.rank(id, touched));
            }
        }
        self.turn += 1;
        for tier in &mut self.tiers {
            tier.open.remove(&tier.leaving);
            tier.open.insert(&mut tier.coming);
            tier.leaving.clear();
            tier.coming.clear();
            let doubtful = tier.config.log_evict() + DOUBT - self.turn as f64 * tier.config.falls();
            while let Some(closed) = tier.open.pop_last_if(|lowest| {
                if lowest.height() > doubtful {
                    return false;
                }
                let touched = self.gates.get(lowest.id().number());
                touched.is_some_and(|touched| !touched.now(self.turn, &tier.config).is_open())
            }) {
                let id = closed.id();
                if let Some(touched) = self.gates.get_mut(id.number()) {
                    let gate = touched.now(self.turn, &tier.config);
                    *touched = Touched::new(gate, touched.tier, self.turn);
                }
                report.evicted.push(id);
            }
        }
        report.evicted.sort_unstable();
        report
    }

    /// Raises an entry's value to at least this one: it was said again.
    pub fn raise(&mut self, id: EntryId, value: f32) {
        if let Some(touched) = self.gates.get_mut(id.number()) {
            let tier = &mut self.tiers[touched.tier.index()];
            let mut gate = tier.take(id, touched, self.turn);
            gate.raise(value, &tier.config);
            *touched = Touched::new(gate, touched.tier, self.turn);
            tier.put(id, touched);
        }
    }

    /// An entry's gate, as it is now.
    #[must_use]
    pub fn gate(&self, id: EntryId) -> Option<EmaGate> {
        let touched = self.gates.get(id.number())?;
        Some(touched.now(self.turn, &self.tiers[touched.tier.index()].config))
    }

    /// What is in focus, and how much: the most first, and of equals of a tier the oldest.
    pub fn open(&self) -> impl Iterator<Item = (EntryId, f64)> {
        let mut descents = self.tiers.each_ref().map(|tier| {
            let shift = self.turn as f64 * tier.config.falls();
            Descent::new(tier.open.iter(), shift)
        });
        let mut heads = descents.each_mut().map(Descent::next);
        let mut orders = heads.map(|head| head.order);
        std::iter::from_fn(move || {
            // Without a branch: which tier is next cannot be guessed.
            let greater = |one: (i64, usize), two: (i64, usize)| match two.0 > one.0 {
                true => two,
                false => one,
            };
            let [one, two, three, four] = orders;
            let (order, best) =
                greater(greater((one, 0), (two, 1)), greater((three, 2), (four, 3)));
            let Head { id, log, .. } = heads[best];
            heads[best] = descents[best].next();
            let next = heads[best].order;
            for (tier, order) in orders.iter_mut().enumerate() {
                *order = if tier == best { next } else { *order };
            }
            (order != Head::NOBODY.order).then(|| (id, log.exp2()))
        })
    }

    /// A gate as it was when it was last touched, and when that was.
    pub(crate) fn touched(&self, id: EntryId) -> Option<(EmaGate, Tier, u64)> {
        let touched = self.gates.get(id.number())?;
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

    fn put(&mut self, id: EntryId, gate: EmaGate, tier: Tier, turn: u64) {
        let touched = Touched::new(gate, tier, turn);
        self.tiers[tier.index()].put(id, &touched);
        self.gates.insert(id.number(), touched);
    }
}

impl OfTier {
    /// Takes a gate out of the order, and gives it as it is in this turn.
    fn take(&mut self, id: EntryId, touched: &Touched, turn: u64) -> EmaGate {
        if touched.is_open {
            self.open.remove(&[self.rank(id, touched)]);
        }
        touched.now(turn, &self.config)
    }

    /// Puts it into the order, if it is open.
    fn put(&mut self, id: EntryId, touched: &Touched) {
        if touched.is_open {
            self.open.insert(&mut [self.rank(id, touched)]);
        }
    }

    fn rank(&self, id: EntryId, touched: &Touched) -> Rank {
        let height = touched.value.log2() - f64::from(touched.turn) * self.config.falls();
        Rank::new(height, id)
    }
}

/// The open gates of a tier, from the highest down.
struct Descent<Ranks> {
    rest: Ranks,
    shift: f64,
    /// What is next: it is at hand when it is asked for.
    ahead: Head,
}

/// The highest of what is left of a tier.
#[derive(Debug, Clone, Copy)]
struct Head {
    id: EntryId,
    /// `log2` of its value.
    log: f64,
    /// The same as a number that is quicker to compare.
    order: i64,
}

impl Head {
    const NOBODY: Self = Self {
        id: EntryId::new(0),
        log: f64::NEG_INFINITY,
        order: i64::MIN,
    };

    fn new(id: EntryId, log: f64) -> Self {
        let order = ordered(log.to_bits() as i64);
        Self { id, log, order }
    }
}

impl<Ranks: Iterator<Item = Rank>> Descent<Ranks> {
    fn new(rest: Ranks, shift: f64) -> Self {
        let mut descent = Self {
            rest,
            shift,
            ahead: Head::NOBODY,
        };
        descent.next();
        descent
    }

    fn next(&mut self) -> Head {
        let ahead = match self.rest.next() {
            Some(next) => Head::new(next.id(), next.height() + self.shift),
            None => Head::NOBODY,
        };
        std::mem::replace(&mut self.ahead, ahead)
    }
}

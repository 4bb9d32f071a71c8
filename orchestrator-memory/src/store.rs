//! The store: entries in tiers, their gates, and what ends with a task or a mission.

use std::{
    collections::{BTreeSet, HashMap},
    hash::{DefaultHasher, Hash, Hasher},
};

use crate::{
    Budget, Context, EmaGate, EntryId, Explanation, Focus, MemoryChange, MemoryConfig, MemoryEntry,
    MemorySnapshot, NewEntry, Query, RecallError, SCHEMA, SnapshotError, SupersedeError, Tier,
    TurnReport,
    change::Saved,
    context::line,
    index::{Fields, Index, Place},
    recall,
    record::{Name, Names, Record},
};

/// What makes an entry take another's place: subject, tier and task.
type Subject = (Name, Tier, Option<Name>);

/// How many entries a turn can bring into focus.
const TOUCHED: usize = 32;

/// What a turn evokes less than this, it does not touch.
const EVOKED: f32 = 0.05;

/// A turn that has so much of an entry in it uses it.
const USED: f32 = 0.6;

/// A gate that is as high as this has been relevant for more than a moment,
const HIGH: f64 = 0.6;

/// and so many turns of that make an entry last longer.
const SUSTAINED: u8 = 3;

/// What an agent remembers.
///
/// Entries are added, superseded by better ones, and dropped with their task or mission. Each
/// [`turn`](Self::turn) moves their gates; [`recall`](Self::recall) picks what goes into a prompt.
/// It does no I/O and knows no time but turns: the same calls give the same store.
#[derive(Debug, Clone)]
pub struct MemoryStore {
    config: MemoryConfig,
    /// By place, which is the number of the entry less one. `None`: gone.
    records: Vec<Option<Record>>,
    /// By the hash of tier, task and content: to fold what is said again.
    same: HashMap<u64, EntryId>,
    subjects: HashMap<Subject, EntryId>,
    names: Names,
    index: Index,
    focus: Focus,
    /// What every recall must have, if it may be shown.
    fixed: BTreeSet<EntryId>,
    /// What has changed since somebody asked, if anybody wants to know.
    changes: Option<Vec<MemoryChange>>,
    /// Whether any entry has ever been linked to another.
    has_links: bool,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new(MemoryConfig::default())
    }
}

impl MemoryStore {
    /// A store without entries, before its first turn.
    #[must_use]
    pub fn new(config: MemoryConfig) -> Self {
        Self {
            focus: Focus::new(Tier::ALL.map(|tier| *config.gate(tier))),
            config,
            records: Vec::new(),
            same: HashMap::new(),
            subjects: HashMap::new(),
            names: Names::default(),
            index: Index::default(),
            fixed: BTreeSet::new(),
            changes: None,
            has_links: false,
        }
    }

    /// Remembers something. Its gate begins at its importance.
    ///
    /// If the same text is there already, in the same tier and for the same task, that entry is
    /// kept: it gets the greater importance, is pinned if either is, and comes into focus as if
    /// it were new. If another text about the same [subject](NewEntry::about) is there, the new one
    /// takes its place.
    pub fn add(&mut self, new: NewEntry) -> EntryId {
        let same = same(new.tier, new.task.as_deref(), &new.content);
        if let Some(id) = self.same.get(&same).copied()
            && let Some(record) = self.record(id)
            && *record.content == *new.content
        {
            self.make(MemoryChange::Repeated {
                id,
                importance: record.importance.max(new.importance),
                raised: new.importance,
                pinned: record.pinned || new.pinned,
                expires: new.expires,
            });
            return id;
        }
        let id = id_at(self.records.len());
        let entry = MemoryEntry {
            id,
            tier: new.tier,
            task: new.task.map(Into::into),
            tokens: self.config.counter.count(&new.content),
            content: new.content.into(),
            subject: new.subject.map(Into::into),
            source: new.source.into(),
            author: new.author.into(),
            session: new.session.map(Into::into),
            time: new.time,
            expires: new.expires,
            links: new.links,
            turn: self.focus.now(),
            importance: new.importance,
            pinned: new.pinned,
            superseded_by: None,
        };
        self.make(MemoryChange::Added { entry });
        id
    }

    /// Makes a change, and keeps it for who wants to know.
    fn make(&mut self, change: MemoryChange) {
        self.apply(&change);
        if let Some(changes) = &mut self.changes {
            changes.push(change);
        }
    }

    /// Makes a change that another store, or this one before, has made: see
    /// [`take_changes`](Self::take_changes). One that does not fit, such as of an entry that is not
    /// there, does nothing.
    pub fn apply(&mut self, change: &MemoryChange) {
        match change {
            MemoryChange::Added { entry } => self.insert(entry.clone()),
            MemoryChange::Repeated {
                id,
                importance,
                raised,
                pinned,
                expires,
            } => {
                if let Some(record) = self.record_mut(*id) {
                    record.importance = *importance;
                    record.pinned = *pinned;
                    record.set_expires(*expires);
                    if record.is_fixed() {
                        self.fixed.insert(*id);
                    }
                    self.focus.raise(*id, *raised);
                }
            }
            MemoryChange::Superseded { old, new } => self.retire(*old, *new),
            MemoryChange::Turned { touched } => _ = self.pass(touched),
            MemoryChange::Moved { id, tier } => self.shift(*id, *tier),
            MemoryChange::Dropped { entries } => {
                for id in entries {
                    self.remove(*id);
                }
            }
        }
    }

    /// Puts an entry in that has its name already.
    fn insert(&mut self, entry: MemoryEntry) {
        let Some(place) = place_of(entry.id).filter(|place| *place >= self.records.len()) else {
            return;
        };
        self.skip_to(place);
        self.index.add(Fields {
            text: &entry.content,
            session: entry.session.as_deref(),
            author: &entry.author,
            time: entry.time,
        });
        let (id, tier) = (entry.id, entry.tier);
        self.focus.insert(id, tier, entry.importance);
        self.same
            .insert(same(tier, entry.task.as_deref(), &entry.content), id);
        let record = self.push(entry);
        let (is_fixed, subject) = (record.is_fixed(), subject(record));
        if is_fixed {
            self.fixed.insert(id);
        }
        if let Some(subject) = subject
            && let Some(old) = self.subjects.insert(subject, id)
        {
            self.retire(old, id);
        }
    }

    fn push(&mut self, entry: MemoryEntry) -> &Record {
        let line = self.config.counter.count(&line(&entry));
        self.has_links |= !entry.links.is_empty();
        let record = Record::new(entry, line, &mut self.names);
        if self.records.len() == self.records.capacity() {
            // An eighth more, not twice as much.
            self.records.reserve_exact(self.records.len() / 8 + 16);
        }
        self.records
            .push_mut(Some(record))
            .as_ref()
            .expect("it was just put there")
    }

    /// Leaves places free up to this one.
    fn skip_to(&mut self, place: usize) {
        while self.records.len() < place {
            self.records.push(None);
            self.index.skip();
        }
    }

    /// Puts one entry in the place of another, which is kept but not recalled any more.
    ///
    /// # Errors
    ///
    /// [`SupersedeError`] if one of them is not there or superseded, if they are the same, or if
    /// the new one would be dropped before the old one.
    pub fn supersede(&mut self, old: EntryId, new: EntryId) -> Result<(), SupersedeError> {
        if old == new {
            return Err(SupersedeError::Itself { id: old });
        }
        let (old_one, new_one) = (self.live(old)?, self.live(new)?);
        let lasts = new_one.tier < old_one.tier
            || new_one.tier == old_one.tier
                && (new_one.task().is_none() || new_one.task() == old_one.task());
        if !lasts {
            let tier = old_one.tier;
            return Err(SupersedeError::ShorterLived { old, tier, new });
        }
        self.make(MemoryChange::Superseded { old, new });
        Ok(())
    }

    fn retire(&mut self, old: EntryId, new: EntryId) {
        self.forget_text(old);
        if let Some(record) = self.record_mut(old) {
            record.supersede(new);
        }
    }

    fn live(&self, id: EntryId) -> Result<&Record, SupersedeError> {
        let record = self.record(id).ok_or(SupersedeError::UnknownEntry { id })?;
        match record.superseded_by() {
            Some(by) => Err(SupersedeError::Superseded { id, by }),
            None => Ok(record),
        }
    }

    /// Begins the next turn. The cue is what it is about: the message, the tool's answer.
    ///
    /// The gates of the 32 entries that it evokes most move up, if that is where their relevance
    /// is, and those of all others fall. What is pinned has no need of a gate.
    pub fn turn(&mut self, cue: &str) -> TurnReport {
        self.turn_of(None, cue)
    }

    /// The same, for a turn that belongs to a task.
    ///
    /// What proves to be of use lasts longer: an entry of one task of which most is in another task's
    /// turn comes to [`Tier::Mission`], and what stays highly relevant for three turns goes up one tier, to
    /// [`Tier::Project`] at most. Once it is out of focus again, it lasts as long as it was meant to.
    pub fn turn_of(&mut self, task: Option<&str>, cue: &str) -> TurnReport {
        let asked = self.index.ask(cue, None);
        let evoked = self.index.evoked(&asked, TOUCHED);
        let evoked = evoked.iter().filter(|one| one.relevance >= EVOKED);
        let touched: Vec<(EntryId, f32)> = evoked
            .clone()
            .map(|one| (id_at(one.place as usize), one.relevance))
            .collect();
        let mut report = self.pass(&touched);
        let task = task.map(|task| self.names.known(task));
        let rising: Vec<(EntryId, Tier)> = evoked
            .filter_map(|one| {
                let id = id_at(one.place as usize);
                let user = task.filter(|_| one.of_entry >= USED);
                Some((id, self.higher(id, user)?))
            })
            .collect();
        if let Some(changes) = &mut self.changes {
            changes.push(MemoryChange::Turned { touched });
        }
        for (id, tier) in rising {
            self.make(MemoryChange::Moved { id, tier });
            report.promoted.push(id);
        }
        for id in report.evicted.clone() {
            let tier = self.record(id).map(|record| (record.tier, record.origin));
            if let Some((tier, origin)) = tier
                && tier < origin
                && self.is_free(id, origin)
            {
                self.make(MemoryChange::Moved { id, tier: origin });
                report.demoted.push(id);
            }
        }
        report
    }

    /// Lets a turn pass, and counts what stays relevant.
    fn pass(&mut self, touched: &[(EntryId, f32)]) -> TurnReport {
        let report = self.focus.turn(touched);
        for (id, _) in touched {
            let is_high = self
                .focus
                .gate(*id)
                .is_some_and(|gate| gate.value() >= HIGH);
            if let (true, Some(record)) = (is_high, self.record_mut(*id)) {
                record.sustained = record.sustained.saturating_add(1);
            }
        }
        for id in &report.evicted {
            if let Some(record) = self.record_mut(*id) {
                record.sustained = 0;
            }
        }
        report
    }

    /// The tier that an entry has earned, if it is a higher one; `task` is who uses it.
    fn higher(&self, id: EntryId, task: Option<Option<Name>>) -> Option<Tier> {
        let record = self.record(id)?;
        let tier = match record.tier {
            Tier::Task => Tier::Mission,
            Tier::Mission => Tier::Project,
            Tier::System | Tier::Project => return None,
        };
        let by_other = match (record.task(), task) {
            (Some(own), Some(user)) => user != Some(own),
            _ => false,
        };
        let has_earned = by_other || record.sustained >= SUSTAINED;
        (has_earned && !record.is_fixed() && self.is_free(id, tier)).then_some(tier)
    }

    /// Whether an entry can come to a tier without taking another's place.
    fn is_free(&self, id: EntryId, tier: Tier) -> bool {
        let Some(record) = self.record(id) else {
            return false;
        };
        let task = record.first_task().filter(|_| tier == Tier::Task);
        let of_task = task.map(|task| self.names.text(task));
        let same = same(tier, of_task.as_deref(), &record.content);
        let is_said = self.same.get(&same).is_some_and(|other| *other != id);
        let subject = record.subject().map(|subject| (subject, tier, task));
        let is_told = subject.is_some_and(|subject| self.subjects.contains_key(&subject));
        !is_said && !is_told
    }

    /// Brings an entry to another tier.
    fn shift(&mut self, id: EntryId, tier: Tier) {
        let Some(record) = self
            .record(id)
            .filter(|record| record.superseded_by().is_none())
        else {
            return;
        };
        let key = |record: &Record, names: &Names| {
            let task = record.task().map(|task| names.text(task));
            same(record.tier, task.as_deref(), &record.content)
        };
        let (old, old_subject) = (key(record, &self.names), subject(record));
        if self.same.get(&old) == Some(&id) {
            self.same.remove(&old);
        }
        if let Some(old) = old_subject
            && self.subjects.get(&old) == Some(&id)
        {
            self.subjects.remove(&old);
        }
        if let Some(record) = self.record_mut(id) {
            (record.tier, record.sustained) = (tier, 0);
        }
        if let Some(record) = self.record(id) {
            let (new, new_subject) = (key(record, &self.names), subject(record));
            self.same.insert(new, id);
            if let Some(new) = new_subject {
                self.subjects.insert(new, id);
            }
        }
        self.focus.shift(id, tier);
    }

    /// Picks what goes into a prompt.
    ///
    /// [`Tier::System`] and what is pinned is always there. Of the rest, what is in focus or
    /// what the query evokes competes for the tokens that are left. Blank, superseded and expired
    /// entries are never recalled. The gates do not move.
    ///
    /// # Errors
    ///
    /// [`RecallError::PinnedExceedBudget`] if what must be there does not fit.
    pub fn recall(&self, query: impl Into<Query>, budget: Budget) -> Result<Context, RecallError> {
        recall::recall(self, &query.into(), budget).map(|recalled| recalled.context)
    }

    /// The same, with what was left out, and why: the best of it, at most `most`.
    ///
    /// # Errors
    ///
    /// As for [`recall`](Self::recall).
    pub fn explain(
        &self,
        query: impl Into<Query>,
        budget: Budget,
        most: usize,
    ) -> Result<Explanation, RecallError> {
        let query = query.into();
        let recalled = recall::recall(self, &query, budget)?;
        Ok(recalled.explain(self, &query, most))
    }

    /// The entries that answer a query best, the best first, with their scores: what recall
    /// chooses from, without what must be there anyway.
    #[must_use]
    pub fn rank(&self, query: impl Into<Query>, most: usize) -> Vec<(EntryId, f32)> {
        let ranked = recall::rank(self, &query.into(), most);
        ranked
            .into_iter()
            .take(most)
            .map(|one| (one.id, one.score))
            .collect()
    }

    /// Drops what belongs to a task. Gives it back, so that it can be summed up.
    pub fn end_task(&mut self, task: &str) -> Vec<MemoryEntry> {
        let Some(task) = self.names.known(task) else {
            return Vec::new();
        };
        self.drop_where(|record| record.task() == Some(task))
    }

    /// Drops [`Tier::Mission`] and [`Tier::Task`]. Gives them back, so that what was learned can
    /// be added to [`Tier::Project`].
    pub fn end_mission(&mut self) -> Vec<MemoryEntry> {
        self.drop_where(|record| record.tier >= Tier::Mission)
    }

    /// An entry, also a superseded one.
    #[must_use]
    pub fn get(&self, id: EntryId) -> Option<MemoryEntry> {
        let record = self.record(id)?;
        Some(record.entry(id, &self.names))
    }

    /// An entry's gate, as it is now; `None` where it has none, as it is superseded or gone.
    #[must_use]
    pub fn gate(&self, id: EntryId) -> Option<EmaGate> {
        self.focus.gate(id)
    }

    /// Every entry in the order of adding, also the superseded ones.
    pub fn entries(&self) -> impl Iterator<Item = MemoryEntry> {
        self.records()
            .map(|(id, record)| record.entry(id, &self.names))
    }

    pub(crate) fn records(&self) -> impl Iterator<Item = (EntryId, &Record)> {
        let records = self.records.iter().enumerate();
        records.filter_map(|(place, record)| Some((id_at(place), record.as_ref()?)))
    }

    pub(crate) fn record(&self, id: EntryId) -> Option<&Record> {
        self.records.get(place_of(id)?)?.as_ref()
    }

    pub(crate) fn has_links(&self) -> bool {
        self.has_links
    }

    pub(crate) fn names(&self) -> &Names {
        &self.names
    }

    fn record_mut(&mut self, id: EntryId) -> Option<&mut Record> {
        self.records.get_mut(place_of(id)?)?.as_mut()
    }

    fn drop_where(&mut self, ends: impl Fn(&Record) -> bool) -> Vec<MemoryEntry> {
        let ending = self.records().filter(|(_, record)| ends(record));
        let ids: Vec<EntryId> = ending.map(|(id, _)| id).collect();
        if ids.is_empty() {
            return Vec::new();
        }
        let dropped: Vec<MemoryEntry> = ids.iter().filter_map(|id| self.remove(*id)).collect();
        if let Some(changes) = &mut self.changes {
            changes.push(MemoryChange::Dropped { entries: ids });
        }
        dropped
    }

    fn remove(&mut self, id: EntryId) -> Option<MemoryEntry> {
        if self.record(id)?.superseded_by().is_none() {
            self.forget_text(id);
        }
        let record = self.records.get_mut(place_of(id)?)?.take()?;
        Some(record.entry(id, &self.names))
    }

    /// From now on, keeps what changes for [`take_changes`](Self::take_changes).
    pub fn watch(&mut self) {
        self.changes.get_or_insert_default();
    }

    /// What has changed since the last call, or since [`watch`](Self::watch), without which there
    /// is nothing.
    #[must_use]
    pub fn take_changes(&mut self) -> Vec<MemoryChange> {
        self.changes
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// All of it, to be kept.
    #[must_use]
    pub fn snapshot(&self) -> MemorySnapshot {
        let saved = self
            .records
            .iter()
            .enumerate()
            .filter_map(|(place, record)| {
                let record = record.as_ref()?;
                let entry = record.entry(id_at(place), &self.names);
                let first_task = record.first_task().map(|task| self.names.text(task));
                let has_moved = record.tier != record.origin;
                Some(Saved {
                    origin: has_moved.then_some((record.origin, first_task)),
                    sustained: record.sustained,
                    weight: self.index.weight(place as Place),
                    gate: self.focus.touched(entry.id),
                    entry,
                })
            });
        MemorySnapshot {
            schema: SCHEMA,
            turn: self.focus.now(),
            last_id: self.records.len() as u64,
            entries: saved.collect(),
        }
    }

    /// The store of which this is a snapshot, with these settings.
    ///
    /// # Errors
    /// [`SnapshotError`] where what it says does not fit together.
    pub fn restore(config: MemoryConfig, snapshot: MemorySnapshot) -> Result<Self, SnapshotError> {
        let mut store = Self::new(config);
        for Saved {
            entry,
            weight,
            gate,
            origin,
            sustained,
        } in snapshot.entries
        {
            let id = entry.id;
            let damaged = |what| SnapshotError::Damaged { id, what };
            let place = place_of(id).filter(|place| *place >= store.records.len());
            let place = place.ok_or_else(|| damaged("is out of order"))?;
            if id.0 > snapshot.last_id {
                return Err(damaged("comes after the last one"));
            }
            if entry.superseded_by.is_some() {
                // It is kept, and nothing else.
                store.skip_to(place);
                store.index.skip();
                store.push(entry);
                continue;
            }
            store.insert(entry);
            store.index.set_weight(place as Place, weight);
            if let Some((gate, tier, turn)) = gate {
                store.focus.restore(id, gate, tier, turn);
            }
            let origin =
                origin.map(|(tier, task)| (tier, task.map(|task| store.names.take(&task))));
            if let Some(record) = store.record_mut(id) {
                record.sustained = sustained;
                if let Some((tier, task)) = origin {
                    record.set_origin(tier, task);
                }
            }
        }
        store.skip_to(usize::try_from(snapshot.last_id).unwrap_or(usize::MAX));
        store.focus.go_to(snapshot.turn);
        Ok(store)
    }

    /// Takes an entry's text out of the index, and lets it be added anew.
    fn forget_text(&mut self, id: EntryId) {
        let Some(place) = place_of(id) else {
            return;
        };
        let Some(record) = self.records.get(place).and_then(Option::as_ref) else {
            return;
        };
        self.index.remove(place as Place, &record.content);
        self.focus.remove(id);
        self.fixed.remove(&id);
        let entry = record.entry(id, &self.names);
        let same = same(entry.tier, entry.task.as_deref(), &entry.content);
        if self.same.get(&same) == Some(&id) {
            self.same.remove(&same);
        }
        if let Some(subject) = subject(record)
            && self.subjects.get(&subject) == Some(&id)
        {
            self.subjects.remove(&subject);
        }
    }

    pub(crate) fn config(&self) -> &MemoryConfig {
        &self.config
    }

    pub(crate) fn index(&self) -> &Index {
        &self.index
    }

    pub(crate) fn focus(&self) -> &Focus {
        &self.focus
    }

    /// What every recall must have, if it may be shown, in the order of adding.
    pub(crate) fn fixed(&self) -> impl Iterator<Item = (EntryId, &Record)> {
        let fixed = self.fixed.iter();
        fixed.filter_map(|id| Some((*id, self.record(*id)?)))
    }
}

/// The entry at a place.
pub(crate) fn id_at(place: usize) -> EntryId {
    EntryId(place as u64 + 1)
}

/// The place of an entry.
pub(crate) fn place_of(id: EntryId) -> Option<usize> {
    usize::try_from(id.0).ok()?.checked_sub(1)
}

fn same(tier: Tier, task: Option<&str>, content: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (tier, task, content).hash(&mut hasher);
    hasher.finish()
}

fn subject(record: &Record) -> Option<Subject> {
    Some((record.subject()?, record.tier, record.task()))
}

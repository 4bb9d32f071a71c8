//! The store: entries in tiers, their gates, and what ends with a task or a mission.

use std::collections::{BTreeMap, HashMap};

use crate::{
    Budget, Context, EmaGate, EntryId, GateChange, MemoryConfig, MemoryEntry, NewEntry, Query,
    RecallError, SupersedeError, Tier,
    lexical::{TermId, Vocabulary},
    recall,
};

/// An entry with what the store knows about it.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) entry: MemoryEntry,
    pub(crate) gate: EmaGate,
    pub(crate) terms: Vec<TermId>,
}

/// What makes an entry the same as another.
type Same = (Tier, Option<String>, String);

/// What a turn changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TurnReport {
    /// The number of the turn, from 1.
    pub turn: u64,
    /// What came into focus, the oldest first.
    pub admitted: Vec<EntryId>,
    /// What went out of focus. It is kept, and comes back when it is relevant again.
    pub evicted: Vec<EntryId>,
}

/// What an agent remembers.
///
/// Entries are added, superseded by better ones, and dropped with their task or mission. Each
/// [`turn`](Self::turn) moves their gates; [`recall`](Self::recall) picks what goes into a prompt.
/// It does no I/O and knows no time but turns: the same calls give the same store.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    config: MemoryConfig,
    records: BTreeMap<EntryId, Record>,
    same: HashMap<Same, EntryId>,
    vocabulary: Vocabulary,
    turn: u64,
    last_id: u64,
}

impl MemoryStore {
    /// A store without entries, before its first turn.
    #[must_use]
    pub fn new(config: MemoryConfig) -> Self {
        Self {
            config,
            ..Self::default()
        }
    }

    /// Remembers something. Its gate begins at its importance.
    ///
    /// If the same text is there already, in the same tier and for the same task, that entry is
    /// kept: it gets the greater importance, is pinned if either is, and comes into focus as if
    /// it were new.
    pub fn add(&mut self, new: NewEntry) -> EntryId {
        let gate_config = self.config.gate(new.tier);
        let same = (new.tier, new.task.clone(), new.content.clone());
        if let Some(&id) = self.same.get(&same)
            && let Some(record) = self.records.get_mut(&id)
        {
            let entry = &mut record.entry;
            entry.importance = entry.importance.max(new.importance);
            entry.pinned |= new.pinned;
            record.gate.raise(new.importance, gate_config);
            return id;
        }
        self.last_id += 1;
        let id = EntryId(self.last_id);
        let record = Record {
            gate: EmaGate::new(new.importance, gate_config),
            terms: self.vocabulary.insert(&new.content),
            entry: MemoryEntry {
                id,
                tier: new.tier,
                task: new.task,
                tokens: self.config.counter.count(&new.content),
                content: new.content,
                source: new.source,
                author: new.author,
                turn: self.turn,
                importance: new.importance,
                pinned: new.pinned,
                superseded_by: None,
            },
        };
        self.records.insert(id, record);
        self.same.insert(same, id);
        id
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
        let (old_entry, new_entry) = (self.live(old)?, self.live(new)?);
        let lasts = new_entry.tier < old_entry.tier
            || new_entry.tier == old_entry.tier
                && (new_entry.task.is_none() || new_entry.task == old_entry.task);
        if !lasts {
            let tier = old_entry.tier;
            return Err(SupersedeError::ShorterLived { old, tier, new });
        }
        if let Some(record) = self.records.get_mut(&old) {
            record.entry.superseded_by = Some(new);
        }
        self.forget_text(old);
        Ok(())
    }

    fn live(&self, id: EntryId) -> Result<&MemoryEntry, SupersedeError> {
        let entry = self.get(id).ok_or(SupersedeError::UnknownEntry { id })?;
        match entry.superseded_by {
            Some(by) => Err(SupersedeError::Superseded { id, by }),
            None => Ok(entry),
        }
    }

    /// Begins the next turn. The cue is what it is about: the message, the tool's answer.
    ///
    /// Every entry's gate moves by how much the cue evokes the entry. What is pinned has no need
    /// of a gate, and is in no report.
    pub fn turn(&mut self, cue: &str) -> TurnReport {
        self.turn += 1;
        let mut report = TurnReport {
            turn: self.turn,
            ..TurnReport::default()
        };
        let cue = self.vocabulary.cue(cue);
        for (&id, record) in &mut self.records {
            if record.entry.is_fixed() || record.entry.superseded_by.is_some() {
                continue;
            }
            let relevance = cue.relevance(&record.terms);
            match record
                .gate
                .observe(relevance, self.config.gate(record.entry.tier))
            {
                GateChange::Unchanged => {}
                GateChange::Admitted => report.admitted.push(id),
                GateChange::Evicted => report.evicted.push(id),
            }
        }
        report
    }

    /// Picks what goes into a prompt.
    ///
    /// [`Tier::System`] and what is pinned is always there. Of the rest, what is in focus or
    /// what the query evokes by itself competes for the tokens that are left. Blank and
    /// superseded entries are never recalled. The gates do not move.
    ///
    /// # Errors
    ///
    /// [`RecallError::PinnedExceedBudget`] if what must be there does not fit.
    pub fn recall(&self, query: impl Into<Query>, budget: Budget) -> Result<Context, RecallError> {
        let query = query.into();
        let wanted = |record: &&Record| {
            let entry = &record.entry;
            let of_other_task = match (&query.task, &entry.task) {
                (Some(asked), Some(task)) => asked != task,
                _ => false,
            };
            entry.superseded_by.is_none() && !entry.content.trim().is_empty() && !of_other_task
        };
        let cue = self.vocabulary.cue(&query.text);
        recall::recall(
            self.records.values().filter(wanted),
            &cue,
            budget,
            &self.config,
        )
    }

    /// Drops what belongs to a task. Gives it back, so that it can be summed up.
    pub fn end_task(&mut self, task: &str) -> Vec<MemoryEntry> {
        self.drop_where(|entry| entry.task.as_deref() == Some(task))
    }

    /// Drops [`Tier::Mission`] and [`Tier::Task`]. Gives them back, so that what was learned can
    /// be added to [`Tier::Project`].
    pub fn end_mission(&mut self) -> Vec<MemoryEntry> {
        self.drop_where(|entry| entry.tier >= Tier::Mission)
    }

    /// An entry, also a superseded one.
    #[must_use]
    pub fn get(&self, id: EntryId) -> Option<&MemoryEntry> {
        self.records.get(&id).map(|record| &record.entry)
    }

    /// An entry's gate.
    #[must_use]
    pub fn gate(&self, id: EntryId) -> Option<&EmaGate> {
        self.records.get(&id).map(|record| &record.gate)
    }

    /// Every entry in the order of adding, also the superseded ones.
    pub fn entries(&self) -> impl Iterator<Item = &MemoryEntry> {
        self.records.values().map(|record| &record.entry)
    }

    fn drop_where(&mut self, ends: impl Fn(&MemoryEntry) -> bool) -> Vec<MemoryEntry> {
        let ids: Vec<_> = self
            .entries()
            .filter(|entry| ends(entry))
            .map(|entry| entry.id)
            .collect();
        let mut dropped = Vec::with_capacity(ids.len());
        for id in ids {
            if self
                .get(id)
                .is_some_and(|entry| entry.superseded_by.is_none())
            {
                self.forget_text(id);
            }
            dropped.extend(self.records.remove(&id).map(|record| record.entry));
        }
        dropped
    }

    /// Takes an entry out of the word counts, and lets its text be added anew.
    fn forget_text(&mut self, id: EntryId) {
        if let Some(record) = self.records.get(&id) {
            self.vocabulary.remove(&record.terms);
            let entry = &record.entry;
            self.same
                .remove(&(entry.tier, entry.task.clone(), entry.content.clone()));
        }
    }
}

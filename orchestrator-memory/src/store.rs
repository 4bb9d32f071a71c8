//! The store: entries in tiers, their gates, and what ends with a task or a mission.

mod kept;
mod turns;

use std::{
    collections::{BTreeSet, HashMap},
    hash::{DefaultHasher, Hash, Hasher},
};

use crate::{
    Budget, Context, EmaGate, Embedding, EntryId, Explanation, Focus, MemoryChange, MemoryConfig,
    MemoryEntry, NewEntry, Query, RecallError, SupersedeError, Tier,
    context::line,
    embedding::Embeddings,
    index::{Fields, Index, PLACES, Place},
    recall,
    record::{Name, Names, Record},
};

/// What makes an entry take another's place: subject, tier and task.
type Subject = (Name, Tier, Option<Name>);

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
    embeddings: Embeddings,
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
            embeddings: Embeddings::default(),
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
    ///
    /// # Panics
    /// Where it is the 134 million and first.
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
        assert!(
            self.records.len() < PLACES,
            "a memory holds {PLACES} entries at most"
        );
        let id = id_at(self.records.len());
        let embedder = self.config.embedder.as_ref();
        let embedding = new
            .embedding
            .or_else(|| embedder.and_then(|embedder| embedder.embed(&new.content)));
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
        if let Some(embedding) = embedding {
            self.make(MemoryChange::Embedded { id, embedding });
        }
        id
    }

    /// Makes vectors of the entries that have none, as they were added without an
    /// [`Embedder`](crate::Embedder): gives how many it has made.
    pub fn embed_missing(&mut self) -> usize {
        let Some(embedder) = self.config.embedder.clone() else {
            return 0;
        };
        let missing = self.records().filter(|(id, record)| {
            record.superseded_by().is_none() && self.embeddings.get(*id).is_none()
        });
        let made: Vec<_> = missing
            .filter_map(|(id, record)| Some((id, embedder.embed(&record.content)?)))
            .collect();
        for (id, embedding) in &made {
            let (id, embedding) = (*id, embedding.clone());
            self.make(MemoryChange::Embedded { id, embedding });
        }
        made.len()
    }

    fn put_embedding(&mut self, id: EntryId, embedding: &Embedding) {
        let live = self
            .record(id)
            .filter(|record| record.superseded_by().is_none());
        if live.is_some() {
            self.embeddings.insert(id, embedding.clone());
        }
    }

    /// Puts an entry in that has its name already.
    fn insert(&mut self, entry: MemoryEntry) {
        let fits = |place: &usize| (self.records.len()..PLACES).contains(place);
        let Some(place) = place_of(entry.id).filter(fits) else {
            return;
        };
        self.skip_to(place);
        self.index.add(Fields {
            text: &entry.content,
            session: entry.session.as_ref().map(|name| self.names.take(name)),
            author: (self.names.take(&entry.author), &entry.author),
            time: entry.time,
        });
        let (id, tier) = (entry.id, entry.tier);
        self.focus.insert(id, tier, entry.importance);
        self.push(entry);
        if self.record(id).is_some_and(Record::is_fixed) {
            self.fixed.insert(id);
        }
        let subject = self.own_keys(id).and_then(|(_, subject)| subject);
        let old = subject.and_then(|subject| self.subjects.get(&subject).copied());
        if let Some(old) = old {
            self.retire(old, id);
        }
        self.take_keys(id);
    }

    fn push(&mut self, entry: MemoryEntry) {
        let line = self.config.counter.count(&line(&entry));
        self.has_links |= !entry.links.is_empty();
        let record = Record::new(entry, line, &mut self.names);
        if self.records.len() == self.records.capacity() {
            // An eighth more, not twice as much.
            self.records.reserve_exact(self.records.len() / 8 + 16);
        }
        self.records.push(Some(record));
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

    /// Drops one entry, and gives it back. What it has taken the place of does not come back.
    pub fn forget(&mut self, id: EntryId) -> Option<MemoryEntry> {
        let entry = self.get(id)?;
        self.make(MemoryChange::Dropped { entries: vec![id] });
        Some(entry)
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
        self.embeddings.remove(id);
        self.fixed.remove(&id);
        self.give_up_keys(id);
    }

    /// What keeps others in a tier from saying the same, or from being about the same.
    fn keys(&self, record: &Record, tier: Tier) -> (u64, Option<Subject>) {
        let task = record.task_in(tier);
        let of_task = task.map(|task| self.names.text(task));
        let subject = record.subject().map(|subject| (subject, tier, task));
        (same(tier, of_task.as_deref(), &record.content), subject)
    }

    fn own_keys(&self, id: EntryId) -> Option<(u64, Option<Subject>)> {
        self.record(id).map(|record| self.keys(record, record.tier))
    }

    fn take_keys(&mut self, id: EntryId) {
        let Some((same, subject)) = self.own_keys(id) else {
            return;
        };
        self.same.insert(same, id);
        if let Some(subject) = subject {
            self.subjects.insert(subject, id);
        }
    }

    fn give_up_keys(&mut self, id: EntryId) {
        let Some((same, subject)) = self.own_keys(id) else {
            return;
        };
        if self.same.get(&same) == Some(&id) {
            self.same.remove(&same);
        }
        if let Some(subject) = subject
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

    pub(crate) fn embeddings(&self) -> &Embeddings {
        &self.embeddings
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

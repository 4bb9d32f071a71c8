//! Entries as the store holds them: a third of the size of what it shows.

use std::{collections::HashMap, sync::Arc};

use crate::{EntryId, MemoryEntry, Tier};

/// Texts that many entries have, by a number each: authors, sessions, sources, tasks, subjects.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    texts: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, Name>,
}

/// The number of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Name(u32);

impl Names {
    /// The number of a text, which is taken in.
    pub(crate) fn take(&mut self, text: &Arc<str>) -> Name {
        if let Some(name) = self.numbers.get(text) {
            return *name;
        }
        let name = Name(u32::try_from(self.texts.len()).expect("fewer than four billion names"));
        self.texts.push(Arc::clone(text));
        self.numbers.insert(Arc::clone(text), name);
        name
    }

    /// The number of a text, if there is one.
    pub(crate) fn known(&self, text: &str) -> Option<Name> {
        self.numbers.get(text).copied()
    }

    pub(crate) fn text(&self, name: Name) -> Arc<str> {
        Arc::clone(&self.texts[name.0 as usize])
    }
}

/// A text that need not be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Perhaps(u32);

impl Perhaps {
    const NONE: Self = Self(u32::MAX);

    fn of(name: Option<Name>) -> Self {
        name.map_or(Self::NONE, |name| Self(name.0))
    }

    fn name(self) -> Option<Name> {
        (self != Self::NONE).then_some(Name(self.0))
    }
}

/// No time: nobody says anything so long ago.
const NEVER: i64 = i64::MIN;

/// The number of an entry of a store.
fn number(id: EntryId) -> u32 {
    u32::try_from(id.0).unwrap_or(u32::MAX)
}

/// An entry, with what the store knows about it.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// Copies of a store share it.
    pub(crate) content: Arc<str>,
    time: i64,
    expires: i64,
    #[expect(
        clippy::box_collection,
        reason = "mostly there are none, and a box is a third of it"
    )]
    links: Option<Box<Vec<EntryId>>>,
    /// The number of the entry; 0: none. There are fewer than the index has places for.
    superseded_by: u32,
    /// Turns beyond four billion are one.
    turn: u32,
    tokens: u32,
    /// How many tokens its line of a prompt costs.
    pub(crate) line: u32,
    task: Perhaps,
    subject: Perhaps,
    session: Perhaps,
    source: Name,
    author: Name,
    pub(crate) importance: f32,
    /// Where it is now.
    pub(crate) tier: Tier,
    /// Where it was put first.
    pub(crate) origin: Tier,
    /// In how many turns it was highly relevant, since it has come to its tier.
    pub(crate) sustained: u8,
    pub(crate) pinned: bool,
    /// Whether there is nothing to be read in it.
    pub(crate) is_blank: bool,
}

impl Record {
    pub(crate) fn new(entry: MemoryEntry, line: usize, names: &mut Names) -> Self {
        let mut perhaps =
            |text: &Option<Arc<str>>| Perhaps::of(text.as_ref().map(|text| names.take(text)));
        let (task, subject) = (perhaps(&entry.task), perhaps(&entry.subject));
        let session = perhaps(&entry.session);
        let short = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Self {
            turn: u32::try_from(entry.turn).unwrap_or(u32::MAX),
            time: entry.time.map_or(NEVER, |time| time.max(NEVER + 1)),
            expires: entry.expires.map_or(NEVER, |time| time.max(NEVER + 1)),
            links: (!entry.links.is_empty()).then(|| Box::new(entry.links)),
            superseded_by: entry.superseded_by.map_or(0, number),
            tokens: short(entry.tokens),
            line: short(line),
            task,
            subject,
            session,
            source: names.take(&entry.source),
            author: names.take(&entry.author),
            importance: entry.importance,
            tier: entry.tier,
            origin: entry.tier,
            sustained: 0,
            pinned: entry.pinned,
            is_blank: entry.content.trim().is_empty(),
            content: entry.content,
        }
    }

    /// As it is shown.
    pub(crate) fn entry(&self, id: EntryId, names: &Names) -> MemoryEntry {
        let text = |name: Perhaps| name.name().map(|name| names.text(name));
        MemoryEntry {
            id,
            tier: self.tier,
            task: self.task().map(|name| names.text(name)),
            content: Arc::clone(&self.content),
            subject: text(self.subject),
            source: names.text(self.source),
            author: names.text(self.author),
            session: text(self.session),
            time: (self.time != NEVER).then_some(self.time),
            expires: (self.expires != NEVER).then_some(self.expires),
            links: self.links.as_deref().cloned().unwrap_or_default(),
            turn: self.turn.into(),
            tokens: self.tokens as usize,
            importance: self.importance,
            pinned: self.pinned,
            superseded_by: self.superseded_by(),
        }
    }

    pub(crate) fn links(&self) -> &[EntryId] {
        self.links.as_deref().map_or(&[], Vec::as_slice)
    }

    pub(crate) fn turn(&self) -> u64 {
        self.turn.into()
    }

    pub(crate) fn tokens(&self) -> u32 {
        self.tokens
    }

    /// The task that it belongs to.
    pub(crate) fn task(&self) -> Option<Name> {
        self.task_in(self.tier)
    }

    /// The task that it belongs to in a tier: only in that of tasks.
    pub(crate) fn task_in(&self, tier: Tier) -> Option<Name> {
        self.task.name().filter(|_| tier == Tier::Task)
    }

    /// Puts back where it was put first, and for which task.
    pub(crate) fn set_origin(&mut self, origin: Tier, task: Option<Name>) {
        self.origin = origin;
        if self.task == Perhaps::NONE {
            self.task = Perhaps::of(task);
        }
    }

    pub(crate) fn subject(&self) -> Option<Name> {
        self.subject.name()
    }

    pub(crate) fn superseded_by(&self) -> Option<EntryId> {
        (self.superseded_by > 0).then_some(EntryId(self.superseded_by.into()))
    }

    pub(crate) fn supersede(&mut self, by: EntryId) {
        self.superseded_by = number(by);
    }

    pub(crate) fn set_expires(&mut self, expires: Option<i64>) {
        self.expires = expires.map_or(NEVER, |time| time.max(NEVER + 1));
    }

    /// Whether every recall must have it.
    pub(crate) fn is_fixed(&self) -> bool {
        self.pinned || self.tier == Tier::System
    }

    /// Whether it is still true at a time; without a time it is.
    pub(crate) fn is_valid(&self, now: Option<i64>) -> bool {
        let is_over = now.is_some_and(|now| self.expires != NEVER && self.expires <= now);
        self.superseded_by == 0 && !is_over
    }
}

//! What is remembered.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Tier;

/// The name of an entry, unique within its store and never used again. Later entries are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EntryId(pub(crate) u64);

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m{}", self.0)
    }
}

/// One thing that is remembered, and where it came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MemoryEntry {
    /// Its name.
    pub id: EntryId,
    /// How long it stays true.
    pub tier: Tier,
    /// The task that it belongs to; only in [`Tier::Task`], and not for all entries there.
    pub task: Option<String>,
    /// The text that goes into the prompt.
    pub content: String,
    /// Where it was learned: a file, a command, a document.
    pub source: String,
    /// Who wrote it down: a role, a session, a person.
    pub author: String,
    /// The turn in which it was added. The first turn is 1; 0 is before it.
    pub turn: u64,
    /// How many tokens the content is, by the store's counter.
    pub tokens: usize,
    /// How much it matters, from 0 to 1.
    pub importance: f32,
    /// Whether every recall has it, whatever the gate says.
    pub pinned: bool,
    /// The entry that took its place. It is not recalled any more then.
    pub superseded_by: Option<EntryId>,
}

impl MemoryEntry {
    /// Whether every recall must have it.
    pub(crate) fn is_fixed(&self) -> bool {
        self.pinned || self.tier == Tier::System
    }
}

/// An entry to be [added](crate::MemoryStore::add).
///
/// ```
/// use orchestrator_memory::{NewEntry, Tier};
///
/// let entry = NewEntry::new(Tier::Project, "The journal is the authority.")
///     .source("docs/design.md")
///     .author("planner")
///     .importance(0.9);
/// # let _ = entry;
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use = "an entry is remembered once it is added to a store"]
pub struct NewEntry {
    pub(crate) tier: Tier,
    pub(crate) task: Option<String>,
    pub(crate) content: String,
    pub(crate) source: String,
    pub(crate) author: String,
    pub(crate) importance: f32,
    pub(crate) pinned: bool,
}

impl NewEntry {
    /// An entry of medium importance (0.5), not pinned, of unknown source and author.
    ///
    /// In [`Tier::Task`] it is one for every task of the mission.
    pub fn new(tier: Tier, content: impl Into<String>) -> Self {
        Self {
            tier,
            task: None,
            content: content.into(),
            source: String::new(),
            author: String::new(),
            importance: 0.5,
            pinned: false,
        }
    }

    /// An entry in [`Tier::Task`] that belongs to one task, and goes with it.
    pub fn for_task(task: impl Into<String>, content: impl Into<String>) -> Self {
        Self {
            task: Some(task.into()),
            ..Self::new(Tier::Task, content)
        }
    }

    /// Sets where it was learned.
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = source.into();
        self
    }

    /// Sets who wrote it down.
    pub fn author(mut self, author: impl Into<String>) -> Self {
        self.author = author.into();
        self
    }

    /// Sets how much it matters, from 0 to 1; what is beyond is brought back to the nearer end.
    pub fn importance(mut self, importance: f32) -> Self {
        self.importance = crate::gate::unit(importance);
        self
    }

    /// Has every recall include it. For what must not be forgotten, and is short.
    pub fn pinned(mut self) -> Self {
        self.pinned = true;
        self
    }
}

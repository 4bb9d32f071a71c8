//! What is remembered.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{Embedding, Tier};

/// The name of an entry, unique within its store and never used again. Later entries are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EntryId(pub(crate) u64);

impl EntryId {
    /// The name with a number, for who keeps entries of their own.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m{}", self.0)
    }
}

/// A text that names no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this names no entry: a name is `m` and a number from 1, such as `m7`")]
pub struct ParseEntryIdError;

/// As it is displayed: `m7`.
impl FromStr for EntryId {
    type Err = ParseEntryIdError;

    fn from_str(text: &str) -> Result<Self, ParseEntryIdError> {
        let digits = text.strip_prefix('m').ok_or(ParseEntryIdError)?;
        // `+7` parses as a number.
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(ParseEntryIdError);
        }
        match digits.parse() {
            Ok(0) | Err(_) => Err(ParseEntryIdError),
            Ok(number) => Ok(Self(number)),
        }
    }
}

/// One thing that is remembered, and where it came from.
///
/// Times are in seconds from 1970-01-01 UTC, as whoever adds it has them: the store has no clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MemoryEntry {
    /// Its name.
    pub id: EntryId,
    /// How long it stays true.
    pub tier: Tier,
    /// The task that it belongs to; only in [`Tier::Task`], and not for all entries there.
    pub task: Option<Arc<str>>,
    /// The text that goes into the prompt.
    pub content: Arc<str>,
    /// What it is about, where only the newest word on that is true.
    #[serde(default)]
    pub subject: Option<Arc<str>>,
    /// Where it was learned: a file, a command, a document.
    pub source: Arc<str>,
    /// Who said it or wrote it down: a role, a session, a person.
    pub author: Arc<str>,
    /// The conversation or session in which it stands between others.
    #[serde(default)]
    pub session: Option<Arc<str>>,
    /// When it was said.
    #[serde(default)]
    pub time: Option<i64>,
    /// From when on it is not true any more.
    #[serde(default)]
    pub expires: Option<i64>,
    /// Entries that belong to it.
    #[serde(default)]
    pub links: Vec<EntryId>,
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
    pub(crate) subject: Option<String>,
    pub(crate) source: String,
    pub(crate) author: String,
    pub(crate) session: Option<String>,
    pub(crate) time: Option<i64>,
    pub(crate) expires: Option<i64>,
    pub(crate) links: Vec<EntryId>,
    pub(crate) importance: f32,
    pub(crate) pinned: bool,
    pub(crate) embedding: Option<Embedding>,
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
            subject: None,
            source: String::new(),
            author: String::new(),
            session: None,
            time: None,
            expires: None,
            links: Vec::new(),
            importance: 0.5,
            pinned: false,
            embedding: None,
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

    /// Sets what it is about, in words of the caller's: a newer entry about the same subject, in the
    /// same tier and for the same task, takes the place of the older one.
    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Sets the conversation that it is the next entry of: its neighbours there tell what it is
    /// about.
    pub fn session(mut self, session: impl Into<String>) -> Self {
        self.session = Some(session.into());
        self
    }

    /// Sets when it was said, in seconds from 1970-01-01 UTC.
    pub fn time(mut self, seconds: i64) -> Self {
        self.time = Some(seconds);
        self
    }

    /// Sets from when on it is not true any more, in seconds from 1970-01-01 UTC.
    pub fn expires(mut self, seconds: i64) -> Self {
        self.expires = Some(seconds);
        self
    }

    /// Adds an entry that belongs to it.
    pub fn link(mut self, to: EntryId) -> Self {
        self.links.push(to);
        self
    }

    /// Sets how much it matters, from 0 to 1; what is beyond is brought back to the nearer end.
    pub fn importance(mut self, importance: f32) -> Self {
        self.importance = crate::gate::unit(importance);
        self
    }

    /// Sets what it means, in place of what the store's [`Embedder`](crate::Embedder) would say.
    pub fn embedding(mut self, embedding: Embedding) -> Self {
        self.embedding = Some(embedding);
        self
    }

    /// Has every recall include it. For what must not be forgotten, and is short.
    pub fn pinned(mut self) -> Self {
        self.pinned = true;
        self
    }
}

/// The same entry, for another store, or for this one in another tier. What it is linked to has other
/// names there, and is left out; so is its vector.
impl From<&MemoryEntry> for NewEntry {
    fn from(entry: &MemoryEntry) -> Self {
        let text = |text: &Option<Arc<str>>| text.as_ref().map(ToString::to_string);
        Self {
            tier: entry.tier,
            task: text(&entry.task),
            content: entry.content.to_string(),
            subject: text(&entry.subject),
            source: entry.source.to_string(),
            author: entry.author.to_string(),
            session: text(&entry.session),
            time: entry.time,
            expires: entry.expires,
            links: Vec::new(),
            importance: entry.importance,
            pinned: entry.pinned,
            embedding: None,
        }
    }
}

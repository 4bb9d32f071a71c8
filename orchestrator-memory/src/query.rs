//! What is asked of the memory, and how much may come back.

use crate::{Embedding, Tier};

/// What the context is for.
///
/// A `&str` is one that asks for every task's entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    pub(crate) text: String,
    pub(crate) task: Option<String>,
    pub(crate) now: Option<i64>,
    pub(crate) embedding: Option<Embedding>,
}

impl Query {
    /// Asks about a text: the objective, the step at hand. Blank text asks for what is in focus.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            task: None,
            now: None,
            embedding: None,
        }
    }

    /// Leaves out what belongs to other tasks than this.
    #[must_use]
    pub fn for_task(mut self, task: impl Into<String>) -> Self {
        self.task = Some(task.into());
        self
    }

    /// Says what time it is, in seconds from 1970-01-01 UTC: what has expired is left out, and
    /// `yesterday` has a meaning.
    #[must_use]
    pub fn at(mut self, seconds: i64) -> Self {
        self.now = Some(seconds);
        self
    }

    /// Sets what it means, in place of what the store's [`Embedder`](crate::Embedder) would say.
    #[must_use]
    pub fn embedding(mut self, embedding: Embedding) -> Self {
        self.embedding = Some(embedding);
        self
    }
}

impl From<&str> for Query {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Query {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

/// How many tokens a context may cost: altogether, and in each tier.
///
/// ```
/// use orchestrator_memory::{Budget, Tier};
///
/// let budget = Budget::new(2_000).with_tier(Tier::Task, 500);
/// assert_eq!(budget.tier(Tier::Task), 500);
/// assert_eq!(budget.tier(Tier::Project), 2_000);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    total: usize,
    tiers: [Option<usize>; 4],
}

impl Budget {
    /// So many tokens altogether, shared out as the entries earn them.
    #[must_use]
    pub fn new(total: usize) -> Self {
        Self {
            total,
            tiers: [None; 4],
        }
    }

    /// Limits one tier, its heading included.
    #[must_use]
    pub fn with_tier(mut self, tier: Tier, tokens: usize) -> Self {
        self.tiers[tier.index()] = Some(tokens);
        self
    }

    /// How many tokens altogether.
    #[must_use]
    pub fn total(&self) -> usize {
        self.total
    }

    /// How many tokens in a tier.
    #[must_use]
    pub fn tier(&self, tier: Tier) -> usize {
        self.tiers[tier.index()].unwrap_or(self.total)
    }
}

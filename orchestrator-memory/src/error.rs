//! What can be wrong with a request.

use crate::{EntryId, Tier};

/// Why [`MemoryStore::recall`](crate::MemoryStore::recall) gave no context.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecallError {
    /// What every context must have does not fit.
    #[error(
        "the pinned entries exceed the {} budget by {by} tokens: \
         raise the budget, or unpin, shorten or supersede some of them",
        match .tier { Some(tier) => format!("{tier} tier's"), None => "total".to_owned() }
    )]
    PinnedExceedBudget {
        /// The tier whose budget is exceeded; `None`: the total.
        tier: Option<Tier>,
        /// By how many tokens.
        by: usize,
    },
}

/// Why an entry was not superseded. Nothing has changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SupersedeError {
    /// There is no such entry.
    #[error("there is no entry {id}: it was never added, or went with its task or mission")]
    UnknownEntry {
        /// The name that nobody has.
        id: EntryId,
    },

    /// An entry cannot take its own place.
    #[error("entry {id} cannot supersede itself: add the new text first")]
    Itself {
        /// The entry.
        id: EntryId,
    },

    /// One of the two is out already.
    #[error("entry {id} was superseded by {by} already: use that one")]
    Superseded {
        /// The entry that is out.
        id: EntryId,
        /// The one that took its place.
        by: EntryId,
    },

    /// The old one would be missing when the new one is gone.
    #[error(
        "entry {new} ends before {old} would: add it in the {tier} tier or an earlier one, \
         for the same task or for all"
    )]
    ShorterLived {
        /// The entry that was to go.
        old: EntryId,
        /// Its tier.
        tier: Tier,
        /// The entry that was to take its place.
        new: EntryId,
    },
}

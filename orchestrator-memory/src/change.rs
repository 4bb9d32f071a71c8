//! What changes a store, as data: enough to make it again.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{EmaGate, Embedding, EntryId, MemoryEntry, Tier};

/// One change of a [`MemoryStore`](crate::MemoryStore).
///
/// The same changes in the same order give the same store, whatever the words of queries and cues
/// were: what a cue evoked is written down, not the cue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum MemoryChange {
    /// Something was remembered.
    Added {
        /// The entry, with its name and its turn.
        entry: MemoryEntry,
    },
    /// It was said again.
    Repeated {
        /// The entry that was there.
        id: EntryId,
        /// How much it matters now.
        importance: f32,
        /// How much it mattered to who said it again.
        raised: f32,
        /// Whether it is pinned now.
        pinned: bool,
        /// When it ends now.
        expires: Option<i64>,
    },
    /// One entry took another's place.
    Superseded {
        /// The older one.
        old: EntryId,
        /// The newer one.
        new: EntryId,
    },
    /// A turn has begun.
    Turned {
        /// What it evoked, and how much, from 0 to 1.
        touched: Vec<(EntryId, f32)>,
    },
    /// An entry lasts longer from now on, or no longer than it was meant to.
    Moved {
        /// The entry.
        id: EntryId,
        /// Its tier now.
        tier: Tier,
    },
    /// It is known what an entry means.
    Embedded {
        /// The entry.
        id: EntryId,
        /// What it means.
        embedding: Embedding,
    },
    /// Entries were dropped.
    Dropped {
        /// Which.
        entries: Vec<EntryId>,
    },
}

/// A store as it was at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemorySnapshot {
    /// The form that it is written in.
    pub(crate) schema: u32,
    pub(crate) turn: u64,
    pub(crate) last_id: u64,
    pub(crate) entries: Vec<Saved>,
}

/// An entry, with what the store knows of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Saved {
    pub(crate) entry: MemoryEntry,
    /// What its terms weighed when it came; none where it is superseded.
    pub(crate) weight: f32,
    /// Its gate, as it was when it was last touched, and when that was.
    pub(crate) gate: Option<(EmaGate, Tier, u64)>,
    /// Where it was put first, and for which task, if it has moved since.
    #[serde(default)]
    pub(crate) origin: Option<(Tier, Option<Arc<str>>)>,
    #[serde(default)]
    pub(crate) sustained: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) embedding: Option<Embedding>,
}

/// The form that snapshots are written in. One that is older is brought into it by
/// [`MemorySnapshot::from_json`].
pub const SCHEMA: u32 = 1;

/// Why a snapshot was not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// It is no snapshot, or is damaged.
    #[error("this is no memory snapshot")]
    Form(#[from] serde_json::Error),
    /// A later version has written it.
    #[error(
        "this memory snapshot is of schema {schema}, and this version knows {SCHEMA} at most: \
         read it with the version that has written it, or a later one"
    )]
    Newer {
        /// The schema that it is in.
        schema: u32,
    },
    /// What it says does not fit together.
    #[error("this memory snapshot is damaged: entry {id} {what}")]
    Damaged {
        /// Where.
        id: EntryId,
        /// What is wrong.
        what: &'static str,
    },
}

impl MemorySnapshot {
    /// As JSON.
    ///
    /// # Panics
    /// Never in practice: a snapshot holds nothing that JSON cannot.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a snapshot is plain data")
    }

    /// Reads a snapshot of this version or an earlier one.
    ///
    /// # Errors
    /// [`SnapshotError`] where it is none, or is of a later version. Whether what it says fits
    /// together, [`MemoryStore::restore`](crate::MemoryStore::restore) finds out.
    pub fn from_json(json: &[u8]) -> Result<Self, SnapshotError> {
        #[derive(Deserialize)]
        struct Head {
            schema: u32,
        }
        let Head { schema } = serde_json::from_slice(json)?;
        if schema > SCHEMA {
            return Err(SnapshotError::Newer { schema });
        }
        Ok(serde_json::from_slice(json)?)
    }
}

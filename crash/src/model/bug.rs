//! The ways in which the model can be wrong.

/// A mistake that real stores have made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Bug {
    /// Commits are not validated: updates get lost.
    DropValidation,
    /// Writes are to be seen before they were validated, and are taken back when they are refused.
    EarlyPublish,
    /// A commit is answered before it is to be seen.
    LatePublish,
    /// Only those reads are validated whose key is written too: write skew.
    SkipReadSet,
    /// The last write of a commit is dropped when others have committed since its beginning.
    LostWriteUnderContention,
    /// Some snapshots are those of the version before.
    StaleSnapshot,
    /// Several writes of one commit are to be seen one after the other.
    TornMultiKey,
    /// Some commits take effect twice.
    RepeatCommit,
    /// Old versions are thrown away while a snapshot still reads them.
    UnpinnedGc,
    /// A range is not validated, only the keys that it had.
    PhantomRange,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::DropValidation,
        Self::EarlyPublish,
        Self::LatePublish,
        Self::SkipReadSet,
        Self::LostWriteUnderContention,
        Self::StaleSnapshot,
        Self::TornMultiKey,
        Self::RepeatCommit,
        Self::UnpinnedGc,
        Self::PhantomRange,
    ];
}

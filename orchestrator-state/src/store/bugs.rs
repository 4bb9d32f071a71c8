//! Bugs that can be put into a store on purpose, to show that the tests would notice them.

#![cfg_attr(
    not(feature = "seeded-bugs"),
    expect(
        unreachable_pub,
        dead_code,
        reason = "only the feature lets anyone choose a bug"
    )
)]

/// A way in which a store can be wrong. Only with the feature `seeded-bugs` can one be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SeededBug {
    /// Commits are never refused.
    DropValidation,
    /// A key that is only read, and not written, is not looked at again.
    SkipReadSet,
    /// A range that was walked is not looked at again.
    PhantomRange,
    /// A version is published before its writes are in.
    EarlyPublish,
    /// A commit is published only with the next one.
    LatePublish,
    /// A snapshot is one version behind.
    StaleSnapshot,
    /// The writes to all tables but the first are put in after the version was published.
    TornMultiKey,
    /// A commit that was refused is put in all the same, and then tried again.
    RepeatCommit,
    /// Old revisions are dropped without a look at the pins.
    UnpinnedGc,
    /// Every seventh commit is acknowledged without its writes.
    LostWrite,
    /// The journal before a checkpoint is dropped before the checkpoint is written.
    EarlyRetain,
    /// A checkpoint is vouched for, and the journal before it dropped, without a sync of its file.
    UnsyncedCheckpoint,
}

impl SeededBug {
    /// Those that the clients of a store can see. The others take a crash.
    pub const ALL: [Self; 10] = [
        Self::DropValidation,
        Self::SkipReadSet,
        Self::PhantomRange,
        Self::EarlyPublish,
        Self::LatePublish,
        Self::StaleSnapshot,
        Self::TornMultiKey,
        Self::RepeatCommit,
        Self::UnpinnedGc,
        Self::LostWrite,
    ];
}

//! What was found, and done, when a store was opened.

use super::checkpoint::{Checkpoint, CheckpointError};
use crate::OpenReport;

/// What was found, and done, when a store was opened.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct StoreReport {
    /// What was found in its journal.
    pub journal: OpenReport,
    /// What has come of a new checkpoint, where the journal had got so long that one was due
    /// ([`StoreConfig::with_checkpoint_bytes`](crate::StoreConfig::with_checkpoint_bytes)).
    ///
    /// With an error the store is open and whole all the same, and opening it will take as long again:
    /// make room on the disk, and call [`checkpoint`](crate::StateStore::checkpoint).
    pub checkpoint: Option<Result<Checkpoint, CheckpointError>>,
}

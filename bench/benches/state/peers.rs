//! The peers, each in the configuration that is best for it and still does what the line says.
//!
//! Where two configurations could be the best one, both enter, and the better one counts.

pub(crate) mod concread;
pub(crate) mod fjall;
pub(crate) mod imbl;
pub(crate) mod okaywal;
pub(crate) mod redb;
pub(crate) mod sqlite;
pub(crate) mod surrealkv;

/// When a commit counts as committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// When others see it. A power cut may take it back.
    None,
    /// When it is on the disk.
    Immediate,
}

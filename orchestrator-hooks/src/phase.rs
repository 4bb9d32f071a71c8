//! The coarse order of hooks.

use std::fmt;

/// The part of a dispatch in which a hook runs.
///
/// Every hook of a phase has run before the first one of the next begins. No constraint crosses
/// this line backwards: see [`RegisterError::PhaseConflict`](crate::RegisterError::PhaseConflict).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Before the others: normalizing, redacting.
    Early,
    /// Where most hooks belong.
    #[default]
    Normal,
    /// After the others: counting, auditing what is left of the event.
    Late,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Early => "early",
            Self::Normal => "normal",
            Self::Late => "late",
        })
    }
}

//! What a merge did, setting by setting.

use serde::{Deserialize, Serialize};

use super::path::KeyPath;
use super::undo::Undo;

/// The result of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Merged {
    /// The text with the settings in it; the same as before when nothing was to be done.
    pub text: String,
    /// One entry for each setting that is not an object, and for each object that is new as a whole.
    pub changes: Vec<Change>,
    /// Takes the merge back.
    pub undo: Undo,
}

impl Merged {
    /// Whether the text is another than before.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.changes.iter().any(|change| change.outcome.is_change())
    }
}

/// What became of one setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Change {
    /// Which.
    pub path: KeyPath,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Outcome {
    /// It was not there and is now.
    Added,
    /// It was there with this value.
    Same,
    /// It was there with another value, which stays.
    Kept,
    /// It was there with another value, which is gone.
    Replaced,
    /// It was there as an array without some of the elements, which it has now.
    Extended,
}

impl Outcome {
    /// Whether the text changed by it.
    #[must_use]
    pub fn is_change(self) -> bool {
        matches!(self, Self::Added | Self::Replaced | Self::Extended)
    }
}

//! How soon a task is taken up.

use serde::{Deserialize, Serialize};

/// How soon a task is taken up, compared with others that wait.
///
/// Sorts by urgency: [`High`](Self::High) comes first.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Before everything else.
    High,
    /// The usual case.
    #[default]
    Normal,
    /// When there is nothing else to do; it gets a turn now and then all the same.
    Low,
}

impl Priority {
    /// All of them, the most urgent first.
    pub const ALL: [Self; 3] = [Self::High, Self::Normal, Self::Low];

    pub(crate) fn index(self) -> usize {
        match self {
            Self::High => 0,
            Self::Normal => 1,
            Self::Low => 2,
        }
    }
}

//! The number of a commit.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The number of a commit; 0 is the empty store. Later commits have higher numbers. In a store on the
/// disk it is the number of the commit's record in the journal, where each checkpoint takes a number too.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Version(pub(super) u64);

impl Version {
    /// The number.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }

    /// The version with a number, as [`get`](Self::get) has given it.
    #[must_use]
    pub fn new(number: u64) -> Self {
        Self(number)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

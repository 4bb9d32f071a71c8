//! What a session has read, so that it changes nothing that it has not seen.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::worktree::WorktreePath;

/// What of each file a session has read last, by its hash. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    files: Arc<Mutex<HashMap<WorktreePath, blake3::Hash>>>,
}

/// Why a file is not to be changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnseenError {
    /// The session has not read it.
    #[error("`{path}` has not been read: read it before you change it")]
    NotRead {
        /// The file.
        path: WorktreePath,
    },
    /// It is not as it was when it was read.
    #[error("`{path}` has changed since it was read: read it again before you change it")]
    Changed {
        /// The file.
        path: WorktreePath,
    },
}

impl Seen {
    /// The session has read this, or has written it.
    pub fn note(&self, path: &WorktreePath, content: &[u8]) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.insert(path.clone(), blake3::hash(content));
    }

    /// Whether the session knows the file as it is.
    ///
    /// # Errors
    /// [`UnseenError`] where it does not.
    pub fn check(&self, path: &WorktreePath, content: &[u8]) -> Result<(), UnseenError> {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        match files.get(path) {
            None => Err(UnseenError::NotRead { path: path.clone() }),
            Some(seen) if *seen != blake3::hash(content) => {
                Err(UnseenError::Changed { path: path.clone() })
            }
            Some(_) => Ok(()),
        }
    }
}

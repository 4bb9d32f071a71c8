//! One mission at a time on one repository.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};

use orchestrator_state::Holder;

use super::error::MissionError;
use crate::git::Git;

/// The lock of a repository, held until it is dropped.
///
/// The journal's own lock holds for one working tree. This one lies in git's
/// folder, which the working trees of a repository share. The system releases
/// it when the process dies; the file stays, and says nothing then.
#[derive(Debug)]
pub(super) struct RepositoryLock {
    // Held for its lock.
    _file: File,
}

impl RepositoryLock {
    /// Takes the lock, or says who has it.
    pub(super) async fn take(git: &Git, holder: &Holder) -> Result<Self, MissionError> {
        let folder = git
            .run(&["rev-parse", "--path-format=absolute", "--git-common-dir"])
            .await?;
        let path = std::path::Path::new(&folder).join("orchestrator.lock");
        let failed = |source| MissionError::State {
            path: path.clone(),
            source,
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut note = String::new();
                // A note that cannot be read leaves the holder unnamed.
                let _ = file.read_to_string(&mut note);
                return Err(MissionError::Held {
                    holder: serde_json::from_str(&note).ok(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let note = serde_json::to_string(holder).unwrap_or_default();
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(note.as_bytes()))
            .map_err(failed)?;
        Ok(Self { _file: file })
    }
}

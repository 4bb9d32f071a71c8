//! The folder in a repository in which missions keep what they know.

use std::path::{Path, PathBuf};

use orchestrator_state::{Holder, Journal, OpenError, OpenReport};

use super::error::MissionError;

/// Where the journal of a repository is, or will be.
pub(super) fn journal_of(root: &Path) -> PathBuf {
    root.join(".orchestrator").join("journal")
}

/// Opens the journal of a repository, which nobody else can do then.
pub(super) fn open_journal(
    root: &Path,
    holder: &Holder,
) -> Result<(Journal, OpenReport), MissionError> {
    state_folder(root)?;
    let folder = journal_of(root);
    Journal::open(&folder, holder).map_err(|error| match error {
        OpenError::Held { holder, .. } => MissionError::Held { holder },
        source => MissionError::Journal { folder, source },
    })
}

/// The folder for state in the repository. It ignores itself, so that nothing
/// of the user's has to say so.
pub(super) fn state_folder(root: &Path) -> Result<PathBuf, MissionError> {
    let folder = root.join(".orchestrator");
    make_folder(&folder)?;
    let ignore = folder.join(".gitignore");
    if !ignore.exists() {
        std::fs::write(&ignore, "*\n").map_err(|source| MissionError::State {
            path: ignore.clone(),
            source,
        })?;
    }
    Ok(folder)
}

pub(super) fn make_folder(path: &Path) -> Result<(), MissionError> {
    std::fs::create_dir_all(path).map_err(|source| MissionError::State {
        path: path.to_owned(),
        source,
    })
}

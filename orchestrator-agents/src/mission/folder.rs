//! The folder in a repository in which missions keep what they know.

use std::path::{Path, PathBuf};

use orchestrator_state::{Holder, Journal, OpenError, OpenReport};

use super::error::MissionError;

/// Where missions on a repository keep what they know.
pub(super) fn home_of(root: &Path) -> PathBuf {
    root.join(".orchestrator")
}

/// Where the journal of a repository is, or will be.
pub(super) fn journal_of(root: &Path) -> PathBuf {
    home_of(root).join("journal")
}

/// Opens the journal of a repository, which nobody else can do then.
pub(super) fn open_journal(
    root: &Path,
    holder: &Holder,
) -> Result<(Journal, OpenReport), MissionError> {
    make_home(root)?;
    let folder = journal_of(root);
    Journal::open(&folder, holder).map_err(|error| match error {
        OpenError::Held { holder, .. } => MissionError::Held { holder },
        source => MissionError::Journal { folder, source },
    })
}

/// Makes the folder for state in the repository. It ignores itself, so that
/// nothing of the user's has to say so.
fn make_home(root: &Path) -> Result<(), MissionError> {
    let folder = home_of(root);
    make_folder(&folder)?;
    let ignore = folder.join(".gitignore");
    if !ignore.exists() {
        std::fs::write(&ignore, "*\n").map_err(|source| MissionError::State {
            path: ignore.clone(),
            source,
        })?;
    }
    Ok(())
}

pub(super) fn make_folder(path: &Path) -> Result<(), MissionError> {
    std::fs::create_dir_all(path).map_err(|source| MissionError::State {
        path: path.to_owned(),
        source,
    })
}

//! Replacing a file as a whole: whoever looks sees the old content or the new, also after a crash.

mod error;
#[cfg(test)]
pub(crate) mod faulty;
mod stale;
mod steps;
mod target;
#[cfg(test)]
mod tests;

use std::fs::{self, Metadata};
use std::io;
use std::path::Path;

pub use error::{AtomicWriteError, WriteStep};
pub(crate) use stale::sweep;
pub(crate) use steps::{Steps, System, sync_folder};
pub(crate) use target::{follow, parent};

/// Replaces a file's content, or creates the file, durably and in one step.
///
/// The bytes go to a temporary file in the same folder, which is synced and then renamed; the
/// folder is synced after that (the order that is needed is the one of Pillai et al. 2014, "All
/// File Systems Are Not Created Equal"). A relative path is relative to the current folder. A
/// symbolic link is followed, so the link stays and what it points to is replaced.
///
/// Kept: the permissions of the old file, and its owner and group where the system lets this
/// process give them (root, mostly). Where it does not, the file belongs to this process from then
/// on, without set-user and set-group bits. The new content is never readable by more people than
/// the old one was, also not while it is being written.
///
/// Not kept: extended attributes and access control lists. A hard link is cut: the other names go
/// on showing the old content, because a new file takes this name.
///
/// A process that is killed leaves at most a file `.orchestrator-*.tmp` beside the target. The
/// first write of a later process in that folder removes it. Such a file is locked while its
/// writer lives, so one in use is never removed.
///
/// # Errors
/// [`AtomicWriteError`] says whether the old content or the new one is there, and what failed.
pub fn atomic_write(path: impl AsRef<Path>, bytes: &[u8]) -> Result<(), AtomicWriteError> {
    replace(&System, path.as_ref(), bytes)
}

/// [`atomic_write`] over given steps.
pub(crate) fn replace(
    steps: &dyn Steps,
    path: &Path,
    bytes: &[u8],
) -> Result<(), AtomicWriteError> {
    let target = follow(path).map_err(not_written(path, WriteStep::FollowLink))?;
    let old = match fs::metadata(&target) {
        Ok(old) => Some(old),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(source) => return Err(not_written(path, WriteStep::ReadOld)(source)),
    };
    write(steps, path, &target, bytes, old.as_ref(), Over::Old)
}

/// Creates a file that must not be there yet, with the owner and permissions of another.
///
/// A name that is taken is [`WriteStep::Rename`] with [`io::ErrorKind::AlreadyExists`].
pub(crate) fn create_new(
    path: &Path,
    bytes: &[u8],
    like: &Metadata,
) -> Result<(), AtomicWriteError> {
    write(&System, path, path, bytes, Some(like), Over::Nothing)
}

/// What the new file may take the place of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over {
    Old,
    Nothing,
}

fn write(
    steps: &dyn Steps,
    path: &Path,
    target: &Path,
    bytes: &[u8],
    like: Option<&Metadata>,
    over: Over,
) -> Result<(), AtomicWriteError> {
    let failed = |step| not_written(path, step);
    target::refuse_what_is_no_file(path, target, like)?;
    let folder = parent(target);
    stale::sweep_once(folder);

    let mut file = steps.create(folder, like.is_some()).map_err(|source| {
        if source.kind() == io::ErrorKind::NotFound && !folder.exists() {
            return AtomicWriteError::NoFolder {
                path: path.to_owned(),
                folder: folder.to_owned(),
            };
        }
        failed(WriteStep::Create)(source)
    })?;
    if let Some(like) = like {
        // Owner first: giving a file away clears its set-user and set-group bits.
        let owned = steps
            .give_owner(file.as_file(), like)
            .map_err(failed(WriteStep::KeepOwner))?;
        steps
            .give_permissions(file.as_file(), steps::permissions(like, owned))
            .map_err(failed(WriteStep::KeepPermissions))?;
    }
    steps
        .write(file.as_file_mut(), bytes)
        .map_err(failed(WriteStep::Write))?;
    // A failed sync is not tried again: the system may already have dropped the pages and would
    // then report a success that means nothing.
    steps
        .sync(file.as_file())
        .map_err(failed(WriteStep::Sync))?;
    match over {
        Over::Old => steps.rename(file, target),
        Over::Nothing => steps.rename_new(file, target),
    }
    .map_err(failed(WriteStep::Rename))?;
    steps
        .sync_folder(folder)
        .map_err(|source| AtomicWriteError::NotDurable {
            path: target.to_owned(),
            source,
        })
}

fn not_written(path: &Path, step: WriteStep) -> impl Fn(io::Error) -> AtomicWriteError {
    move |source| AtomicWriteError::NotWritten {
        path: path.to_owned(),
        step,
        source,
    }
}

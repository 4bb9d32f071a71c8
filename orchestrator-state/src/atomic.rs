//! Replacing a file as a whole: whoever looks sees the old content or the new, also after a crash.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::Builder;
use thiserror::Error;

/// How many symbolic links are followed before it is called a loop, as in Linux.
const MAX_LINKS: usize = 40;

/// Why a file was not replaced.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AtomicWriteError {
    /// Nothing has changed: the old content, if any, is still there.
    #[error("`{}` was not written: {step} failed; its old content is untouched", path.display())]
    NotWritten {
        /// The file that was to be replaced.
        path: PathBuf,
        /// What was tried.
        step: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The new content is in place, but a power cut may bring the old one back.
    #[error("`{}` was written, but its folder could not be made durable; write it again", path.display())]
    NotDurable {
        /// The file that was replaced.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Replaces a file's content, or creates the file, durably and in one step.
///
/// The bytes go to a temporary file in the same folder, which is synced and then renamed; the
/// folder is synced after that. The permissions of the old file are kept. A symbolic link is
/// followed, so the link stays and what it points to is replaced.
///
/// The owner, extended attributes and hard links of the old file are not kept.
///
/// # Errors
/// [`AtomicWriteError`] says whether the old content or the new one is there.
pub fn atomic_write(path: impl AsRef<Path>, bytes: &[u8]) -> Result<(), AtomicWriteError> {
    let path = path.as_ref();
    let failed = |step| {
        move |source| AtomicWriteError::NotWritten {
            path: path.to_owned(),
            step,
            source,
        }
    };
    let target = follow(path).map_err(failed("following its link"))?;
    let folder = parent(&target);

    let mut builder = Builder::new();
    builder.prefix(".orchestrator-").suffix(".tmp");
    // Temporary files are private by default; a new file is what the umask says.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder
        .tempfile_in(folder)
        .map_err(failed("creating a temporary file"))?;
    file.write_all(bytes)
        .map_err(failed("writing the temporary file"))?;
    match fs::metadata(&target) {
        Ok(old) => file
            .as_file()
            .set_permissions(old.permissions())
            .map_err(failed("keeping its permissions"))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(failed("reading its permissions")(source)),
    }
    file.as_file()
        .sync_all()
        .map_err(failed("syncing the temporary file"))?;
    file.persist(&target)
        .map_err(|error| failed("renaming the temporary file")(error.error))?;
    sync_folder(folder).map_err(|source| AtomicWriteError::NotDurable {
        path: target.clone(),
        source,
    })
}

/// Makes the names in a folder durable.
#[cfg(unix)]
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Folders cannot be opened as files here, and a rename is durable without it.
#[cfg(not(unix))]
pub(crate) fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// The file at the end of a chain of links. It need not be there.
fn follow(path: &Path) -> io::Result<PathBuf> {
    let mut target = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::symlink_metadata(&target) {
            Ok(found) if found.is_symlink() => {
                target = parent(&target).join(fs::read_link(&target)?);
            }
            Ok(_) => return Ok(target),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(target),
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

/// The folder that a file is in.
pub(crate) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_created_and_replaced_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("todo.md");
        atomic_write(&path, b"one").unwrap();
        atomic_write(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(names(folder.path()), ["todo.md"]);
    }

    #[test]
    fn what_is_in_the_way_is_named_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("todo.md");
        fs::create_dir(&path).unwrap();
        let error = atomic_write(&path, b"one").unwrap_err();
        assert!(
            matches!(error, AtomicWriteError::NotWritten { .. }),
            "{error}"
        );
        assert_eq!(names(folder.path()), ["todo.md"]);
    }

    #[cfg(unix)]
    #[test]
    fn permissions_and_links_are_kept() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("run.sh"), folder.path().join("link"));
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).unwrap();
        symlink("run.sh", &link).unwrap();

        atomic_write(&link, b"new").unwrap();

        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o750
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_dangling_link_gets_its_file_and_a_loop_is_refused() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let (link, looped) = (folder.path().join("link"), folder.path().join("loop"));
        symlink("later.md", &link).unwrap();
        symlink("loop", &looped).unwrap();
        atomic_write(&link, b"now").unwrap();
        assert_eq!(fs::read(folder.path().join("later.md")).unwrap(), b"now");
        assert!(atomic_write(&looped, b"never").is_err());
    }
}

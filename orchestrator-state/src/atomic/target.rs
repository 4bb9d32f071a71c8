//! What a path leads to, and whether a file may be put there.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use super::error::AtomicWriteError;

/// How many symbolic links are followed before it is called a loop, as in Linux.
const MAX_LINKS: usize = 40;

/// The file at the end of a chain of links. It need not be there.
pub(crate) fn follow(path: &Path) -> io::Result<PathBuf> {
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

/// A rename over a device or a pipe would succeed and replace it by a plain file.
pub(super) fn refuse_what_is_no_file(
    path: &Path,
    target: &Path,
    found: Option<&Metadata>,
) -> Result<(), AtomicWriteError> {
    let what = match found {
        _ if path.as_os_str().is_empty() => "an empty path",
        Some(found) if found.is_dir() => "a folder",
        _ if target.file_name().is_none() => "a folder",
        None => return Ok(()),
        Some(found) if found.is_file() => return Ok(()),
        Some(_) => "a device, pipe or socket",
    };
    Err(AtomicWriteError::NotAFile {
        path: path.to_owned(),
        what,
    })
}

//! The system calls that put whole files into their places, one method each, so that every one can be
//! made to fail. Atomic writes, checkpoints and the journal's retention go through them.

use std::fs::{self, File, Metadata, Permissions};
use std::io::{self, Write};
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

use super::stale;

/// What is done to files, step by step. The temporary file removes itself when it is dropped before it
/// is renamed.
pub(crate) trait Steps: Send + Sync {
    /// Creates a folder, and those above it, where they are not there.
    fn create_folder(&self, folder: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Creates a temporary file. A private one is for this user only until it gets permissions.
    fn create(&self, folder: &Path, private: bool) -> io::Result<NamedTempFile>;
    /// Gives the file the owner and group of another. `false`: the system does not let us.
    fn give_owner(&self, file: &File, like: &Metadata) -> io::Result<bool>;
    /// Gives the file permissions.
    fn give_permissions(&self, file: &File, permissions: Permissions) -> io::Result<()>;
    /// Writes all the bytes.
    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()>;
    /// Makes the file's content durable.
    fn sync(&self, file: &File) -> io::Result<()>;
    /// Gives the file its name, in the place of what has it now.
    fn rename(&self, file: NamedTempFile, target: &Path) -> io::Result<()>;
    /// Gives the file a name that nothing has yet.
    fn rename_new(&self, file: NamedTempFile, target: &Path) -> io::Result<()>;
    /// Makes the names in a folder durable.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
}

/// The real ones.
#[derive(Debug, Clone, Copy)]
pub(crate) struct System;

impl Steps for System {
    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn create(&self, folder: &Path, private: bool) -> io::Result<NamedTempFile> {
        let mut builder = Builder::new();
        builder.prefix(stale::PREFIX).suffix(stale::SUFFIX);
        // Temporary files are private by default; a new file is what the umask says.
        #[cfg(unix)]
        if !private {
            builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        }
        #[cfg(not(unix))]
        let _ = private;
        loop {
            let file = builder.tempfile_in(folder)?;
            // A sweeper may have found the file before it was locked; then it is gone.
            if stale::claim(file.as_file())? {
                return Ok(file);
            }
        }
    }

    #[cfg(unix)]
    fn give_owner(&self, file: &File, like: &Metadata) -> io::Result<bool> {
        use std::os::unix::fs::{MetadataExt, fchown};
        let now = file.metadata()?;
        if (now.uid(), now.gid()) == (like.uid(), like.gid()) {
            return Ok(true);
        }
        match fchown(file, Some(like.uid()), Some(like.gid())) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(false),
            Err(error) => Err(error),
        }
    }

    #[cfg(not(unix))]
    fn give_owner(&self, _file: &File, _like: &Metadata) -> io::Result<bool> {
        Ok(true)
    }

    fn give_permissions(&self, file: &File, permissions: Permissions) -> io::Result<()> {
        file.set_permissions(permissions)
    }

    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    fn rename(&self, file: NamedTempFile, target: &Path) -> io::Result<()> {
        file.persist(target)
            .map(drop)
            .map_err(|failed| failed.error)
    }

    fn rename_new(&self, file: NamedTempFile, target: &Path) -> io::Result<()> {
        file.persist_noclobber(target)
            .map(drop)
            .map_err(|failed| failed.error)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        sync_folder(folder)
    }
}

/// The permissions to give to a file that takes another's place.
#[cfg(unix)]
pub(super) fn permissions(like: &Metadata, owned: bool) -> Permissions {
    use std::os::unix::fs::PermissionsExt;
    let mode = like.permissions().mode();
    // Set-user and set-group bits mean "as its owner", and here the owner is another.
    Permissions::from_mode(if owned { mode } else { mode & !0o6000 })
}

#[cfg(not(unix))]
pub(super) fn permissions(like: &Metadata, _owned: bool) -> Permissions {
    like.permissions()
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

//! A `todo.md` that many threads and many processes change at once.

mod batch;
mod lock;
#[cfg(test)]
mod tests;

use std::any::Any;
use std::io;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use super::{EditError, TodoDocument};
use crate::{AtomicWriteError, atomic_write};
use batch::{Batch, Batches, Turn};
use lock::{FileLock, lock_path};

/// Why a file was not read or changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TodoFileError {
    /// The closure gave an error. The file is as before, but for what others have changed.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// The folder of the file cannot be used.
    #[error("`{}` has no folder that can be used; create it first", path.display())]
    Folder {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The lock could not be taken.
    #[error("the lock `{}` could not be taken; see that its folder can be written", path.display())]
    Lock {
        /// The file that is locked in place of the document.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file could not be read.
    #[error("`{}` could not be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not UTF-8.
    #[error("`{}` is not text: byte {at} is not UTF-8; mend it or move it aside", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// The first byte that is not, from 0.
        at: usize,
    },
    /// The file could not be written. Those whose edits were to be written together with this one
    /// are told the same.
    #[error("the edited document was not written as it should be")]
    Write(#[source] Arc<AtomicWriteError>),
    /// The closure has called the file that it was called by.
    #[error("`{}` is being edited by the closure that asks for it; use its document", path.display())]
    Nested {
        /// The file.
        path: PathBuf,
    },
}

/// A document in a file, for many threads and many processes at once.
///
/// [`edit`](Self::edit) gives a closure the document as it is in the file and writes it back, and
/// nobody else's edit is lost. When `edit` returns, the edit is durable. Edits that meet are
/// written together: while one thread writes, the others queue up, and the next of them reads the
/// file once, lets all of them change the document one by one, and writes it once.
///
/// # Between processes
/// Whoever edits holds an exclusive lock ([`std::fs::File::lock`]) on a file next to the document, named like
/// it with `.` before and `.lock` behind: `.todo.md.lock` for `todo.md`. That file is empty and
/// stays; the system releases the lock when its holder dies. The document itself is replaced as a
/// whole by [`atomic_write`], so a crash leaves the old text or the new one, and
/// [`read`](Self::read) needs no lock. A symbolic link is followed when the file is opened, so all
/// names of a file share its lock.
///
/// Programs that know nothing of the lock, such as editors, are not kept out: what they write while
/// an edit is under way may be lost. To take in what they wrote before, use
/// [`TodoDocument::merge`].
///
/// # Examples
/// ```
/// use orchestrator_state::{NewItem, Status, TodoFile};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let file = TodoFile::open(folder.path().join("todo.md"))?;
/// std::thread::scope(|scope| {
///     for id in ["t1", "t2", "t3"] {
///         let file = &file;
///         scope.spawn(move || file.edit(|todo| todo.add_item(&NewItem::new(id, "more"))));
///     }
/// });
/// file.edit(|todo| todo.set_status("t2", Status::Done))?;
/// assert_eq!(file.read()?.items().count(), 3);
/// assert!(file.read()?.is_done("t2"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TodoFile {
    path: PathBuf,
    lock: PathBuf,
    batches: Batches,
}

impl TodoFile {
    /// Opens a file that need not be there yet: without one, the document is empty.
    ///
    /// # Errors
    /// [`TodoFileError::Folder`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, TodoFileError> {
        let path = path.as_ref();
        let found = match path.canonicalize() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => crate::atomic::parent(path)
                .canonicalize()
                .map(|folder| folder.join(path.file_name().unwrap_or_default())),
            found => found,
        };
        let path = found.map_err(|source| TodoFileError::Folder {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            lock: lock_path(&path),
            path,
            batches: Batches::default(),
        })
    }

    /// The file, with links followed.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The document as it is in the file now. Needs no lock and waits for nobody.
    ///
    /// # Errors
    /// [`TodoFileError::Read`] or [`TodoFileError::NotText`].
    pub fn read(&self) -> Result<TodoDocument, TodoFileError> {
        self.text().map(|text| TodoDocument::parse(&text))
    }

    /// Changes the document in the file. Blocks until the change, and whatever the closure has
    /// seen of others' changes, is durable.
    ///
    /// The closure runs once, on this thread, while others wait for it. If it gives an error,
    /// nothing that it did to the document remains. If it changes nothing, nothing is written.
    ///
    /// # Errors
    /// [`TodoFileError::Edit`] if the closure gave an error; the others if the file could not be
    /// locked, read or written.
    ///
    /// # Panics
    /// If the closure panics, so does this, after the edits of others have gone on. Nothing of what
    /// it did to the document remains.
    pub fn edit<T>(
        &self,
        edit: impl FnOnce(&mut TodoDocument) -> Result<T, EditError>,
    ) -> Result<T, TodoFileError> {
        let nested = |()| TodoFileError::Nested {
            path: self.path.clone(),
        };
        match self.batches.join(edit).map_err(nested)? {
            Turn::Joined(result, batch) => self.finish(result, self.batches.wait(&batch)),
            Turn::Lead(edit) => {
                let (result, written) = self.lead(edit)?;
                self.finish(result, written)
            }
        }
    }

    /// Reads the file for all that wait, lets them change it, and writes it.
    fn lead<T>(
        &self,
        edit: impl FnOnce(&mut TodoDocument) -> Result<T, EditError>,
    ) -> Result<(Edited<T>, Written), TodoFileError> {
        // Whatever happens from here on, the others get their turn.
        let lead = self.batches.lead();
        let lock = FileLock::take(&self.lock).map_err(|source| TodoFileError::Lock {
            path: self.lock.clone(),
            source,
        })?;
        let before = self.text()?;
        let batch = Arc::new(Batch::default());
        let (result, document) = lead.run(TodoDocument::parse(&before), &batch, edit);
        let after = document.to_string();
        let written = if after == before {
            Ok(())
        } else {
            atomic_write(&self.path, after.as_bytes()).map_err(Arc::new)
        };
        drop(lock);
        lead.publish(&batch, written.clone());
        Ok((result, written))
    }

    fn finish<T>(&self, result: Edited<T>, written: Written) -> Result<T, TodoFileError> {
        let result = result.unwrap_or_else(|panic| resume_unwind(panic));
        // An error may come from what another has changed, and that is not in the file either.
        written.map_err(TodoFileError::Write)?;
        Ok(result?)
    }

    fn text(&self) -> Result<String, TodoFileError> {
        let bytes = match std::fs::read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            read => read.map_err(|source| TodoFileError::Read {
                path: self.path.clone(),
                source,
            })?,
        };
        String::from_utf8(bytes).map_err(|error| TodoFileError::NotText {
            path: self.path.clone(),
            at: error.utf8_error().valid_up_to(),
        })
    }
}

/// What a closure gave, or with what it panicked.
type Edited<T> = Result<Result<T, EditError>, Box<dyn Any + Send>>;

/// Whether the text of a batch got into the file.
type Written = Result<(), Arc<AtomicWriteError>>;

//! The backend in a folder.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::LocalBackend;
use crate::{Clock, Holder, OpenStoreError, StoreConfig, StoreReport, TableError};

/// Why a backend was not opened. No row in its folder is changed then.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenBackendError {
    /// The store could not be opened: somebody else holds it, it is damaged, or the disk refuses.
    #[error("the backend in `{}` was not opened, because its store was not", folder.display())]
    Store {
        /// The backend's folder.
        folder: PathBuf,
        /// What the store says.
        #[source]
        source: OpenStoreError,
    },
    /// The store was opened, and has tables of the backend's names that are something else.
    #[error(
        "the store in `{}` is not a backend's, or that of a newer version of this program; choose \
         another folder", folder.display()
    )]
    Table {
        /// The backend's folder.
        folder: PathBuf,
        /// What the store says.
        #[source]
        source: TableError,
    },
}

impl LocalBackend {
    /// Opens the backend in a folder, and creates both when they are not there. What was acknowledged
    /// before is there again, and the report says what a crash has torn.
    ///
    /// One process holds the folder, until the last handle of the backend, of its store and of what
    /// was taken from that is dropped. `config` says what an acknowledgement means: by default that
    /// the disk has it. `clock` is the time of leases, delays and events; it should not go back from
    /// one opening to the next, for leases last until it shows their end.
    ///
    /// # Errors
    /// [`OpenBackendError`].
    pub fn open(
        folder: impl AsRef<Path>,
        holder: &Holder,
        config: StoreConfig,
        clock: impl Clock + Sync,
    ) -> Result<(Self, StoreReport), OpenBackendError> {
        let folder = folder.as_ref();
        let (store, report) =
            config
                .open(folder, holder)
                .map_err(|source| OpenBackendError::Store {
                    folder: folder.to_owned(),
                    source,
                })?;
        let backend = Self::on(store, clock).map_err(|source| OpenBackendError::Table {
            folder: folder.to_owned(),
            source,
        })?;
        Ok((backend, report))
    }
}

//! The store as a vault.

use std::path::{Path, PathBuf};

use orchestrator_state::{Durability, Holder, StateStore, StoreConfig, Table, verify};

use super::{Entry, Kept, Vault, VaultError};

/// A store that is open for writing: entries by position, and how many there are. The count makes
/// all writers meet, so that positions are in the order of the commits.
pub(super) struct StoreVault {
    store: StateStore,
    entries: Table<u64, Entry>,
    count: Table<u8, u64>,
    folder: PathBuf,
}

impl StoreVault {
    pub(super) fn open(folder: &Path, durability: Durability) -> Result<Self, VaultError> {
        let (store, _) = StoreConfig::default()
            .with_durability(durability)
            .open(folder, &Holder::new("crash"))
            .map_err(VaultError::at("opening the store in", folder))?;
        let at = |error| VaultError::at("opening a table of", folder)(error);
        Ok(Self {
            entries: store.table("entries").map_err(at)?,
            count: store.table("count").map_err(at)?,
            store,
            folder: folder.to_owned(),
        })
    }
}

impl Vault for StoreVault {
    fn put(&self, entry: &Entry) -> Result<u64, VaultError> {
        let (position, _) = self
            .store
            .update(|tx| {
                let position = tx.get(&self.count, &0).map_or(0, |count| *count) + 1;
                tx.put(&self.count, 0, position);
                tx.put(&self.entries, position, entry.clone());
                position
            })
            .map_err(VaultError::at("committing to the store in", &self.folder))?;
        Ok(position)
    }
}

/// Recovers, verifies and reads.
pub(super) fn kept(folder: &Path) -> Result<Vec<Kept>, VaultError> {
    let vault = StoreVault::open(folder, Durability::Immediate)?;
    let snapshot = vault.store.snapshot();
    let kept: Vec<Kept> = snapshot
        .rows(&vault.entries)
        .into_iter()
        .map(|(position, entry)| Kept {
            position,
            entry: (*entry).clone(),
        })
        .collect();
    let count = snapshot.get(&vault.count, &0).map_or(0, |count| *count);
    let version = snapshot.version().get();
    drop(snapshot);
    drop(vault);
    verify(folder).map_err(VaultError::at(
        "verifying the journal of the store in",
        folder,
    ))?;
    // Each commit has made one version, one entry and one more of the count.
    if count != kept.len() as u64 || version != count {
        let told = format!(
            "{} entries, a count of {count}, version {version}",
            kept.len()
        );
        return Err(VaultError::at("comparing the rows of", folder)(told));
    }
    Ok(kept)
}

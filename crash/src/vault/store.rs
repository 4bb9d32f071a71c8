//! The store as a vault.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use orchestrator_state::{
    Durability, Holder, Journal, JournalConfig, SeededBug, StateStore, StoreConfig, Table,
    UpdateError, verify,
};

use super::{Entry, Kept, Remains, Vault, VaultError};

/// The table that an entry's commit writes.
const ENTRIES: &str = "entries";
/// How many entries were put in by transactions: a row of the counts, and in their own commits.
const BY_TRANSACTION: u8 = 0;
/// How many entries were begun to be put in by `modify`: a row of the counts, in the commit before.
const BY_MODIFY: u8 = 1;

/// A store that is open for writing: entries by number, and how many there are. The counts make the
/// writers meet. An entry's position is the version of its commit.
pub(super) struct StoreVault {
    store: StateStore,
    entries: Table<u64, Entry>,
    counts: Table<u8, u64>,
    checkpoints: bool,
    folder: PathBuf,
}

impl StoreVault {
    pub(super) fn open(folder: &Path, durability: Durability) -> Result<Self, VaultError> {
        let config = StoreConfig::default().with_durability(durability);
        Self::with(folder, config, false)
    }

    /// A store that is durable, and writes checkpoints, as they should be written or not.
    pub(super) fn with_checkpoints(
        folder: &Path,
        bug: Option<SeededBug>,
    ) -> Result<Self, VaultError> {
        // Small segments, so that there are some to drop.
        let journal = JournalConfig::default().with_segment_bytes(4 << 10);
        let config = StoreConfig::default().with_journal(journal);
        let config = match bug {
            Some(bug) => config.with_seeded_bug(bug),
            None => config,
        };
        Self::with(folder, config, true)
    }

    fn with(folder: &Path, config: StoreConfig, checkpoints: bool) -> Result<Self, VaultError> {
        let (store, _) = config
            .open(folder, &Holder::new("crash"))
            .map_err(VaultError::at("opening the store in", folder))?;
        let at = |error| VaultError::at("opening a table of", folder)(error);
        Ok(Self {
            entries: store.table(ENTRIES).map_err(at)?,
            counts: store.table("counts").map_err(at)?,
            store,
            checkpoints,
            folder: folder.to_owned(),
        })
    }

    fn by_transaction(&self, entry: &Entry) -> Result<u64, UpdateError> {
        let ((), version) = self.store.update(|tx| {
            let count = tx.get(&self.counts, &BY_TRANSACTION).map_or(0, |n| *n);
            tx.put(&self.counts, BY_TRANSACTION, count + 1);
            tx.put(&self.entries, entry.number, entry.clone());
        })?;
        Ok(version.get())
    }

    /// Two commits of one key each: one key that all want, and one that is new.
    fn by_modify(&self, entry: &Entry) -> Result<u64, UpdateError> {
        let more = |count: Option<&u64>| Some(count.map_or(1, |count| count + 1));
        // It is not waited for: what comes behind it is acknowledged after it, or not at all.
        drop(self.store.submit_modify(&self.counts, &BY_MODIFY, more)?);
        let put = |_: Option<&Entry>| Some(entry.clone());
        let version = self.store.modify(&self.entries, &entry.number, put)?;
        Ok(version.get())
    }
}

/// Whether an entry is put in by `modify`.
fn is_modified(entry: &Entry) -> bool {
    entry.number.is_multiple_of(3)
}

impl Vault for StoreVault {
    fn put(&self, entry: &Entry) -> Result<u64, VaultError> {
        let put = if is_modified(entry) {
            self.by_modify(entry)
        } else {
            self.by_transaction(entry)
        };
        put.map_err(VaultError::at("committing to the store in", &self.folder))
    }

    fn tend(&self) -> Result<bool, VaultError> {
        if self.checkpoints {
            self.store
                .checkpoint()
                .map_err(VaultError::at("writing a checkpoint of", &self.folder))?;
        }
        Ok(self.checkpoints)
    }
}

/// Recovers, verifies and reads.
pub(super) fn remains(folder: &Path) -> Result<Remains, VaultError> {
    let vault = StoreVault::open(folder, Durability::Immediate)?;
    let snapshot = vault.store.snapshot();
    let mut entries: Vec<Kept> = snapshot
        .rows(&vault.entries)
        .into_iter()
        .map(|(_, entry)| Kept {
            position: entry.version().get(),
            entry: (*entry).clone(),
        })
        .collect();
    entries.sort_unstable_by_key(|kept| kept.position);
    let count = |of| snapshot.get(&vault.counts, &of).map_or(0, |count| *count);
    let counts = [count(BY_TRANSACTION), count(BY_MODIFY)];
    let version = snapshot.version().get();
    drop(snapshot);
    drop(vault);
    let verified = verify(folder).map_err(VaultError::at(
        "verifying the journal of the store in",
        folder,
    ))?;
    let dropped = verified.pruned;
    let written = commits(folder)?;
    let compare = || -> Result<(), String> {
        // Each record is a version, whether its commit has written an entry, a count or nothing.
        let records = dropped + verified.records;
        if version != records {
            return Err(format!("version {version} after {records} records"));
        }
        // The rows are those that the journal has, and those that it no longer has.
        let shown: BTreeSet<u64> = entries
            .iter()
            .map(|kept| kept.position)
            .filter(|position| *position > dropped)
            .collect();
        if shown != written {
            let wrong: Vec<_> = shown.symmetric_difference(&written).take(3).collect();
            return Err(format!(
                "entries and journal differ in versions {wrong:?}, behind {dropped}"
            ));
        }
        let modified = entries.iter().filter(|kept| is_modified(&kept.entry));
        let modified = modified.count() as u64;
        let others = entries.len() as u64 - modified;
        // A count of `modify` is committed before its entry, so a crash may come between.
        if counts[0] != others || counts[1] < modified {
            return Err(format!(
                "counts {counts:?} for {others}, {modified} entries"
            ));
        }
        Ok(())
    };
    compare().map_err(VaultError::at("comparing the rows of", folder))?;
    Ok(Remains { entries, dropped })
}

/// The versions of the commits in the journal that have written an entry.
fn commits(folder: &Path) -> Result<BTreeSet<u64>, VaultError> {
    let mut versions = BTreeSet::new();
    let records = Journal::read(folder);
    for record in records.map_err(VaultError::at("reading the journal of", folder))? {
        let record = record.map_err(VaultError::at("reading the journal of", folder))?;
        if record.kind != "commit" {
            continue;
        }
        let writes: Vec<Vec<serde_json::Value>> = record
            .decode()
            .map_err(VaultError::at("reading a commit of", folder))?;
        let mut tables = writes.iter().filter_map(|write| write.first());
        if tables.any(|table| table == ENTRIES) {
            versions.insert(record.seq);
        }
    }
    Ok(versions)
}

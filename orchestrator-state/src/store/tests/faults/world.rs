//! A store on a disk that breaks when it is told to, and what must be there afterwards.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::atomic::faulty::Faulty;
use crate::store::tests::rows;
use crate::store::*;
use crate::{Disk, Holder, JournalConfig, LogFile, Medium, verify};

/// How many rows there are.
pub(super) const KEYS: u32 = 5;
/// How long a segment is: shorter than what is committed between two checkpoints.
const SEGMENT: u64 = 512;

/// A file of the journal whose steps are counted with the others.
struct FaultyFile {
    inner: Box<dyn LogFile>,
    plan: Faulty,
    path: PathBuf,
    /// The content that is safe.
    durable: Vec<u8>,
}

impl Medium for Faulty {
    fn open(&self, path: &Path) -> io::Result<Box<dyn LogFile>> {
        self.step("journal: open")?;
        Ok(Box::new(FaultyFile {
            inner: Disk.open(path)?,
            plan: self.clone(),
            path: path.to_owned(),
            durable: fs::read(path)?,
        }))
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.step("journal: sync_folder")?;
        Disk.sync_folder(folder)
    }
}

impl LogFile for FaultyFile {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        // What a full disk does: some of the bytes, then the error.
        if let Err(error) = self.plan.step("journal: write") {
            self.inner.write_at(offset, &bytes[..bytes.len() / 2])?;
            return Err(error);
        }
        self.inner.write_at(offset, bytes)
    }

    fn set_len(&mut self, len: u64) -> io::Result<()> {
        self.plan.step("journal: set_len")?;
        self.inner.set_len(len)
    }

    fn sync(&mut self) -> io::Result<()> {
        // What was written since the last sync is lost with it.
        if let Err(error) = self.plan.step("journal: sync") {
            fs::write(&self.path, &self.durable)?;
            return Err(error);
        }
        self.inner.sync()?;
        self.durable = fs::read(&self.path)?;
        Ok(())
    }
}

/// A store on a disk that breaks, and what it has acknowledged.
pub(super) struct World {
    pub(super) store: StateStore,
    pub(super) table: Table<u32, u64>,
    pub(super) disk: Faulty,
    pub(super) acknowledged: Vec<(u32, u64)>,
    /// The last field: it goes when the store is closed.
    pub(super) folder: TempDir,
}

pub(super) fn journal(disk: &Faulty) -> JournalConfig {
    JournalConfig::default()
        .with_medium(disk.clone())
        .with_steps(disk.clone())
        .with_segment_bytes(SEGMENT)
        // So that nothing depends on the time.
        .with_anchor_interval(Duration::ZERO)
}

impl World {
    /// With so many checkpoints, and commits behind each.
    pub(super) fn with_checkpoints(count: u64, config: StoreConfig) -> Self {
        let mut world = Self::open(tempfile::tempdir().unwrap(), config, Vec::new());
        for round in 0..=count {
            for key in 0..KEYS {
                world.commit(key, round).unwrap();
            }
            if round < count {
                world.store.checkpoint().unwrap();
            }
        }
        world
    }

    /// The store in a folder, which is known to have these rows.
    pub(super) fn open(
        folder: TempDir,
        config: StoreConfig,
        acknowledged: Vec<(u32, u64)>,
    ) -> Self {
        let disk = Faulty::default();
        let config = config.with_journal(journal(&disk));
        let (store, _) = config.open(folder.path(), &Holder::new("test")).unwrap();
        let table = store.table("numbers").unwrap();
        Self {
            store,
            table,
            disk,
            acknowledged,
            folder,
        }
    }

    /// Closes it, and gives its folder and its rows.
    pub(super) fn close(self) -> (TempDir, Vec<(u32, u64)>) {
        (self.folder, self.acknowledged)
    }

    pub(super) fn commit(&mut self, key: u32, value: u64) -> Result<(), UpdateError> {
        let change = |tx: &mut Transaction<'_>| tx.put(&self.table, key, value);
        self.store.update(change)?;
        self.acknowledged.retain(|row| row.0 != key);
        self.acknowledged.push((key, value));
        self.acknowledged.sort_unstable();
        Ok(())
    }
}

/// All files in a folder, with those in its folders.
pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    let (folders, mut found): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    for folder in folders {
        found.append(&mut files(&folder));
    }
    found.sort();
    found
}

pub(super) fn checkpoints(folder: &Path) -> Vec<PathBuf> {
    let is_one = |path: &PathBuf| path.extension().is_some_and(|end| end == "jsonl");
    files(folder).into_iter().filter(is_one).collect()
}

/// Opens a store on a good disk, and sees that it is whole and has nothing beside it.
pub(super) fn reopen(folder: &Path, expected: &[(u32, u64)]) -> Result<StateStore, String> {
    let config = JournalConfig::default().with_segment_bytes(SEGMENT);
    let config = StoreConfig::default().with_journal(config);
    let opened = config.open(folder, &Holder::new("test"));
    let (store, _) = opened.map_err(|error| format!("not opened: {error:?}"))?;
    let table = store.table("numbers").map_err(|error| error.to_string())?;
    let found = rows(&store.snapshot(), &table);
    if found != expected {
        return Err(format!("{found:?}, not {expected:?}"));
    }
    let is_litter = |path: &&PathBuf| path.extension().is_some_and(|end| end == "tmp");
    if let Some(litter) = files(folder).iter().find(is_litter) {
        return Err(format!("`{}` is left", litter.display()));
    }
    verify(folder).map_err(|error| error.to_string())?;
    Ok(store)
}

/// Copies a folder, as a crash would leave it.
pub(super) fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(&file, target).unwrap();
    }
}

//! Records of a dead writer whose sync had failed: they are in the page cache, and the system believes
//! that they are on the disk. Who opens the journal after that must not believe it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::whole::{config, holder, open};
use super::*;

/// A disk behind a page cache, which is the real file system.
#[derive(Clone, Default)]
struct Cached(Arc<Mutex<Cache>>);

#[derive(Default)]
struct Cache {
    /// What a power cut leaves of each file.
    disk: BTreeMap<PathBuf, Vec<u8>>,
    /// What the next sync of each file writes: where, and which bytes.
    dirty: BTreeMap<PathBuf, Vec<(u64, Vec<u8>)>>,
    /// Whether the next sync fails. It calls the pages clean all the same.
    fails: bool,
    /// Whether a page that is written again as it was does not get dirty. No system does that; it
    /// stands for an opening that only syncs.
    passes_over: bool,
}

impl Cached {
    fn set(&self, change: impl FnOnce(&mut Cache)) {
        change(&mut self.0.lock().unwrap());
    }

    /// The power fails: what the disk has is what there is.
    fn cut(&self) {
        for (path, bytes) in &self.0.lock().unwrap().disk {
            fs::write(path, bytes).unwrap();
        }
    }
}

struct CachedFile {
    inner: Box<dyn LogFile>,
    cache: Cached,
    path: PathBuf,
}

impl Medium for Cached {
    fn open(&self, path: &Path) -> io::Result<Box<dyn LogFile>> {
        let inner = Disk.open(path)?;
        let mut cache = self.0.lock().unwrap();
        // A file that was replaced as a whole, as the anchor is, is durable. A segment that was opened
        // before is what the disk has of it.
        let is_whole = path.ends_with(HEAD);
        if is_whole || !cache.disk.contains_key(path) {
            cache.disk.insert(path.to_owned(), fs::read(path)?);
        }
        Ok(Box::new(CachedFile {
            inner,
            cache: self.clone(),
            path: path.to_owned(),
        }))
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        Disk.sync_folder(folder)
    }
}

impl LogFile for CachedFile {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        let before = fs::read(&self.path)?;
        let at = usize::try_from(offset).unwrap();
        let is_same = before.get(at..at + bytes.len()) == Some(bytes);
        let mut cache = self.cache.0.lock().unwrap();
        if !(is_same && cache.passes_over) {
            let dirty = cache.dirty.entry(self.path.clone()).or_default();
            dirty.push((offset, bytes.to_vec()));
        }
        drop(cache);
        self.inner.write_at(offset, bytes)
    }

    fn set_len(&mut self, len: u64) -> io::Result<()> {
        let mut cache = self.cache.0.lock().unwrap();
        let disk = cache.disk.entry(self.path.clone()).or_default();
        disk.resize(usize::try_from(len).unwrap(), 0);
        drop(cache);
        self.inner.set_len(len)
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut cache = self.cache.0.lock().unwrap();
        let dirty = cache.dirty.remove(&self.path).unwrap_or_default();
        if std::mem::take(&mut cache.fails) {
            return Err(io::Error::other("injected"));
        }
        let disk = cache.disk.entry(self.path.clone()).or_default();
        for (offset, bytes) in dirty {
            let (from, to) = (usize::try_from(offset).unwrap(), bytes.len());
            disk.resize(disk.len().max(from + to), 0);
            disk[from..from + to].copy_from_slice(&bytes);
        }
        Ok(())
    }
}

fn on(cache: &Cached) -> JournalConfig {
    config()
        .with_medium(cache.clone())
        .with_anchor_interval(Duration::ZERO)
}

/// A journal of two records, of which the second was never synced: its writer's sync has failed, and it
/// has died then. The next writer has adopted it, and another record stands behind it if `more`.
fn adopted(folder: &Path, cache: &Cached, more: bool) {
    let (journal, _) = on(cache).open(folder, &holder()).unwrap();
    journal.append("step", &1).unwrap();
    cache.set(|cache| cache.fails = true);
    let failed = journal.append("step", &2).unwrap_err();
    assert!(matches!(failed, AppendError::Sync { seq: 2, .. }));
    drop(journal);

    let (journal, report) = on(cache).open(folder, &holder()).unwrap();
    assert_eq!((report.records, report.adopted), (2, 1));
    if more {
        journal.append("step", &3).unwrap();
    }
    // A clean close syncs once more, which makes no difference to pages that are called clean.
    drop(journal);
    cache.cut();
}

/// Judges what is left.
fn records(folder: &Path) -> Result<u64, VerifyError> {
    verify(folder).map(|verified| verified.records)
}

#[test]
fn adopted_records_are_written_again_before_the_anchor_vouches_for_them() {
    for more in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        adopted(folder.path(), &Cached::default(), more);
        assert_eq!(records(folder.path()).unwrap(), 2 + u64::from(more));
    }
}

/// The control: where the second write does not get to the disk, as without it, the record is missed.
#[test]
fn control_adopted_records_that_are_only_synced_are_lost() {
    for more in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cached::default();
        cache.set(|cache| cache.passes_over = true);
        adopted(folder.path(), &cache, more);
        let lost = records(folder.path()).unwrap_err();
        assert!(
            matches!(lost, VerifyError::Truncated(_) | VerifyError::Corrupt(_)),
            "{lost}"
        );
    }
}

/// What was acknowledged before is not touched by it.
#[test]
fn a_power_cut_after_the_failed_sync_leaves_what_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cached::default();
    let (journal, _) = on(&cache).open(folder.path(), &holder()).unwrap();
    journal.append("step", &1).unwrap();
    cache.set(|cache| cache.fails = true);
    journal.append("step", &2).unwrap_err();
    drop(journal);
    cache.cut();
    assert_eq!(open(folder.path()).1.records, 1);
}

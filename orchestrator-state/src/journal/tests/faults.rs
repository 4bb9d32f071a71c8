//! A disk that fails on purpose.

use std::fs;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use super::whole::{config, holder, open};
use super::*;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    /// A write, an opening or a cut does nothing and fails.
    Eio,
    /// A write writes the half and then fails for good: the disk is full.
    Half,
    /// A sync fails; what was written since the last one is lost.
    Sync,
    /// A write panics.
    Panic,
}

const FAULTS: [Fault; 4] = [Fault::Eio, Fault::Half, Fault::Sync, Fault::Panic];

/// Fails once, at the n-th operation from now; before and after it is the real disk.
#[derive(Clone)]
struct Faulty {
    fault: Fault,
    left: Arc<AtomicUsize>,
}

impl Faulty {
    fn new(fault: Fault) -> Self {
        let left = Arc::new(AtomicUsize::new(usize::MAX));
        Self { fault, left }
    }

    fn fail_at(&self, n: usize) {
        self.left.store(n, Ordering::Relaxed);
    }

    fn is_due(&self) -> bool {
        self.left.fetch_sub(1, Ordering::Relaxed) == 1
    }

    fn change(&self) -> io::Result<()> {
        if self.fault != Fault::Sync && self.is_due() {
            assert!(self.fault != Fault::Panic, "injected");
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }
}

struct FaultyFile {
    inner: Box<dyn LogFile>,
    plan: Faulty,
    path: std::path::PathBuf,
    /// The content that is safe.
    durable: Vec<u8>,
}

impl Medium for Faulty {
    fn open(&self, path: &Path) -> io::Result<Box<dyn LogFile>> {
        self.change()?;
        Ok(Box::new(FaultyFile {
            inner: Disk.open(path)?,
            plan: self.clone(),
            path: path.to_owned(),
            durable: fs::read(path)?,
        }))
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        if self.fault == Fault::Sync && self.is_due() {
            return Err(io::Error::other("injected"));
        }
        Disk.sync_folder(folder)
    }
}

impl LogFile for FaultyFile {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        if self.plan.fault == Fault::Half && self.plan.left.load(Ordering::Relaxed) == 1 {
            self.inner.write_at(offset, &bytes[..bytes.len() / 2])?;
        }
        self.plan.change()?;
        // A few bytes at a time now and then, as a disk may.
        let some = if offset.is_multiple_of(3) {
            bytes.len().min(70)
        } else {
            bytes.len()
        };
        self.inner.write_at(offset, &bytes[..some])
    }

    fn set_len(&mut self, len: u64) -> io::Result<()> {
        self.plan.change()?;
        self.inner.set_len(len)
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.plan.fault == Fault::Sync && self.plan.is_due() {
            fs::write(&self.path, &self.durable)?;
            return Err(io::Error::other("injected"));
        }
        self.inner.sync()?;
        self.durable = fs::read(&self.path)?;
        Ok(())
    }
}

fn on(medium: &Faulty) -> JournalConfig {
    config()
        .with_medium(medium.clone())
        .with_anchor_interval(Duration::ZERO)
        .with_segment_bytes(400)
}

/// Appends until something fails. Gives the last acknowledged record, and whether all went well.
fn append(journal: &Journal) -> (u64, bool) {
    let mut acknowledged = 0;
    for n in 1..=5_u64 {
        match journal.append("step", &n) {
            Ok(record) => acknowledged = record.seq,
            Err(
                AppendError::Write { seq, .. }
                | AppendError::Sync { seq, .. }
                | AppendError::Stopped { failed: seq },
            ) => {
                assert_eq!(seq, acknowledged + 1);
                return (acknowledged, false);
            }
            Err(other) => panic!("{other}"),
        }
    }
    (acknowledged, true)
}

#[test]
fn a_fault_at_any_point_stops_the_journal_and_loses_nothing_acknowledged() {
    for fault in FAULTS {
        let mut points = 0;
        for at in 1.. {
            let folder = tempfile::tempdir().unwrap();
            let medium = Faulty::new(fault);
            let (journal, _) = on(&medium).open(folder.path(), &holder()).unwrap();
            medium.fail_at(at);
            let (acknowledged, all) = append(&journal);
            if !all {
                // The disk is well again, and still nothing is taken.
                for _ in 0..2 {
                    let stopped = journal.append("step", &0).unwrap_err();
                    let failed = acknowledged + 1;
                    assert!(
                        matches!(stopped, AppendError::Stopped { failed: at } if at == failed),
                        "{stopped:?}"
                    );
                    assert!(journal.flush().is_err());
                    assert!(matches!(
                        journal.retain_from(3),
                        Err(RetainError::Stopped(_))
                    ));
                }
                assert_eq!(journal.head().0, acknowledged);
            }
            let closed = if fault == Fault::Panic {
                let closing = std::panic::AssertUnwindSafe(|| journal.close());
                std::panic::catch_unwind(closing).is_ok_and(|closed| closed.is_ok())
            } else {
                journal.close().is_ok()
            };
            let left = medium.left.load(Ordering::Relaxed);
            let fired = left == 0 || left > usize::MAX / 2;
            assert_eq!(closed, !fired, "{fault:?} at {at}");
            if !fired {
                break;
            }
            points += 1;

            // What was acknowledged is there; of the failed record, all or nothing.
            let (journal, report) = open(folder.path());
            assert!(
                (acknowledged..=acknowledged + 1).contains(&report.records),
                "{fault:?} at {at}: {report:?}, {acknowledged}"
            );
            assert_eq!(journal.append("step", &0).unwrap().seq, report.records + 1);
            assert_eq!(verify(folder.path()).unwrap().records, report.records + 1);
        }
        assert!(points >= 8, "{fault:?}: {points} points");
    }
}

#[test]
fn a_fault_while_opening_is_told_and_the_next_opening_succeeds() {
    for fault in [Fault::Eio, Fault::Half, Fault::Sync] {
        for records in [0, 3] {
            let mut told = 0;
            for at in 1..20 {
                let folder = tempfile::tempdir().unwrap();
                if records > 0 {
                    whole::write(folder.path(), records);
                    // A torn block, so that opening has something to cut.
                    let path = whole::segment(folder.path());
                    let torn = [fs::read(&path).unwrap(), b"torn".to_vec()].concat();
                    fs::write(&path, torn).unwrap();
                }
                let medium = Faulty::new(fault);
                medium.fail_at(at);
                let opened = on(&medium).open(folder.path(), &holder());
                assert!(
                    matches!(opened, Ok(_) | Err(OpenError::Io { .. })),
                    "{opened:?}"
                );
                told += usize::from(opened.is_err());
                drop(opened);
                assert_eq!(open(folder.path()).1.records, records, "{fault:?} at {at}");
            }
            assert!(told >= 2, "{fault:?}: {told}");
        }
    }
}

#[test]
fn everybody_who_waits_hears_of_the_fault() {
    for durability in [Durability::Immediate, Durability::None] {
        let folder = tempfile::tempdir().unwrap();
        let medium = Faulty::new(Fault::Eio);
        let (journal, _) = on(&medium)
            .with_durability(durability)
            .open(folder.path(), &holder())
            .unwrap();
        medium.fail_at(30);
        let acknowledged = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        (0..)
                            .map_while(|_| journal.append_bytes("s", b"x").ok())
                            .last()
                    })
                })
                .collect();
            threads
                .into_iter()
                .filter_map(|thread| thread.join().unwrap())
                .max()
        });
        assert_eq!(acknowledged.unwrap_or(0), journal.head().0);
        drop(journal);
        let records = open(folder.path()).1.records;
        assert!(records >= acknowledged.unwrap_or(0));
    }
}

/// The control: a writer that goes on after a failed sync acknowledges what is lost.
#[test]
fn control_going_on_after_a_failed_sync_loses_what_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let medium = Faulty::new(Fault::Sync);
    let (journal, _) = config()
        .with_medium(medium.clone())
        .with_durability(Durability::None)
        .open(folder.path(), &holder())
        .unwrap();
    let careless = journal.shared.at_rest(|writer| {
        for seq in 1..=2 {
            let mut batch = batch::Batch::new();
            batch.restart(seq, seq - 1);
            batch.push(0, "step", b"data");
            writer.write(&mut batch).unwrap();
            if seq == 1 {
                medium.fail_at(1);
                assert!(writer.sync_all().is_err());
            }
            // It believes that the bytes are there, because the second sync says so.
            writer.sync_all().unwrap();
        }
    });
    careless.unwrap();
    drop(journal);
    assert!(verify(folder.path()).is_err());
}

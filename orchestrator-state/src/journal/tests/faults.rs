//! A disk that fails on purpose.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    /// A write writes nothing and fails.
    Eio,
    /// A write writes the half and then fails for good.
    Half,
    /// A sync fails; what was written is lost.
    Sync,
}

/// Fails once, at the n-th write or sync from now; before and after it is the real disk.
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
}

struct FaultyFile {
    inner: Box<dyn LogFile>,
    plan: Faulty,
    /// The length that is safe, and the length that is only written.
    durable: u64,
    written: u64,
}

impl Medium for Faulty {
    fn open(&self, path: &Path) -> io::Result<Box<dyn LogFile>> {
        let inner = Disk.open(path)?;
        let len = fs::metadata(path)?.len();
        Ok(Box::new(FaultyFile {
            inner,
            plan: self.clone(),
            durable: len,
            written: len,
        }))
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        Disk.sync_folder(folder)
    }
}

impl LogFile for FaultyFile {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        let fault = self.plan.fault;
        if fault != Fault::Sync && self.plan.is_due() {
            if fault == Fault::Half {
                self.inner.write_at(offset, &bytes[..bytes.len() / 2])?;
            }
            return Err(io::Error::other("injected"));
        }
        // A byte at a time now and then, as a disk may.
        let some = if offset.is_multiple_of(3) {
            bytes.len().min(7)
        } else {
            bytes.len()
        };
        let count = self.inner.write_at(offset, &bytes[..some])?;
        self.written = self.written.max(offset + count as u64);
        Ok(count)
    }

    fn set_len(&mut self, len: u64) -> io::Result<()> {
        self.inner.set_len(len)
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.plan.fault == Fault::Sync && self.plan.is_due() {
            self.inner.set_len(self.durable)?;
            return Err(io::Error::other("injected"));
        }
        self.inner.sync()?;
        self.durable = self.written;
        Ok(())
    }
}

fn open_on(medium: &Faulty, folder: &Path) -> Journal {
    JournalConfig::default()
        .with_clock(ticking())
        .with_medium(medium.clone())
        .open(folder, &holder())
        .unwrap()
        .0
}

/// Appends until something fails. Gives back the last acknowledged record, or none if all went well.
fn append_until_failure(journal: &Journal) -> Option<u64> {
    let mut acknowledged = 0;
    for n in 1..=4 {
        match journal.append("step", &n) {
            Ok(record) => acknowledged = record.seq,
            Err(AppendError::Write { seq, .. } | AppendError::Sync { seq, .. }) => {
                assert_eq!(seq, acknowledged + 1);
                return Some(acknowledged);
            }
            Err(other) => panic!("{other}"),
        }
    }
    None
}

#[test]
fn a_fault_at_any_point_stops_the_journal_and_loses_nothing_acknowledged() {
    for fault in [Fault::Eio, Fault::Half, Fault::Sync] {
        let mut points = 0;
        for at in 1.. {
            let folder = tempfile::tempdir().unwrap();
            let medium = Faulty::new(fault);
            let journal = open_on(&medium, folder.path());
            medium.fail_at(at);
            let Some(acknowledged) = append_until_failure(&journal) else {
                break;
            };
            points += 1;

            // The disk is well again, and still nothing is taken.
            for _ in 0..2 {
                let stopped = journal.append("step", &0).unwrap_err();
                let failed = acknowledged + 1;
                assert!(matches!(stopped, AppendError::Stopped { failed: at } if at == failed));
            }
            assert_eq!(journal.head().0, acknowledged);
            drop(journal);

            // What was acknowledged is there; of the failed record, all or nothing.
            let (journal, report) = open(folder.path());
            assert!(
                report.records >= acknowledged,
                "{fault:?} at {at}: {report:?}"
            );
            assert!(
                report.records <= acknowledged + 1,
                "{fault:?} at {at}: {report:?}"
            );
            assert_eq!(journal.append("step", &0).unwrap().seq, report.records + 1);
            assert_eq!(verify(folder.path()).unwrap().records, report.records + 1);
        }
        assert!(
            points >= 8,
            "{fault:?}: two files, four records, {points} points"
        );
    }
}

#[test]
fn a_fault_while_opening_is_told_and_the_next_opening_succeeds() {
    for fault in [Fault::Eio, Fault::Half, Fault::Sync] {
        for (records, at) in [(0, 1), (0, 2), (0, 3), (2, 1), (2, 2)] {
            let folder = tempfile::tempdir().unwrap();
            write(folder.path(), records);
            if records == 0 {
                fs::remove_file(folder.path().join(HEAD)).unwrap();
            }
            let medium = Faulty::new(fault);
            medium.fail_at(at);
            let opened = JournalConfig::default()
                .with_medium(medium)
                .open(folder.path(), &holder());
            assert!(
                matches!(opened, Ok(_) | Err(OpenError::Io { .. })),
                "{opened:?}"
            );
            drop(opened);
            assert_eq!(open(folder.path()).1.records, records, "{fault:?} at {at}");
        }
    }
}

/// The control: a writer that goes on after a failed sync acknowledges what is lost.
#[test]
fn control_going_on_after_a_failed_sync_loses_what_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let medium = Faulty::new(Fault::Sync);
    let journal = open_on(&medium, folder.path());
    medium.fail_at(1);
    assert!(journal.append("step", &1).is_err());

    let careless = {
        let mut writer = journal.writer.lock().unwrap();
        let (record, line) = record::encode(
            &writer.head.hash,
            1,
            Timestamp::UNIX_EPOCH,
            "step",
            json!(1),
        )
        .unwrap();
        // It believes that the bytes are there, because the second sync says so.
        writer.log.sync().unwrap();
        writer.head.seq = record.seq;
        writer.head.hash = record.hash;
        writer.offset = line.len() as u64;
        writer.stopped = None;
        drop(writer);
        journal.append("step", &2)
    };
    assert_eq!(careless.unwrap().seq, 2);
    drop(journal);
    assert!(verify(folder.path()).is_err());
}

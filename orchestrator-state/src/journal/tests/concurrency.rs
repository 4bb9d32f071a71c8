//! Many committers: one order, each record once, and readers beside them.

use std::collections::BTreeSet;
use std::time::Duration;

use super::whole::{config, holder, open, read};
use super::*;

const MODES: [Durability; 3] = [
    Durability::Immediate,
    Durability::Batched(Duration::from_millis(1)),
    Durability::None,
];

#[test]
fn parallel_appends_are_put_into_one_order_each_once() {
    for durability in MODES {
        let folder = tempfile::tempdir().unwrap();
        let (journal, _) = config()
            .with_durability(durability)
            .with_segment_bytes(4000)
            .open(folder.path(), &holder())
            .unwrap();
        std::thread::scope(|scope| {
            for thread in 0..8_u64 {
                let journal = &journal;
                scope.spawn(move || {
                    let mut before = 0;
                    for n in 0..20_u64 {
                        let seq = match n % 3 {
                            0 => journal.append("step", &(thread, n)).unwrap().seq,
                            1 => {
                                let data = serde_json::to_vec(&(thread, n)).unwrap();
                                let ticket = journal.submit("step", &data).unwrap();
                                let seq = ticket.seq();
                                ticket.wait().unwrap();
                                seq
                            }
                            _ => {
                                let data = serde_json::to_vec(&(thread, n)).unwrap();
                                journal.append_bytes("step", &data).unwrap()
                            }
                        };
                        assert!(before < seq);
                        before = seq;
                    }
                });
            }
        });
        journal.flush().unwrap();
        let records = read(folder.path());
        assert!(records.is_sorted_by_key(|record| record.at));
        let mut last = [None; 8];
        let once: BTreeSet<(u64, u64)> = records
            .iter()
            .map(|record| record.decode().unwrap())
            .inspect(|(thread, n)| {
                // A committer's own records are in its own order.
                assert!(last[*thread as usize] < Some(*n));
                last[*thread as usize] = Some(*n);
            })
            .collect();
        assert_eq!((records.len(), once.len()), (160, 160), "{durability:?}");
        assert_eq!(verify(folder.path()).unwrap().records, 160);
    }
}

#[test]
fn the_head_that_an_append_returns_is_that_of_its_own_batch() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = open(folder.path());
    let returned = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                for n in 0..10 {
                    let record = journal.append("step", &n).unwrap();
                    returned.lock().unwrap().push(record);
                }
            });
        }
    });
    let mut returned = returned.into_inner().unwrap();
    returned.sort_by_key(|record| record.seq);
    assert_eq!(returned, read(folder.path()));
}

#[test]
fn an_audit_and_a_reader_beside_the_writer_raise_no_false_alarm() {
    for durability in MODES {
        let folder = tempfile::tempdir().unwrap();
        let (journal, _) = config()
            .with_durability(durability)
            .with_segment_bytes(3000)
            .open(folder.path(), &holder())
            .unwrap();
        let mut reader = Journal::read(folder.path()).unwrap();
        let mut seen = 0;
        let mut follow = |reader: &mut Reader| {
            for record in reader.by_ref() {
                seen += 1;
                assert_eq!(record.unwrap().seq, seen);
            }
            seen
        };
        std::thread::scope(|scope| {
            let writers: Vec<_> = (0..2)
                .map(|_| {
                    scope.spawn(|| {
                        (0..100).for_each(|n| drop(journal.append("step", &n).unwrap()));
                    })
                })
                .collect();
            while !writers.iter().all(|writer| writer.is_finished()) {
                let verified = verify(folder.path()).unwrap();
                assert!(!verified.torn_anchor);
                follow(&mut reader);
            }
        });
        // The same reader, asked again, has gone on to the end.
        assert_eq!(follow(&mut reader), 200);
        assert_eq!(verify(folder.path()).unwrap().records, 200);
    }
}

#[test]
fn an_audit_beside_retention_raises_no_false_alarm() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = config()
        .with_segment_bytes(1500)
        .with_durability(Durability::None)
        .open(folder.path(), &holder())
        .unwrap();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for n in 0..200 {
                let seq = journal.append("step", &n).unwrap().seq;
                if n % 20 == 0 {
                    journal.retain_from(seq).unwrap();
                }
            }
        });
        while !writer.is_finished() {
            verify(folder.path()).unwrap();
        }
    });
    let verified = verify(folder.path()).unwrap();
    assert_eq!(verified.pruned + verified.records, 200);
    assert!(verified.pruned > 100);
}

#[test]
fn batched_records_are_durable_and_anchored_without_being_asked() {
    let folder = tempfile::tempdir().unwrap();
    let (heard, synced) = std::sync::mpsc::channel();
    let (journal, _) = config()
        .with_medium(Telling(std::sync::Arc::new(std::sync::Mutex::new(heard))))
        .with_durability(Durability::Batched(Duration::from_millis(5)))
        .open(folder.path(), &holder())
        .unwrap();
    while synced.try_recv().is_ok() {}
    journal.append("step", &1).unwrap();
    // The segment, then the anchor.
    for _ in 0..2 {
        synced.recv_timeout(Duration::from_secs(60)).unwrap();
    }
    assert_eq!(verify(folder.path()).unwrap().unanchored, 0);
}

/// The disk, and a word about each sync.
struct Telling(Ear);

type Ear = std::sync::Arc<std::sync::Mutex<std::sync::mpsc::Sender<()>>>;

struct TellingFile(Box<dyn LogFile>, Ear);

impl Medium for Telling {
    fn open(&self, path: &Path) -> std::io::Result<Box<dyn LogFile>> {
        Ok(Box::new(TellingFile(Disk.open(path)?, self.0.clone())))
    }

    fn sync_folder(&self, folder: &Path) -> std::io::Result<()> {
        Disk.sync_folder(folder)
    }
}

impl LogFile for TellingFile {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write_at(offset, bytes)
    }

    fn set_len(&mut self, len: u64) -> std::io::Result<()> {
        self.0.set_len(len)
    }

    fn sync(&mut self) -> std::io::Result<()> {
        self.0.sync()?;
        // Nobody listens any more when the journal is closed.
        let _ = self.1.lock().unwrap().send(());
        Ok(())
    }
}

//! Tickets as futures: dropped at every point, nothing is lost and no waker is kept.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use super::whole::{config, holder, open, read};
use super::*;

/// Wakes a thread, and counts.
struct Woken {
    count: AtomicUsize,
    thread: std::thread::Thread,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.count.fetch_add(1, Ordering::SeqCst);
        self.thread.unpark();
    }
}

/// How long a ticket may go without being woken.
const PATIENCE: Duration = Duration::from_secs(10);

fn woken() -> (Arc<Woken>, Waker) {
    let woken = Arc::new(Woken {
        count: AtomicUsize::new(0),
        thread: std::thread::current(),
    });
    (woken.clone(), woken.into())
}

fn block_on<F: Future + Unpin>(mut future: F) -> F::Output {
    let (_, waker) = woken();
    let start = Instant::now();
    loop {
        // Before the poll: by the clock and not by a waker, it may well be ready.
        assert!(start.elapsed() < PATIENCE, "nobody woke it");
        match Pin::new(&mut future).poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park_timeout(PATIENCE),
        }
    }
}

#[test]
fn a_ticket_is_a_future() {
    for durability in [Durability::Immediate, Durability::None] {
        let folder = tempfile::tempdir().unwrap();
        let (journal, _) = config()
            .with_durability(durability)
            .open(folder.path(), &holder())
            .unwrap();
        for n in 1..=20_u64 {
            let ticket = journal.submit("step", b"1").unwrap();
            assert_eq!(ticket.seq(), n);
            block_on(ticket).unwrap();
            assert_eq!(journal.head().0, n);
        }
        let ticket = journal.submit("step", b"1").unwrap();
        journal.flush().unwrap();
        assert!(ticket.is_acknowledged());
    }
}

#[test]
fn a_ticket_dropped_at_any_point_loses_nothing_and_keeps_no_waker() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = open(folder.path());
    let (woken, waker) = woken();
    // Nothing is written while the end is held, so each ticket is dropped while it is pending.
    journal
        .shared
        .at_rest(|_| {
            for polls in 0..4 {
                let mut ticket = journal.submit("step", b"1").unwrap();
                for _ in 0..polls {
                    let poll = Pin::new(&mut ticket).poll(&mut Context::from_waker(&waker));
                    assert!(poll.is_pending());
                }
                assert_eq!(journal.shared.queue.kept_wakers(), usize::from(polls > 0));
                drop(ticket);
                assert_eq!(journal.shared.queue.kept_wakers(), 0);
            }
        })
        .unwrap();
    journal.flush().unwrap();
    assert_eq!(woken.count.load(Ordering::SeqCst), 0);
    assert_eq!(Arc::strong_count(&woken), 2, "a waker was kept");
    assert_eq!(read(folder.path()).len(), 4);
    // The control: one that is not dropped is woken.
    let mut kept = None;
    journal
        .shared
        .at_rest(|_| {
            let mut ticket = journal.submit("step", b"1").unwrap();
            let poll = Pin::new(&mut ticket).poll(&mut Context::from_waker(&waker));
            assert!(poll.is_pending());
            kept = Some(ticket);
        })
        .unwrap();
    block_on(kept.unwrap()).unwrap();
    assert_eq!(journal.shared.queue.kept_wakers(), 0);
}

#[test]
fn a_ticket_outlives_its_journal() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = open(folder.path());
    let ticket = journal.submit("step", b"1").unwrap();
    journal.close().unwrap();
    assert!(ticket.is_acknowledged());
    ticket.wait().unwrap();
    assert_eq!(read(folder.path()).len(), 1);
}

#[test]
fn two_tickets_of_one_record_are_both_woken() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = open(folder.path());
    let (first, second, third) = (woken(), woken(), woken());
    let mut tickets = Vec::new();
    journal
        .shared
        .at_rest(|_| {
            let submitted = journal.submit("step", b"1").unwrap();
            // What a commit that has only read waits for.
            tickets = vec![submitted, journal.last_ticket(), journal.last_ticket()];
            for (ticket, (_, waker)) in tickets.iter_mut().zip([&first, &second, &third]) {
                let poll = Pin::new(ticket).poll(&mut Context::from_waker(waker));
                assert!(poll.is_pending());
            }
            assert_eq!(journal.shared.queue.kept_wakers(), 3);
            // One that is dropped takes its own away and no other.
            drop(tickets.pop());
            assert_eq!(journal.shared.queue.kept_wakers(), 2);
        })
        .unwrap();
    // The writer thread is gone then, and all that it had to wake is woken.
    journal.close().unwrap();
    let counts = [&first, &second, &third].map(|(woken, _)| woken.count.load(Ordering::SeqCst));
    assert_eq!(counts, [1, 1, 0]);
    assert_eq!(tickets[0].shared.queue.kept_wakers(), 0);
}

/// Where committers write, whoever has the files when a record comes must see to it afterwards:
/// nobody else would.
#[test]
fn a_record_that_comes_while_the_files_are_held_is_written_once_they_are_free() {
    for durability in [
        Durability::None,
        Durability::Batched(Duration::from_secs(3600)),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (journal, _) = config()
            .with_durability(durability)
            .open(folder.path(), &holder())
            .unwrap();
        let mut ticket = None;
        let submit = |_: &mut writer::Writer| ticket = Some(journal.submit("step", b"1").unwrap());
        journal.shared.at_rest(submit).unwrap();
        block_on(ticket.unwrap()).unwrap();
    }
}

/// A disk whose next sync, once asked for, tells that it has begun and waits to be let go on.
#[derive(Clone, Default)]
struct SlowDisk(Arc<std::sync::Mutex<Option<Gate>>>);

type Gate = (std::sync::mpsc::Sender<()>, std::sync::mpsc::Receiver<()>);

struct SlowFile(Box<dyn LogFile>, SlowDisk);

impl Medium for SlowDisk {
    fn open(&self, path: &Path) -> std::io::Result<Box<dyn LogFile>> {
        Ok(Box::new(SlowFile(Disk.open(path)?, self.clone())))
    }

    fn sync_folder(&self, folder: &Path) -> std::io::Result<()> {
        Disk.sync_folder(folder)
    }
}

impl LogFile for SlowFile {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write_at(offset, bytes)
    }

    fn set_len(&mut self, len: u64) -> std::io::Result<()> {
        self.0.set_len(len)
    }

    fn sync(&mut self) -> std::io::Result<()> {
        let gate = self.1.0.lock().unwrap().take();
        if let Some((begun, go_on)) = gate {
            begun.send(()).unwrap();
            go_on.recv_timeout(PATIENCE).unwrap();
        }
        self.0.sync()
    }
}

#[test]
fn a_record_that_comes_during_a_sync_is_written_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let disk = SlowDisk::default();
    let (journal, _) = config()
        .with_medium(disk.clone())
        .with_durability(Durability::Batched(Duration::ZERO))
        .open(folder.path(), &holder())
        .unwrap();
    let (begun, syncs) = std::sync::mpsc::channel();
    let (go_on, gate) = std::sync::mpsc::channel();
    *disk.0.lock().unwrap() = Some((begun, gate));
    block_on(journal.submit("step", b"1").unwrap()).unwrap();
    // The writer thread syncs the first record, and has the files until it may go on.
    syncs.recv_timeout(PATIENCE).unwrap();
    let ticket = journal.submit("step", b"2").unwrap();
    assert!(!ticket.is_acknowledged());
    go_on.send(()).unwrap();
    block_on(ticket).unwrap();
}

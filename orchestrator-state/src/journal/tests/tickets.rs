//! Tickets as futures: dropped at every point, nothing is lost and no waker is kept.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::task::{Context, Poll, Wake, Waker};

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

fn woken() -> (Arc<Woken>, Waker) {
    let woken = Arc::new(Woken {
        count: AtomicUsize::new(0),
        thread: std::thread::current(),
    });
    (woken.clone(), woken.into())
}

fn block_on<F: Future + Unpin>(mut future: F) -> F::Output {
    let (_, waker) = woken();
    loop {
        match Pin::new(&mut future).poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
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

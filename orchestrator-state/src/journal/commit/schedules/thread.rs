//! The writer thread under many schedules: a waker that commits there writes what it waits for.

use super::*;

/// Sees to it that a record is written, and returns when it is.
type Waits = fn(&Shared, &Place);

fn waits_for(shared: &Shared, place: &Place) {
    shared.wait(place).unwrap();
}

fn flushes_up_to(shared: &Shared, _: &Place) {
    shared.flush().unwrap();
}

/// Wrong on purpose: it looks once, and the record may be in a batch behind the one that it finds.
fn looks_once(shared: &Shared, place: &Place) {
    if shared.writes() {
        shared.drain();
    }
    shared.queue.wait(place).unwrap();
}

/// Wrong on purpose: it relies on a writer, and is the one.
fn sleeps(shared: &Shared, place: &Place) {
    shared.queue.wait(place).unwrap();
}

/// Commits a record of its own, and counts that.
struct CommitsBehind {
    shared: Arc<Shared>,
    bytes: usize,
    waits: Waits,
    done: AtomicUsize,
}

impl Wake for CommitsBehind {
    fn wake(self: Arc<Self>) {
        self.shared.make_room();
        let data = vec![0; self.bytes];
        let ticket = self.shared.submit("step", &data, false).unwrap();
        (self.waits)(&self.shared, &ticket.place);
        assert!(ticket.is_acknowledged(), "told too early");
        self.done.fetch_add(1, Ordering::SeqCst);
    }
}

/// Three committers that poll once, beside a writer thread. The waker of one commits on that; to call the
/// other ones does nothing, but they have to be called. Each record has so many bytes: what the committers
/// submit, and what the waker does.
fn a_waker_commits(submitted: usize, bytes: usize, waits: Waits) {
    let shared = journal(Durability::Immediate, None);
    let commits = Arc::new(CommitsBehind {
        shared: Arc::clone(&shared),
        bytes,
        waits,
        done: AtomicUsize::new(0),
    });
    let run = {
        let shared = Arc::clone(&shared);
        threads::spawn(move || shared.run())
    };
    let wakers = [
        Waker::from(Arc::clone(&commits)),
        Waker::noop().clone(),
        Waker::noop().clone(),
    ];
    let committers = wakers.map(|waker| {
        let shared = Arc::clone(&shared);
        threads::spawn(move || {
            shared.make_room();
            let data = vec![0; submitted];
            let mut ticket = shared.submit("step", &data, false).unwrap();
            let poll = Pin::new(&mut ticket).poll(&mut Context::from_waker(&waker));
            // To drop it would take its waker away.
            (ticket, usize::from(poll.is_pending()))
        })
    });
    let polled = committers.map(|one| one.join().unwrap());
    shared.queue.close();
    run.join().unwrap();
    assert!(polled.iter().all(|(ticket, _)| ticket.is_acknowledged()));
    let pending = polled[0].1;
    assert_eq!(commits.done.load(Ordering::SeqCst), pending);
    let last = shared.queue.last_place().seq;
    assert_eq!(last, 3 + pending as u64);
    assert_eq!(shared.queue.head().seq, last, "something is left");
}

const MEGABYTE: usize = 1 << 20;

#[test]
fn shuttle_a_waker_on_the_writer_thread_writes_itself() {
    for waits in [waits_for, flushes_up_to] {
        shuttle::check_random(move || a_waker_commits(1, 1, waits), 500);
    }
}

/// A record of a committer fits into a batch, and so does the waker's, but no two do. So the waker's may
/// stand behind a batch with somebody to wake.
fn a_waker_commits_behind_a_batch(waits: Waits) {
    a_waker_commits(3 * MEGABYTE, 2 * MEGABYTE, waits);
}

#[test]
fn shuttle_a_waker_on_the_writer_thread_writes_several_batches() {
    for waits in [waits_for, flushes_up_to] {
        let scenario = move || a_waker_commits_behind_a_batch(waits);
        shuttle::check_random(scenario, 100);
        shuttle::check_pct(scenario, 50, 3);
    }
}

#[test]
fn shuttle_control_a_waker_that_looks_once_waits_for_ever() {
    assert!(is_caught(|| a_waker_commits_behind_a_batch(looks_once)));
}

#[test]
fn shuttle_control_a_writer_thread_that_does_not_know_itself_waits_for_ever() {
    assert!(is_caught(|| a_waker_commits(1, 1, sleeps)));
}

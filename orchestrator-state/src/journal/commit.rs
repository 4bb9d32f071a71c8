//! From the queue to the disk: who drains the queue, when, and how long the writer gathers.

#[cfg(test)]
#[cfg(feature = "shuttle")]
mod schedules;

use std::sync::{Arc, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use super::block::{ENTRY, FRAME};
use super::config::Durability;
use super::end::{End, Held, StopOnPanic, Told};
use super::error::AppendError;
use super::queue::{Cause, Next, Place, Queue, Stop};
use super::ticket::Ticket;
use super::writer::Writer;
use crate::sync::{AtomicU64, Mutex, OnceLock, Ordering, ThreadId, fence, this_thread, yield_now};

/// A record's data, kind and time together are no longer than this.
pub(crate) const LONGEST: usize = 1 << 30;

/// The writer waits this part of a batch's time for the next committer to come back.
const PATIENCE: u32 = 4;

/// How often a committer lets others run while somebody else writes, before it sleeps.
const YIELDS: usize = if cfg!(all(test, feature = "shuttle")) {
    2
} else {
    100
};

/// What the journal, its writer thread and its tickets share.
pub(super) struct Shared {
    pub(super) queue: Queue,
    pub(super) durability: Durability,
    end: Mutex<End>,
    /// The writer thread, once it runs.
    thread: OnceLock<ThreadId>,
    /// How many records the last batch had.
    crowd: AtomicU64,
}

impl Shared {
    pub(super) fn new(
        queue: Queue,
        durability: Durability,
        writer: Writer,
        told: Option<Told>,
    ) -> Self {
        let end = Mutex::new(End::new(writer, told));
        Self {
            queue,
            durability,
            end,
            thread: OnceLock::new(),
            crowd: AtomicU64::new(1),
        }
    }

    /// Waits while a batch or more is queued. To be called before [`submit`](Self::submit) by whoever
    /// holds no lock.
    pub(super) fn make_room(&self) {
        while !self.queue.has_room() && self.queue.stopped().is_none() {
            if self.writes() {
                self.drain();
            } else {
                self.queue.wait_for_room();
            }
        }
    }

    /// Puts a record into the order. It waits for nobody.
    pub(super) fn submit(
        self: &Arc<Self>,
        kind: &str,
        data: &[u8],
        wants_head: bool,
    ) -> Result<Ticket, AppendError> {
        if usize::from(u16::MAX) < kind.len() {
            return Err(AppendError::LongKind { bytes: kind.len() });
        }
        let bytes = data.len().saturating_add(kind.len() + FRAME + ENTRY);
        if LONGEST < bytes {
            return Err(AppendError::TooLarge {
                bytes,
                limit: LONGEST,
            });
        }
        match self.queue.submit(kind, data, wants_head) {
            Ok(place) => Ok(self.ticket(place)),
            Err(Stop { first, .. }) => Err(AppendError::Stopped { failed: first }),
        }
    }

    /// A ticket for everything that was submitted so far.
    pub(super) fn last_ticket(self: &Arc<Self>) -> Ticket {
        self.ticket(self.queue.last_place())
    }

    fn ticket(self: &Arc<Self>, place: Place) -> Ticket {
        Ticket {
            shared: Arc::clone(self),
            place,
            number: None,
        }
    }

    /// Hands what is queued to the operating system, where nobody else will: committers do it
    /// themselves unless they wait for the disk.
    pub(super) fn push(&self) {
        if !self.is_immediate() {
            self.drain_if_free();
        }
    }

    /// Waits until a record is acknowledged.
    pub(super) fn wait(&self, place: &Place) -> Result<(), AppendError> {
        if self.writes() {
            self.drain_up_to(place.seq);
        }
        let result = self.queue.wait(place);
        result.map_err(|stop| AppendError::of(place.seq, stop))
    }

    /// Returns when all that was submitted so far is durable.
    pub(super) fn flush(&self) -> Result<(), AppendError> {
        let place = self.queue.last_place();
        self.wait(&place)?;
        if !self.is_immediate() {
            let mut end = self.lock();
            self.sync_all(&mut end);
            self.release(end);
        }
        match self.queue.stopped() {
            Some(stop) if self.queue.head().seq < place.seq || !self.is_immediate() => {
                Err(AppendError::of(place.seq, stop))
            }
            _ => Ok(()),
        }
    }

    /// Does something with the files while nobody writes, and with all of them at rest.
    pub(super) fn at_rest<T>(&self, work: impl FnOnce(&mut Writer) -> T) -> Result<T, AppendError> {
        let mut end = self.lock();
        self.drain_locked(&mut end);
        self.sync_all(&mut end);
        if let Some(Stop { first, .. }) = self.queue.stopped() {
            return Err(AppendError::Stopped { failed: first });
        }
        let done = work(&mut end.writer);
        self.release(end);
        Ok(done)
    }

    /// The last act: writes what is left, trims the file, and makes the anchor durable.
    pub(super) fn finish(&self) -> Result<(), AppendError> {
        let mut end = self.lock();
        self.drain_locked(&mut end);
        if self.queue.stopped().is_none() {
            let End {
                writer, to_wake, ..
            } = &mut *end;
            let guard = StopOnPanic::new(&self.queue, to_wake);
            let finished = writer.finish();
            guard.passed(finished);
        }
        // Nobody is to write behind the trimmed end.
        let last = self.queue.head().seq;
        let stopped = self.queue.stopped();
        let stop = Stop {
            first: last + 1,
            last,
            cause: Cause::Panic,
        };
        self.queue.stop(stop, &mut end.to_wake);
        match stopped {
            Some(stop) => Err(AppendError::of(stop.first, stop)),
            None => Ok(()),
        }
    }

    /// The life of the writer thread.
    pub(super) fn run(&self) {
        let _ = self.thread.set(this_thread());
        let writes = self.is_immediate();
        loop {
            let end = self.lock();
            let due = end.writer.due();
            self.release(end);
            match self.queue.next(due, writes) {
                Next::Close => return,
                Next::Look => {
                    let mut end = self.lock();
                    if end.writer.due().is_some_and(|due| due <= Instant::now()) {
                        self.sync_all(&mut end);
                    }
                    self.release(end);
                }
                Next::Batch => {
                    let (soon, pace) = {
                        let end = self.lock();
                        (end.soon, end.pace)
                    };
                    self.gather(soon, pace);
                    self.drain_once(&mut self.lock());
                }
            }
        }
    }

    /// Gives the committers of the last batch a chance to be in the next one.
    ///
    /// They were woken a moment ago and are about to commit again. To sync without them would
    /// split the committers into groups that take turns, each waiting for two syncs. The wait
    /// ends when all are back, when none came for a quarter of what a batch takes on the disk, and
    /// at the latest after the time of one batch.
    fn gather(&self, soon: usize, pace: Duration) {
        if soon < 2 {
            return;
        }
        let start = Instant::now();
        let (mut seen, mut news) = (self.queue.count(), start);
        while seen < soon {
            yield_now();
            let (count, now) = (self.queue.count(), Instant::now());
            if seen < count {
                (seen, news) = (count, now);
            } else if now - news > pace / PATIENCE || now - start > pace {
                break;
            }
        }
    }

    /// Returns when a record is acknowledged or the journal has stopped, and writes for as long as neither
    /// is so.
    ///
    /// Where others commit as well, this one first lets those run who wait for its processor, so that
    /// the next write is of all their records, and not of one. So it does while another one is writing:
    /// to sleep until that is done would cost more than the write.
    ///
    /// It relies on nobody else: on the writer thread there is none, and elsewhere whoever has found the
    /// files free may have come to a waker, and that may take its time.
    fn drain_up_to(&self, seq: u64) {
        if self.crowd.load(Ordering::Relaxed) > 1 {
            yield_now();
        }
        let mut yields = 0;
        while !self.queue.is_acknowledged(seq) {
            let mut end = match self.try_lock() {
                Some(end) => end,
                None if yields < YIELDS => {
                    yields += 1;
                    yield_now();
                    continue;
                }
                None => self.lock(),
            };
            // With the lock, what is not acknowledged is in the queue: so there is a batch less to write
            // each time.
            self.drain_some(&mut end);
            self.release(end);
            if !self.queue.is_acknowledged(seq) && self.queue.stopped().is_some() {
                return;
            }
        }
    }

    /// Drains the queue, after whoever is doing so.
    fn drain(&self) {
        let mut end = self.lock();
        self.drain_some(&mut end);
        self.release(end);
    }

    /// Lets go of the end. Where committers write, whoever found it taken has gone away and relies
    /// on this: it looks for what they have left in the queue.
    fn release(&self, end: Held<'_>) {
        drop(end);
        if !self.is_immediate() {
            self.drain_if_free();
        }
    }

    /// Drains the queue, unless somebody has the end: they look again after they have let go, so
    /// nothing is left behind.
    fn drain_if_free(&self) {
        loop {
            // A record that was put into the queue before the end was found taken, and the look at
            // the queue after the end was let go: without the fence, a processor may do either in
            // the other order, and both would leave it to the other.
            fence(Ordering::SeqCst);
            if self.queue.count() == 0 || self.queue.stopped().is_some() {
                return;
            }
            let Some(mut end) = self.try_lock() else {
                return;
            };
            self.drain_some(&mut end);
        }
    }

    /// Empties the queue.
    fn drain_locked(&self, end: &mut End) {
        while self.drain_once(end) {}
    }

    /// Writes what is queued. It stops short when there is somebody to wake: that is done without the
    /// lock. The rest is found by those who look again: where committers write, in
    /// [`release`](Self::release); the writer thread, when its waker returns; and whoever waits, in
    /// [`drain_up_to`](Self::drain_up_to).
    fn drain_some(&self, end: &mut End) {
        while self.drain_once(end) && end.to_wake.is_empty() {}
    }

    /// Writes one batch and acknowledges it; false if there was none.
    fn drain_once(&self, end: &mut End) -> bool {
        let Some(mut batch) = self.queue.take() else {
            return false;
        };
        let End {
            writer,
            told,
            soon,
            pace,
            to_wake,
        } = end;
        // Until it is acknowledged, a panic of the medium or of the callback stops the journal.
        let guard = StopOnPanic::new(&self.queue, to_wake);
        let start = Instant::now();
        let written = writer.write(&mut batch);
        let took = start.elapsed();
        *pace = if *pace == Duration::ZERO {
            took
        } else {
            (*pace * 7 + took) / 8
        };
        let link = match written {
            Ok(link) => link,
            Err(fault) => {
                let stop = Stop {
                    first: batch.first,
                    last: batch.last(),
                    cause: fault.into(),
                };
                self.queue.stop(stop, guard.to_wake);
                std::mem::forget(guard);
                return false;
            }
        };
        if let Some(told) = told {
            told(link.seq, guard.to_wake);
        }
        let unsynced = matches!(self.durability, Durability::Batched(_));
        let crowd = link.seq + 1 - batch.first;
        self.crowd.store(crowd, Ordering::Relaxed);
        *soon = self.queue.acknowledge(batch, link, unsynced, guard.to_wake);
        std::mem::forget(guard);
        true
    }

    /// Makes everything that was written durable, and the anchor with it.
    fn sync_all(&self, end: &mut End) {
        if self.queue.stopped().is_none() {
            let End {
                writer, to_wake, ..
            } = end;
            let guard = StopOnPanic::new(&self.queue, to_wake);
            let synced = writer.sync_all();
            guard.passed(synced);
        }
    }

    fn is_immediate(&self) -> bool {
        self.durability == Durability::Immediate
    }

    /// Whether this thread writes what it waits for. A waker that commits may do so on the writer thread,
    /// and nobody else would write that.
    fn writes(&self) -> bool {
        !self.is_immediate() || self.thread.get() == Some(&this_thread())
    }

    /// A panic while it was held has stopped the journal, so nobody writes on.
    fn lock(&self) -> Held<'_> {
        let end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        Held::new(end, &self.queue)
    }

    fn try_lock(&self) -> Option<Held<'_>> {
        let end = match self.end.try_lock() {
            Ok(end) => end,
            Err(TryLockError::Poisoned(end)) => end.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        Some(Held::new(end, &self.queue))
    }
}

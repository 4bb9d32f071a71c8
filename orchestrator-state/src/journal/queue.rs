//! The heart of the group commit: who is in which batch, what is acknowledged, and who waits.
//!
//! It knows no files. Records go into the open batch; whoever writes takes the whole batch, makes
//! it durable, and acknowledges it; everybody who waits for it is woken. Shuttle runs this module
//! through its schedules (`tests/schedules.rs`).
//!
//! Where records come faster than they are written, the open batch gets full. It is put behind the
//! full ones then, and a new one is opened: to put a record in never waits. Whoever can wait does so
//! before, for [room](Queue::wait_for_room); so what is queued is more than a batch only by the
//! records of those who found room at the same time.
//!
//! Waiters of neighbouring batches wait on different condition variables. So the end of one batch
//! does not wake those who have just joined the next one.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::batch::Batch;
use super::block::{Link, MOST};
use super::clock::Clock;
use crate::Digest;
use crate::sync::{AtomicU64, AtomicUsize, Condvar, Mutex, MutexGuard};
use crate::wake::ToWake;

/// Why a journal takes no more records.
#[derive(Debug, Clone)]
pub(super) struct Stop {
    /// The first record that was not acknowledged.
    pub(super) first: u64,
    /// The last record of the batch that failed.
    pub(super) last: u64,
    pub(super) cause: Cause,
}

/// What failed.
#[derive(Debug, Clone)]
pub(super) enum Cause {
    Write(Arc<io::Error>),
    Sync(Arc<io::Error>),
    /// The medium or a callback has panicked.
    Panic,
}

/// A place in the order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) seq: u64,
    pub(super) at: Timestamp,
    batch: u64,
}

/// What the writer is to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// There is a batch to write.
    Batch,
    /// Something was written that is not synced yet, or the time given is over.
    Look,
    /// The journal is being closed, or has stopped.
    Close,
}

/// What is called when nothing more will be acknowledged, with no lock of the queue held. It adds those
/// whom it wants to wake. Whoever stops the queue may hold the end of the journal, so it must not call
/// the journal.
pub(crate) type OnStop = Box<dyn Fn(&mut ToWake) + Send + Sync>;

pub(super) struct Queue {
    state: Mutex<State>,
    /// It is here, and not with the callback of acknowledgements, because a journal can also be stopped
    /// by who does not hold its end: by a waker that panics.
    on_stop: Option<OnStop>,
    /// The writer waits for work here.
    work: Condvar,
    /// Committers wait here, by their batch's number.
    done: [Condvar; 2],
    /// Those who wait for room.
    room: Condvar,
    /// How many records are queued: looked at without the lock.
    count: AtomicUsize,
    /// How many bytes they are: looked at without the lock.
    bytes: AtomicUsize,
    /// The last acknowledged record: looked at without the lock.
    acknowledged: AtomicU64,
}

struct State {
    clock: Box<dyn Clock>,
    /// Batches that got full before the writer came, oldest first.
    full: VecDeque<Batch>,
    /// It is empty only if there are no full ones.
    open: Batch,
    /// How many records and how many bytes are queued.
    queued: (usize, usize),
    /// How many wait for room.
    wait_for_room: usize,
    spare: Option<Batch>,
    head: Link,
    /// How many wait at each of the condition variables.
    waiting: [usize; 2],
    /// By record and ticket: who is to be woken. A record may have several tickets, and a dropped one
    /// takes its own waker away.
    wakers: BTreeMap<(u64, u64), Waker>,
    /// The number of the next ticket that is polled.
    next_ticket: u64,
    /// By batch: the hash of its block, and how many still want to know it.
    heads: VecDeque<(u64, Digest, usize)>,
    stopped: Option<Stop>,
    writer_waits: bool,
    unsynced: bool,
    closing: bool,
}

impl Queue {
    pub(super) fn new(head: Link, clock: Box<dyn Clock>) -> Self {
        let mut open = Batch::new();
        open.restart(head.seq + 1, 0);
        Self {
            acknowledged: AtomicU64::new(head.seq),
            on_stop: None,
            state: Mutex::new(State {
                clock,
                full: VecDeque::new(),
                open,
                queued: (0, 0),
                wait_for_room: 0,
                spare: Some(Batch::new()),
                head,
                waiting: [0; 2],
                wakers: BTreeMap::new(),
                next_ticket: 0,
                heads: VecDeque::new(),
                stopped: None,
                writer_waits: false,
                unsynced: false,
                closing: false,
            }),
            work: Condvar::new(),
            done: [Condvar::new(), Condvar::new()],
            room: Condvar::new(),
            count: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
        }
    }

    /// Calls this when it is stopped.
    pub(super) fn with_on_stop(mut self, on_stop: Option<OnStop>) -> Self {
        self.on_stop = on_stop;
        self
    }

    /// Puts a record into the order.
    pub(super) fn submit(&self, kind: &str, data: &[u8], wants_head: bool) -> Result<Place, Stop> {
        let mut state = self.lock();
        if let Some(stop) = &state.stopped {
            return Err(stop.clone());
        }
        if state.open.is_full_for(kind, data) {
            let next = state.next_batch();
            let full = std::mem::replace(&mut state.open, next);
            state.full.push_back(full);
        }
        // The clock is asked under the lock, so that times are in the order of the records. What
        // is written is the time to the millisecond, so what is returned must be no finer.
        let millis = state.clock.now().as_millisecond();
        let at = Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH);
        let before = state.open.len();
        state.open.push(at.as_millisecond(), kind, data);
        state.open.wanted += usize::from(wants_head);
        state.queued.0 += 1;
        state.queued.1 += state.open.len() - before;
        self.note(state.queued);
        let place = Place {
            seq: state.open.last(),
            at,
            batch: state.open.number,
        };
        if state.writer_waits {
            // Said once: the writer is on its way from now on.
            state.writer_waits = false;
            drop(state);
            self.work.notify_one();
        }
        Ok(place)
    }

    /// Whether less than a batch is queued. It may be what was so a moment ago.
    pub(super) fn has_room(&self) -> bool {
        self.bytes.load(Ordering::Relaxed) < MOST
    }

    /// Waits until there is room, or there will never be. Somebody else must be writing.
    pub(super) fn wait_for_room(&self) {
        let mut state = self.lock();
        while !self.has_room() && state.stopped.is_none() {
            state.wait_for_room += 1;
            state = wait(&self.room, state);
            state.wait_for_room -= 1;
        }
    }

    /// Waits until a record is acknowledged.
    pub(super) fn wait(&self, place: &Place) -> Result<(), Stop> {
        if self.is_acknowledged(place.seq) {
            return Ok(());
        }
        let mut state = self.lock();
        let lane = lane(place.batch);
        loop {
            if let Some(result) = state.result(place.seq) {
                return result;
            }
            state.waiting[lane] += 1;
            state = wait(&self.done[lane], state);
            state.waiting[lane] -= 1;
        }
    }

    /// Looks whether a record is acknowledged; if not, the waker is kept until it is, or until
    /// [`forget`](Self::forget). `ticket` is the number under which it is kept, given at the first
    /// time.
    pub(super) fn poll(
        &self,
        place: &Place,
        ticket: &mut Option<u64>,
        waker: &Waker,
    ) -> Option<Result<(), Stop>> {
        // Outside of the lock: to clone or to drop a waker may run anything.
        let waker = waker.clone();
        let mut state = self.lock();
        let result = state.result(place.seq);
        if result.is_some() {
            return result;
        }
        let next = state.next_ticket;
        let ticket = *ticket.get_or_insert(next);
        state.next_ticket += u64::from(ticket == next);
        let old = state.wakers.insert((place.seq, ticket), waker);
        drop(state);
        drop(old);
        None
    }

    /// Drops the waker of a ticket.
    pub(super) fn forget(&self, place: &Place, ticket: u64) {
        let waker = self.lock().wakers.remove(&(place.seq, ticket));
        // Outside of the lock, as above.
        drop(waker);
    }

    pub(super) fn is_acknowledged(&self, seq: u64) -> bool {
        self.acknowledged.load(Ordering::Acquire) >= seq
    }

    /// The hash of the block that an acknowledged record is in. Only for who said that they want
    /// it, and once.
    pub(super) fn head_of(&self, place: &Place) -> Option<Digest> {
        let mut state = self.lock();
        let at = state
            .heads
            .iter()
            .position(|(batch, ..)| *batch == place.batch)?;
        let (_, head, left) = &mut state.heads[at];
        let head = *head;
        *left -= 1;
        if *left == 0 {
            state.heads.remove(at);
        }
        Some(head)
    }

    /// The last acknowledged record.
    pub(super) fn head(&self) -> Link {
        self.lock().head
    }

    /// The last submitted record, as a place to wait for.
    pub(super) fn last_place(&self) -> Place {
        let state = self.lock();
        let empty = state.open.is_empty();
        Place {
            seq: state.open.first + state.open.count() as u64 - 1,
            at: Timestamp::UNIX_EPOCH,
            // What is not in the open batch is in the one before it.
            batch: state.open.number.saturating_sub(u64::from(empty)),
        }
    }

    fn note(&self, (count, bytes): (usize, usize)) {
        self.count.store(count, Ordering::Relaxed);
        self.bytes.store(bytes, Ordering::Relaxed);
    }

    /// How many records are queued. It may be those of a moment ago.
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Takes the oldest batch to write it. There is one taker at a time, and it gives the batch
    /// back before it takes another.
    pub(super) fn take(&self) -> Option<Batch> {
        let mut state = self.lock();
        if state.open.is_empty() || state.stopped.is_some() {
            return None;
        }
        let batch = state.full.pop_front().unwrap_or_else(|| {
            let next = state.next_batch();
            std::mem::replace(&mut state.open, next)
        });
        state.queued.0 -= batch.count();
        state.queued.1 -= batch.len();
        self.note(state.queued);
        if state.wait_for_room > 0 {
            self.room.notify_all();
        }
        Some(batch)
    }

    /// Tells everybody in a batch that it is safe; the wakers are added to `to_wake`, for when the
    /// caller holds no lock. Gives the number of committers that may be back soon: those woken, and
    /// those who have queued more already.
    pub(super) fn acknowledge(
        &self,
        batch: Batch,
        head: Link,
        unsynced: bool,
        to_wake: &mut ToWake,
    ) -> usize {
        let mut state = self.lock();
        state.head = head;
        self.acknowledged.store(head.seq, Ordering::Release);
        if batch.wanted > 0 {
            let wanted = (batch.number, head.head, batch.wanted);
            state.heads.push_back(wanted);
        }
        let later = state.wakers.split_off(&(head.seq + 1, 0));
        let wakers = std::mem::replace(&mut state.wakers, later);
        let lane = lane(batch.number);
        let waiting = state.waiting[lane];
        state.spare = Some(batch);
        let look = unsynced && !state.unsynced && state.writer_waits;
        state.unsynced |= unsynced;
        state.writer_waits &= !look;
        let soon = waiting + wakers.len() + state.queued.0;
        drop(state);
        if look {
            self.work.notify_one();
        }
        if waiting > 0 {
            self.done[lane].notify_all();
        }
        to_wake.extend(wakers.into_values());
        soon
    }

    /// Takes no more records, and tells everybody whose record is not acknowledged, as
    /// [`acknowledge`](Self::acknowledge) does; and whoever only wants to know that it has stopped.
    pub(super) fn stop(&self, stop: Stop, to_wake: &mut ToWake) {
        // First, so that whoever gets an error finds it done.
        if let Some(on_stop) = &self.on_stop {
            on_stop(to_wake);
        }
        let mut state = self.lock();
        if state.stopped.is_none() {
            state.stopped = Some(stop);
        }
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        self.work.notify_all();
        self.room.notify_all();
        self.done.iter().for_each(Condvar::notify_all);
        to_wake.extend(wakers.into_values());
    }

    /// Why it has stopped, if it has.
    pub(super) fn stopped(&self) -> Option<Stop> {
        self.lock().stopped.clone()
    }

    /// The writer's wait for something to do, at most until `due`. Batches are its work only if
    /// `writes`; otherwise the committers write them.
    pub(super) fn next(&self, due: Option<Instant>, writes: bool) -> Next {
        let mut state = self.lock();
        loop {
            if state.stopped.is_some() {
                return Next::Close;
            }
            if writes && !state.open.is_empty() {
                return Next::Batch;
            }
            if state.closing {
                return Next::Close;
            }
            if due.is_none() && std::mem::take(&mut state.unsynced) {
                return Next::Look;
            }
            // Where committers write, only the first unsynced batch is news for the writer.
            state.writer_waits = writes || due.is_none();
            match due {
                None => state = wait(&self.work, state),
                Some(due) => {
                    let left = due.saturating_duration_since(Instant::now());
                    if left == Duration::ZERO {
                        state.writer_waits = false;
                        return Next::Look;
                    }
                    state = wait_timeout(&self.work, state, left);
                }
            }
            state.writer_waits = false;
        }
    }

    /// Tells the writer to finish what is there and go.
    pub(super) fn close(&self) {
        self.lock().closing = true;
        self.work.notify_all();
    }

    /// A panic of the clock poisons the lock before anything has changed; nothing else in here
    /// can panic halfway.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// An empty batch to come after the open one.
    fn next_batch(&mut self) -> Batch {
        let mut next = self.spare.take().unwrap_or_else(Batch::new);
        next.restart(self.open.last() + 1, self.open.number + 1);
        next
    }

    fn result(&self, seq: u64) -> Option<Result<(), Stop>> {
        if seq <= self.head.seq {
            return Some(Ok(()));
        }
        self.stopped.clone().map(Err)
    }
}

fn lane(batch: u64) -> usize {
    usize::from(batch % 2 == 1)
}

fn wait<'a>(condvar: &Condvar, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
    condvar.wait(state).unwrap_or_else(PoisonError::into_inner)
}

fn wait_timeout<'a>(
    condvar: &Condvar,
    state: MutexGuard<'a, State>,
    left: Duration,
) -> MutexGuard<'a, State> {
    let (state, _) = condvar
        .wait_timeout(state, left)
        .unwrap_or_else(PoisonError::into_inner);
    state
}

#[cfg(test)]
impl Queue {
    /// How many wakers are kept: a test's way to see that none leaks.
    pub(super) fn kept_wakers(&self) -> usize {
        self.lock().wakers.len()
    }

    /// How many wait for room.
    pub(super) fn waiting_for_room(&self) -> usize {
        self.lock().wait_for_room
    }
}

//! What a store consists of: the part that everybody reads, and the part under the commit lock.

use std::collections::{BTreeMap, VecDeque};
use std::ops::{Deref, DerefMut};
use std::sync::atomic::AtomicU64 as PlainAtomicU64;
use std::sync::{Arc, PoisonError, TryLockError};
use std::time::Instant;

use sdd::Guard;

use super::bugs::SeededBug;
use super::durable::{Durable, Staged, StagedTable};
use super::history::History;
use super::pins::{Horizon, Pin, Pins};
use super::publish::Publisher;
use super::rows::AnyRows;
use super::table::Table;
use crate::sync::{AtomicU64, Mutex, MutexGuard, Ordering, Padded};
use crate::wake::ToWake;

/// How many commits there are between two looks at the pins.
const LOOK_EVERY: u32 = 64;
/// How many keys are cleaned up at most in one commit, so that none takes long.
const SWEEP: usize = 4 * LOOK_EVERY as usize;

/// A store, as its handles share it.
pub(super) struct Inner {
    /// Tells the tables of one store from those of another.
    pub(super) id: u64,
    pub(super) pins: Pins,
    pub(super) publisher: Arc<Publisher>,
    /// The version of the last commit. It is ahead of the published one while the disk is at work.
    pub(super) latest: Padded<AtomicU64>,
    /// The highest watermark by which anything was dropped.
    pub(super) floor: Padded<AtomicU64>,
    /// Before the state: to drop the journal writes what is left and tells the watchers of it and that
    /// there is no more. Where there is none, the state does.
    pub(super) durable: Option<Durable>,
    pub(super) state: Padded<Mutex<State>>,
    pub(super) bug: Option<SeededBug>,
}

/// What only the one who commits looks at.
pub(super) struct State {
    /// Who is to be told when the store stops.
    pub(super) publisher: Arc<Publisher>,
    pub(super) tables: Vec<Box<dyn AnyRows>>,
    /// Rows that were read from the disk, of tables that nobody has opened yet.
    pub(super) staged: BTreeMap<String, Arc<StagedTable>>,
    pub(super) horizon: Horizon,
    until_look: u32,
    /// Whether a commit is being put in. Seen true by the next one, it was broken off by a panic.
    pub(super) installing: bool,
    pub(super) history: History,
    /// When versions were there, for a history by age.
    times: VecDeque<(Instant, u64)>,
    /// Why nothing can be committed any more.
    pub(super) stopped: Option<super::StoreError>,
    /// Who is to be woken when the lock is free.
    pub(super) to_wake: ToWake,
}

/// The commit lock. To let go of it calls the wakers that were found under it, without it.
pub(super) struct Locked<'a> {
    // In this order: the guard is dropped first.
    state: MutexGuard<'a, State>,
    to_wake: ToWake,
}

impl<'a> Locked<'a> {
    pub(super) fn new(state: MutexGuard<'a, State>) -> Self {
        let to_wake = ToWake::default();
        Self { state, to_wake }
    }

    /// Lets go of the lock, and leaves the wakers to be called by the caller.
    pub(super) fn unlock(mut self) -> ToWake {
        self.state.to_wake.take()
    }
}

impl Deref for Locked<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.state
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        self.to_wake = self.state.to_wake.take();
    }
}

impl State {
    /// The lowest version that something to be dropped waits for.
    fn waits_for(&self) -> Option<u64> {
        self.tables
            .iter()
            .filter_map(|table| table.waits_for())
            .min()
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.publisher.close(&mut self.to_wake);
    }
}

/// Numbers the stores of this process.
static NEXT_ID: PlainAtomicU64 = PlainAtomicU64::new(1);

impl Inner {
    pub(super) fn new(
        history: History,
        bug: Option<SeededBug>,
        publisher: Arc<Publisher>,
        durable: Option<Durable>,
        staged: Staged,
    ) -> Self {
        let version = publisher.published();
        Self {
            id: NEXT_ID.fetch_add(1, std::sync::atomic::Ordering::Relaxed),
            pins: Pins::new(),
            publisher: Arc::clone(&publisher),
            latest: Padded(AtomicU64::new(version)),
            floor: Padded(AtomicU64::new(version)),
            durable,
            state: Padded(Mutex::new(State {
                publisher,
                tables: Vec::new(),
                staged: staged
                    .into_iter()
                    .map(|(name, rows)| (name, Arc::new(rows)))
                    .collect(),
                horizon: Horizon {
                    watermark: version,
                    pinned: Vec::new(),
                },
                until_look: LOOK_EVERY,
                installing: false,
                history,
                times: VecDeque::new(),
                stopped: None,
                to_wake: ToWake::default(),
            })),
            bug,
        }
    }

    /// Waits until the journal has room for a commit. To be called before the commit lock is taken, which
    /// those want, too, who only open a table; and without an epoch's guard, which would keep the memory
    /// of everybody meanwhile.
    pub(super) fn make_room(&self) {
        if let Some(durable) = &self.durable {
            durable.journal.make_room();
        }
    }

    /// The commit lock.
    pub(super) fn lock(&self) -> Locked<'_> {
        Locked::new(self.lock_to_commit())
    }

    /// The commit lock, without what looks for wakers at its end: that is for [`Locked::new`] as soon as
    /// there may be some.
    ///
    /// It is held for well under a microsecond, and then wanted again. Whoever finds it taken waits
    /// for a little longer than that without asking the system: otherwise the lock, and all that it
    /// guards, would wander from one processor's cache to the other's with every commit.
    pub(super) fn lock_to_commit(&self) -> MutexGuard<'_, State> {
        for turn in 0..6 {
            match self.state.try_lock() {
                Ok(state) => return state,
                // `State::check` finds out whether the panic has left something half done.
                Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => {
                    (0..16_u32 << turn).for_each(|_| std::hint::spin_loop());
                }
            }
        }
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// # Panics
    /// When the table belongs to another store.
    pub(super) fn owns<K, V>(&self, table: &Table<K, V>) {
        assert!(
            table.0.store == self.id,
            "table `{}` belongs to another store; open it with this store's `table`",
            table.0.name
        );
    }

    /// Pins the newest version that everybody may see.
    pub(super) fn pin_published(&self) -> Pin {
        let watermark = &self.publisher.published;
        if self.bug == Some(SeededBug::StaleSnapshot) {
            let stale = || watermark.load(Ordering::SeqCst).saturating_sub(1);
            let mut pin = self.pins.pin(&AtomicU64::new(0), stale);
            pin.version = pin.version.min(watermark.load(Ordering::SeqCst));
            return pin;
        }
        self.pins
            .pin(&self.floor, || watermark.load(Ordering::SeqCst))
    }

    /// Pins the newest version, which the disk may not have yet.
    pub(super) fn pin_latest(&self) -> Pin {
        let latest = || self.latest.load(Ordering::SeqCst);
        self.pins.pin(&self.floor, latest)
    }

    /// Frees what a pin that has ended was holding, a little at a time, so that nobody waits long to
    /// commit. Where somebody is committing just now, the commits go on with it.
    pub(super) fn try_sweep(&self) {
        loop {
            let mut state = match self.state.try_lock() {
                Ok(state) => Locked::new(state),
                Err(TryLockError::Poisoned(poisoned)) => Locked::new(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) => return,
            };
            self.tend(&mut state, &Guard::new(), true);
            let oldest = state.horizon.oldest();
            if state.waits_for().is_none_or(|waits| waits > oldest) {
                return;
            }
        }
    }

    /// Looks at the pins and drops all that nobody can ask for.
    pub(super) fn sweep_all(&self) {
        let guard = Guard::new();
        let mut state = self.lock();
        self.look(&mut state);
        let State {
            tables, horizon, ..
        } = &mut *state;
        for table in tables {
            table.sweep_all(horizon, &guard);
        }
    }

    /// To be called after every commit: now and then, looks and cleans up.
    pub(super) fn tend(&self, state: &mut State, guard: &Guard, now: bool) {
        state.until_look = state.until_look.saturating_sub(1);
        if state.until_look > 0 && !now {
            return;
        }
        self.look(state);
        let mut budget = SWEEP;
        for table in &mut state.tables {
            table.sweep(&state.horizon, guard, &mut budget);
        }
    }

    /// Finds out what has to be kept.
    fn look(&self, state: &mut State) {
        state.until_look = LOOK_EVERY;
        let published = self.publisher.published();
        let watermark = state.history.watermark(published, &mut state.times);
        let watermark = watermark.max(self.floor.load(Ordering::Relaxed));
        // Before the look, so that `pin_past` sees it or is seen.
        self.floor.store(watermark, Ordering::SeqCst);
        state.horizon = if self.bug == Some(SeededBug::UnpinnedGc) {
            Horizon {
                watermark: published,
                pinned: Vec::new(),
            }
        } else {
            self.pins.look(watermark)
        };
        if let Some(waits) = state.waits_for()
            && waits > state.horizon.oldest()
        {
            self.pins.mark_blocking(waits);
        }
    }
}

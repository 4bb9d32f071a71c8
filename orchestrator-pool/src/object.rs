//! Objects that are used again.

mod config;
mod counts;
mod depot;
mod pooled;
mod recycle;
mod shelf;

use std::{
    cell::{Cell, RefCell},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use thread_local::ThreadLocal;

pub use self::{
    config::ObjectPoolConfig,
    counts::ObjectStats,
    pooled::{OwnedPooled, Pooled},
    recycle::Recycle,
};
use self::{
    counts::Counts,
    depot::{Depot, Magazine},
};

/// Lends objects and uses them again, without a lock on most ways.
///
/// Each thread has a magazine of objects of its own, takes from it and gives back to it. Only
/// when it is empty or full does the thread exchange a part of it with the others, through a
/// depot. An object may come back on another thread than the one that took it.
///
/// What is idle is bounded: see [`ObjectPoolConfig`].
///
/// ```
/// use orchestrator_pool::{ObjectPool, ObjectPoolConfig};
///
/// let pool = ObjectPool::new(ObjectPoolConfig::default(), || String::with_capacity(1024));
/// let mut line = pool.get();
/// line.push_str("used");
/// drop(line);
/// assert!(pool.get().is_empty(), "used again, and clean");
/// assert_eq!(pool.stats().made, 1);
/// ```
#[doc = include_str!("docs/objects.md")]
pub struct ObjectPool<T: Send> {
    shelves: ThreadLocal<Local<T>>,
    depot: Depot<T>,
    make: Box<dyn Fn() -> T + Send + Sync>,
    counts: Mutex<Vec<Arc<Counts>>>,
    magazine: usize,
}

/// What a thread has of a pool. Two lines of a cache, because processors fetch them in pairs: no
/// other thread's is on them.
#[repr(align(128))]
struct Local<T> {
    /// The object that came back last: mostly the one that is wanted next.
    last: Cell<Option<Box<T>>>,
    magazine: RefCell<Magazine<T>>,
    counts: Arc<Counts>,
}

impl<T: Recycle + Send> ObjectPool<T> {
    /// An empty pool. Objects are made when they are asked for and none is idle.
    pub fn new(config: ObjectPoolConfig, make: impl Fn() -> T + Send + Sync + 'static) -> Self {
        let magazine = config.magazine.get();
        Self {
            shelves: ThreadLocal::new(),
            depot: Depot::new(config.max_idle / magazine),
            make: Box::new(make),
            counts: Mutex::default(),
            magazine,
        }
    }

    /// An object that is as good as new. It comes back when the guard is dropped.
    #[inline]
    pub fn get(&self) -> Pooled<'_, T> {
        Pooled::new(self, self.take())
    }

    /// The same, in a guard that keeps the pool alive rather than borrow it. It costs two locked
    /// instructions more, on a count that all threads share.
    pub fn get_owned(self: &Arc<Self>) -> OwnedPooled<T> {
        OwnedPooled::new(Arc::clone(self), self.take())
    }

    #[inline]
    pub(crate) fn take(&self) -> Box<T> {
        let local = self.local();
        local.counts.lent.add(1);
        match local.last.take() {
            Some(object) => object,
            None => self.take_older(local),
        }
    }

    fn take_older(&self, local: &Local<T>) -> Box<T> {
        // The magazine is given back before others' code runs: it may use this pool as well.
        let idle = local.magazine.borrow_mut().pop();
        idle.unwrap_or_else(|| self.fetch(local))
    }

    #[cold]
    fn fetch(&self, local: &Local<T>) -> Box<T> {
        if let Some(mut magazine) = self.depot.take()
            && let Some(object) = magazine.pop()
        {
            local.magazine.borrow_mut().append(&mut magazine);
            return object;
        }
        local.counts.made.add(1);
        Box::new((self.make)())
    }

    /// Takes an object back, clean or not.
    #[inline]
    pub(crate) fn put(&self, mut object: Box<T>) {
        // An object that was in use when the thread panicked may be half changed.
        if std::thread::panicking() {
            return self.discard(object);
        }
        let mut unwound = Unwound(Some(self));
        let is_clean = object.recycle();
        unwound.0 = None;
        if !is_clean {
            return self.discard(object);
        }
        let local = self.local();
        local.counts.kept.add(1);
        if let Some(older) = local.last.replace(Some(object)) {
            self.put_older(local, older);
        }
    }

    fn put_older(&self, local: &Local<T>, object: Box<T>) {
        let mut magazine = local.magazine.borrow_mut();
        magazine.push(object);
        if magazine.len() >= 2 * self.magazine {
            // Half stays, so that whatever comes next is on this thread.
            let full = magazine.split_off(self.magazine);
            drop(magazine);
            self.hand_over(local, full);
        }
    }

    #[cold]
    fn hand_over(&self, local: &Local<T>, full: Magazine<T>) {
        if let Err(too_many) = self.depot.put(full) {
            let count = too_many.len() as u64;
            local.counts.kept.take_away(count);
            local.counts.dropped.add(count);
            drop(too_many);
        }
    }

    /// Drops an object that came back.
    #[cold]
    pub(crate) fn discard(&self, object: Box<T>) {
        self.local().counts.dropped.add(1);
        drop(object);
    }

    #[inline]
    fn local(&self) -> &Local<T> {
        match self.shelves.get() {
            Some(local) => local,
            None => self.new_local(),
        }
    }

    #[cold]
    fn new_local(&self) -> &Local<T> {
        self.shelves.get_or(|| {
            let counts = Arc::default();
            self.counts().push(Arc::clone(&counts));
            Local {
                last: Cell::new(None),
                magazine: RefCell::new(Vec::with_capacity(2 * self.magazine)),
                counts,
            }
        })
    }
}

impl<T: Send> ObjectPool<T> {
    /// What the pool has done so far.
    pub fn stats(&self) -> ObjectStats {
        let mut stats = ObjectStats::default();
        for counts in &*self.counts() {
            counts.add_to(&mut stats);
        }
        stats
    }

    fn counts(&self) -> MutexGuard<'_, Vec<Arc<Counts>>> {
        // A list of pointers is never half changed.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Send> fmt::Debug for ObjectPool<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectPool")
            .field("stats", &self.stats())
            .field("magazines_in_depot", &self.depot.len())
            .finish_non_exhaustive()
    }
}

/// Counts an object whose recycling panicked, and which is dropped by that.
struct Unwound<'a, T: Recycle + Send>(Option<&'a ObjectPool<T>>);

impl<T: Recycle + Send> Drop for Unwound<'_, T> {
    fn drop(&mut self) {
        if let Some(pool) = self.0 {
            pool.local().counts.dropped.add(1);
        }
    }
}

//! A store that many threads read while some change it.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use crate::durable::Keeper;
use crate::{MemoryBackend, MemoryChange, MemoryConfig, MemoryStore, OpenMemoryError};

/// A [`MemoryStore`] in several hands. Readers wait for nobody, and nobody waits for readers.
///
/// There are two copies of the store: one that is read, and a spare. A writer brings the spare up to
/// date, changes it, and puts it in the place of the other, which is the spare then: the left-right
/// scheme (Ramalhete and Correia 2015), but for readers who hold on to the spare: a writer who needs
/// it makes a fresh copy rather than wait for them. Writers wait for each other. Both copies have the
/// same texts, and an index each.
///
/// ```
/// use orchestrator_memory::{Budget, MemoryConfig, MemoryStore, NewEntry, SharedMemory, Tier};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let memory = SharedMemory::new(MemoryStore::new(MemoryConfig::default()));
/// let before = memory.read();
/// std::thread::scope(|threads| {
///     for name in ["Ada", "Grace"] {
///         let memory = &memory;
///         let note = NewEntry::new(Tier::Mission, format!("{name} has the parser"));
///         threads.spawn(move || memory.update(|store| store.add(note)));
///     }
/// });
/// assert_eq!(before.entries().count(), 0, "what is being read does not change");
/// assert_eq!(memory.read().recall("the parser", Budget::new(100))?.entries.len(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SharedMemory<B = ()> {
    read: ArcSwap<MemoryStore>,
    writer: Mutex<Writer<B>>,
}

#[derive(Debug)]
struct Writer<B> {
    /// What was read before, unless a writer has gone and not come back.
    spare: Option<Arc<MemoryStore>>,
    /// What the spare lacks.
    lacks: Vec<MemoryChange>,
    keeper: Keeper<B>,
}

impl SharedMemory {
    /// Shares a store, which nothing keeps.
    #[must_use]
    pub fn new(mut store: MemoryStore) -> Self {
        store.watch();
        // What has changed before is nothing that a copy of it lacks.
        drop(store.take_changes());
        Self::of(store, Keeper::of_nothing())
    }
}

impl<B: MemoryBackend> SharedMemory<B> {
    /// Shares the memory that a backend keeps; an empty one where it keeps none.
    ///
    /// # Errors
    /// [`OpenMemoryError`] where it cannot be read.
    pub fn open(config: MemoryConfig, backend: B) -> Result<Self, OpenMemoryError<B::Error>> {
        let (store, keeper) = Keeper::open(config, backend)?;
        Ok(Self::of(store, keeper))
    }

    fn of(store: MemoryStore, keeper: Keeper<B>) -> Self {
        Self {
            read: ArcSwap::from_pointee(store),
            writer: Mutex::new(Writer {
                spare: None,
                lacks: Vec::new(),
                keeper,
            }),
        }
    }

    /// The store as it is now. It stays as it is for as long as it is held; that costs a writer a copy,
    /// and no time but that.
    #[must_use]
    pub fn read(&self) -> Arc<MemoryStore> {
        self.read.load_full()
    }

    /// Changes the store, has the changes kept, and shows it to those who read from now on. What
    /// [`take_changes`](MemoryStore::take_changes) gives is not for the caller here.
    ///
    /// Where the change panics, nothing has changed.
    ///
    /// # Errors
    /// What the backend says. The store has the changes all the same, and they are kept with the
    /// next ones, or by [`flush`](Self::flush).
    pub fn update<T>(&self, change: impl FnOnce(&mut MemoryStore) -> T) -> Result<T, B::Error> {
        // A writer that has panicked has left no spare, and what is read is whole.
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let lacks = std::mem::take(&mut writer.lacks);
        let mut store = match writer.spare.take().map(Arc::try_unwrap) {
            Some(Ok(mut spare)) => {
                for change in &lacks {
                    spare.apply(change);
                }
                drop(spare.take_changes());
                spare
            }
            // Somebody reads it still, or there is none.
            Some(Err(_)) | None => MemoryStore::clone(&self.read.load()),
        };
        let output = change(&mut store);
        let changes = store.take_changes();
        let kept = writer.keeper.keep(changes.clone(), &store);
        writer.spare = Some(self.read.swap(Arc::new(store)));
        writer.lacks = changes;
        kept.map(|()| output)
    }

    /// Has everything kept that is not kept yet.
    ///
    /// # Errors
    /// What the backend says.
    pub fn flush(&self) -> Result<(), B::Error> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.keeper.keep(Vec::new(), &self.read.load())
    }
}

impl Default for SharedMemory {
    fn default() -> Self {
        Self::new(MemoryStore::default())
    }
}

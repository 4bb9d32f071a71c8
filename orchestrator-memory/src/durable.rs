//! A store whose changes are kept.

use std::convert::Infallible;

use crate::{MemoryChange, MemoryConfig, MemorySnapshot, MemoryStore, SnapshotError};

/// Where changes are kept: a file, a database, a journal.
///
/// It keeps at most one snapshot and the changes since then, in their order.
pub trait MemoryBackend {
    /// What goes wrong in keeping.
    type Error: std::error::Error + Send + Sync + 'static;

    /// After so many changes a snapshot takes their place. Default: 10,000.
    const CHANGES: usize = 10_000;

    /// The snapshot, if there is one, and all changes since.
    ///
    /// # Errors
    /// Whatever keeps it from being read.
    fn load(&mut self) -> Result<(Option<MemorySnapshot>, Vec<MemoryChange>), Self::Error>;

    /// Keeps further changes: all of them, or none where it fails.
    ///
    /// # Errors
    /// Whatever keeps them from being kept.
    fn append(&mut self, changes: &[MemoryChange]) -> Result<(), Self::Error>;

    /// Keeps a snapshot in place of all that was kept so far: wholly, or not at all where it fails.
    ///
    /// # Errors
    /// Whatever keeps it from being kept.
    fn replace(&mut self, snapshot: &MemorySnapshot) -> Result<(), Self::Error>;
}

/// Keeps nothing.
impl MemoryBackend for () {
    type Error = Infallible;

    /// A snapshot that nobody keeps need not be made.
    const CHANGES: usize = usize::MAX;

    fn load(&mut self) -> Result<(Option<MemorySnapshot>, Vec<MemoryChange>), Infallible> {
        Ok((None, Vec::new()))
    }

    fn append(&mut self, _: &[MemoryChange]) -> Result<(), Infallible> {
        Ok(())
    }

    fn replace(&mut self, _: &MemorySnapshot) -> Result<(), Infallible> {
        Ok(())
    }
}

/// Why a memory could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenMemoryError<E: std::error::Error + 'static> {
    /// The backend failed.
    #[error("what was remembered cannot be read")]
    Backend(#[source] E),
    /// What it gave is damaged.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
}

/// A [`MemoryStore`] whose changes a [`MemoryBackend`] keeps.
///
/// ```
/// # use std::convert::Infallible;
/// # use orchestrator_memory::{
/// #     DurableMemory, MemoryBackend, MemoryChange, MemoryConfig, MemorySnapshot, NewEntry, Tier,
/// # };
/// #[derive(Default, Clone)]
/// struct Kept(Option<MemorySnapshot>, Vec<MemoryChange>);
///
/// impl MemoryBackend for &mut Kept {
///     type Error = Infallible;
///
///     fn load(&mut self) -> Result<(Option<MemorySnapshot>, Vec<MemoryChange>), Infallible> {
///         Ok((self.0.clone(), self.1.clone()))
///     }
///
///     fn append(&mut self, changes: &[MemoryChange]) -> Result<(), Infallible> {
///         self.1.extend_from_slice(changes);
///         Ok(())
///     }
///
///     fn replace(&mut self, snapshot: &MemorySnapshot) -> Result<(), Infallible> {
///         **self = Kept(Some(snapshot.clone()), Vec::new());
///         Ok(())
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut kept = Kept::default();
/// let mut memory = DurableMemory::open(MemoryConfig::default(), &mut kept)?;
/// let id = memory.update(|store| store.add(NewEntry::new(Tier::Project, "Tabs, not spaces.")))?;
///
/// let again = DurableMemory::open(MemoryConfig::default(), &mut kept)?;
/// assert_eq!(&*again.store().get(id).expect("it was kept").content, "Tabs, not spaces.");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct DurableMemory<B> {
    store: MemoryStore,
    keeper: Keeper<B>,
}

impl<B: MemoryBackend> DurableMemory<B> {
    /// The memory that a backend keeps; an empty one where it keeps none.
    ///
    /// # Errors
    /// [`OpenMemoryError`] where it cannot be read.
    pub fn open(config: MemoryConfig, backend: B) -> Result<Self, OpenMemoryError<B::Error>> {
        let (store, keeper) = Keeper::open(config, backend)?;
        Ok(Self { store, keeper })
    }

    /// The store, to be read.
    #[must_use]
    pub fn store(&self) -> &MemoryStore {
        &self.store
    }

    /// Changes the store, and has the changes kept. What [`take_changes`](MemoryStore::take_changes)
    /// gives is not for the caller here: it would not be kept.
    ///
    /// # Errors
    /// What the backend says. The store has the changes all the same, and they are kept with the
    /// next ones, or by [`flush`](Self::flush).
    pub fn update<T>(&mut self, change: impl FnOnce(&mut MemoryStore) -> T) -> Result<T, B::Error> {
        let output = change(&mut self.store);
        self.flush()?;
        Ok(output)
    }

    /// Has everything kept that is not kept yet.
    ///
    /// # Errors
    /// What the backend says.
    pub fn flush(&mut self) -> Result<(), B::Error> {
        let changes = self.store.take_changes();
        self.keeper.keep(changes, &self.store)
    }
}

/// A backend, and how far it has come.
#[derive(Debug)]
pub(crate) struct Keeper<B> {
    backend: B,
    /// What is not kept yet, because the backend has failed.
    unkept: Vec<MemoryChange>,
    since_snapshot: usize,
}

impl Keeper<()> {
    /// One that keeps nothing.
    pub(crate) fn of_nothing() -> Self {
        Self {
            backend: (),
            unkept: Vec::new(),
            since_snapshot: 0,
        }
    }
}

impl<B: MemoryBackend> Keeper<B> {
    /// What is kept, watched from now on, and who keeps it.
    pub(crate) fn open(
        config: MemoryConfig,
        mut backend: B,
    ) -> Result<(MemoryStore, Self), OpenMemoryError<B::Error>> {
        let (snapshot, changes) = backend.load().map_err(OpenMemoryError::Backend)?;
        let mut store = MemoryStore::replay(config, snapshot, &changes)?;
        store.watch();
        let keeper = Self {
            backend,
            unkept: Vec::new(),
            since_snapshot: changes.len(),
        };
        Ok((store, keeper))
    }

    /// Keeps further changes, which have led to this store.
    pub(crate) fn keep(
        &mut self,
        mut changes: Vec<MemoryChange>,
        store: &MemoryStore,
    ) -> Result<(), B::Error> {
        self.unkept.append(&mut changes);
        if self.since_snapshot.saturating_add(self.unkept.len()) > B::CHANGES {
            self.backend.replace(&store.snapshot())?;
            self.since_snapshot = 0;
        } else if !self.unkept.is_empty() {
            self.backend.append(&self.unkept)?;
            self.since_snapshot += self.unkept.len();
        }
        self.unkept.clear();
        Ok(())
    }
}

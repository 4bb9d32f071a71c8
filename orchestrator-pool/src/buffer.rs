//! Byte buffers that are used again, also after they were frozen and shared.

use std::{
    fmt,
    num::NonZeroUsize,
    ops::{Deref, DerefMut},
    sync::Arc,
};

use bytes::Bytes;

use crate::{ObjectPool, ObjectPoolConfig, ObjectStats, OwnedPooled, Recycle};

const KIB: usize = 1024;

/// The capacities that are kept, in bytes.
pub const SIZE_CLASSES: [usize; 5] = [KIB, 4 * KIB, 16 * KIB, 64 * KIB, 1024 * KIB];

/// How much memory a [`BufferPool`] may hold idle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BufferPoolConfig {
    /// How many bytes of each size class may be idle where all threads find them; each thread
    /// that has used the pool holds less than 256 KiB more of each of the small ones, and one
    /// buffer of 1 MiB. Default: 8 MiB.
    pub max_idle_bytes: usize,
}

impl BufferPoolConfig {
    /// Sets [`max_idle_bytes`](Self::max_idle_bytes).
    #[must_use]
    pub fn with_max_idle_bytes(mut self, max_idle_bytes: usize) -> Self {
        self.max_idle_bytes = max_idle_bytes;
        self
    }
}

impl Default for BufferPoolConfig {
    fn default() -> Self {
        Self {
            max_idle_bytes: 8 * 1024 * KIB,
        }
    }
}

/// Lends byte buffers of a few sizes and uses them again.
///
/// A buffer is empty when it is lent, and its memory is what it was: it is not zeroed, and
/// nobody can see what is in it. [`Buffer::freeze`] makes it [`Bytes`], to be cloned and sliced;
/// with the last of these its memory comes back.
///
/// Cloning gives another handle to the same pool.
///
/// ```
/// use orchestrator_pool::BufferPool;
///
/// let pool = BufferPool::default();
/// let mut buffer = pool.get(3_000);
/// assert_eq!((buffer.len(), buffer.capacity()), (0, 4096));
/// buffer.extend_from_slice(b"output");
/// let output = buffer.freeze();
/// let start = output.slice(..3);
/// drop(output);
/// assert_eq!(&start[..], b"out");
/// drop(start); // Now it is back.
/// assert_eq!(pool.stats(4096).map(|stats| stats.kept), Some(1));
/// ```
#[doc = include_str!("docs/buffers.md")]
#[derive(Clone)]
pub struct BufferPool {
    classes: Arc<[Arc<ObjectPool<Block>>; SIZE_CLASSES.len()]>,
}

impl BufferPool {
    /// An empty pool. Buffers are made when they are asked for and none is idle.
    pub fn new(config: BufferPoolConfig) -> Self {
        let class = |size: usize| {
            // A thread holds less than two magazines.
            let magazine = NonZeroUsize::new(128 * KIB / size).unwrap_or(NonZeroUsize::MIN);
            let bounds = ObjectPoolConfig::default()
                .with_magazine(magazine)
                .with_max_idle(config.max_idle_bytes / size);
            let make = move || Block {
                bytes: Vec::with_capacity(size),
                size,
            };
            Arc::new(ObjectPool::new(bounds, make))
        };
        Self {
            classes: Arc::new(SIZE_CLASSES.map(class)),
        }
    }

    /// An empty buffer that has room for so many bytes: of the smallest size class that has, or
    /// one of its own, beyond the largest class, which is not kept.
    pub fn get(&self, capacity: usize) -> Buffer {
        let class = SIZE_CLASSES.iter().position(|size| *size >= capacity);
        Buffer(match class {
            Some(class) => Home::Pool(self.classes[class].get_owned()),
            None => Home::None(Vec::with_capacity(capacity)),
        })
    }

    /// What the size class of this capacity has done so far; beyond the largest there is none.
    pub fn stats(&self, capacity: usize) -> Option<ObjectStats> {
        let class = SIZE_CLASSES.iter().position(|size| *size >= capacity)?;
        Some(self.classes[class].stats())
    }
}

impl Default for BufferPool {
    fn default() -> Self {
        Self::new(BufferPoolConfig::default())
    }
}

impl fmt::Debug for BufferPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let classes = SIZE_CLASSES.iter().zip(&*self.classes);
        f.debug_map()
            .entries(classes.map(|(size, pool)| (size, pool.stats())))
            .finish()
    }
}

/// The memory of a buffer, and how much it had at first.
struct Block {
    bytes: Vec<u8>,
    size: usize,
}

impl Recycle for Block {
    fn recycle(&mut self) -> bool {
        self.bytes.clear();
        // One that has grown, or was changed for another, does not belong here any more.
        (self.size..2 * self.size).contains(&self.bytes.capacity())
    }
}

enum Home {
    Pool(OwnedPooled<Block>),
    None(Vec<u8>),
}

/// A byte buffer lent by a [`BufferPool`]: a `Vec<u8>` whose memory goes back when it is
/// dropped, unless it has grown beyond its size class.
// Not `Clone`: that would be a copy without a pool.
#[must_use = "dropping it gives the buffer back"]
pub struct Buffer(Home);

impl Buffer {
    /// What is in it, to be shared. With the last clone the memory goes back to the pool.
    pub fn freeze(self) -> Bytes {
        match self.0 {
            Home::Pool(block) => Bytes::from_owner(Frozen(block)),
            Home::None(bytes) => Bytes::from(bytes),
        }
    }
}

impl Deref for Buffer {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        match &self.0 {
            Home::Pool(block) => &block.bytes,
            Home::None(bytes) => bytes,
        }
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        match &mut self.0 {
            Home::Pool(block) => &mut block.bytes,
            Home::None(bytes) => bytes,
        }
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffer")
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .finish()
    }
}

/// What owns the memory of frozen bytes.
struct Frozen(OwnedPooled<Block>);

impl AsRef<[u8]> for Frozen {
    fn as_ref(&self) -> &[u8] {
        &self.0.bytes
    }
}

//! Strings that are kept once and named by a number.

mod recent;
mod serial;
mod symbol;
mod table;

use std::{fmt, hash::BuildHasher, num::NonZeroUsize};

use foldhash::fast::RandomState;
use lasso::{Capacity, Key, MemoryLimits, Spur, ThreadedRodeo};

pub use self::symbol::Symbol;
use self::{recent::Recent, table::Table};

/// How large an [`Interner`] may grow, and how much it remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct InternerConfig {
    /// How many bytes its strings may take, in the map's arena. Default: no bound.
    pub max_bytes: usize,
    /// For how many strings the symbol is found without the map, if their hashes do not collide;
    /// 8 bytes each. Default: 16,384.
    pub recent: NonZeroUsize,
}

impl InternerConfig {
    /// Sets [`max_bytes`](Self::max_bytes).
    #[must_use]
    pub fn with_max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// Sets [`recent`](Self::recent).
    #[must_use]
    pub fn with_recent(mut self, recent: NonZeroUsize) -> Self {
        self.recent = recent;
        self
    }
}

impl Default for InternerConfig {
    fn default() -> Self {
        Self {
            max_bytes: usize::MAX,
            recent: NonZeroUsize::MIN.saturating_add((1 << 14) - 1),
        }
    }
}

/// An interner has no room for another string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the interner is full: {strings} strings are in it, and `{bytes}` bytes more do not fit; \
     raise `max_bytes`, or keep this string as it is"
)]
#[non_exhaustive]
pub struct InternerFull {
    /// How many strings there are.
    pub strings: usize,
    /// How long the string was.
    pub bytes: usize,
}

/// Keeps each string once and gives a [`Symbol`] for it.
///
/// A string that is known is found without a lock, mostly; one that is new takes a lock of a
/// shard of the map. Resolving a symbol never takes a lock. Nothing is ever taken out: the
/// interner grows by each new string, which it holds twice (once for the map, once for
/// resolving), until it is dropped. For strings that come from outside, set
/// [`InternerConfig::max_bytes`].
///
/// ```
/// use orchestrator_pool::Interner;
///
/// # fn main() -> Result<(), orchestrator_pool::InternerFull> {
/// let names = Interner::default();
/// let (a, b) = (names.intern("worker")?, names.intern("worker")?);
/// assert_eq!(a, b);
/// assert_eq!(names.resolve(a), "worker");
/// # Ok(())
/// # }
/// ```
#[doc = include_str!("docs/interning.md")]
pub struct Interner {
    map: ThreadedRodeo<Spur, RandomState>,
    strings: Table,
    recent: Recent,
    hasher: RandomState,
    config: InternerConfig,
}

impl Interner {
    /// An empty one.
    pub fn new(config: InternerConfig) -> Self {
        // Seeded anew for each, so that nobody outside can choose strings that collide.
        let hasher = RandomState::default();
        let capacity = Capacity::default();
        let limits = MemoryLimits::for_memory_usage(config.max_bytes);
        Self {
            map: ThreadedRodeo::with_capacity_memory_limits_and_hasher(
                capacity,
                limits,
                hasher.clone(),
            ),
            strings: Table::new(),
            recent: Recent::new(config.recent.get()),
            hasher,
            config,
        }
    }

    /// The symbol of a string, which is taken in if it is new.
    ///
    /// # Errors
    ///
    /// When it is new and there is no room for it. What is in stays in.
    #[inline]
    pub fn intern(&self, string: &str) -> Result<Symbol, InternerFull> {
        let hash = self.hasher.hash_one(string);
        if let Some(symbol) = self.recent.get(hash)
            && self.strings.get(symbol.index()) == Some(string)
        {
            return Ok(symbol);
        }
        self.intern_by_map(string, hash)
    }

    #[cold]
    fn intern_by_map(&self, string: &str, hash: u64) -> Result<Symbol, InternerFull> {
        let spur = self.map.try_get_or_intern(string).ok();
        let symbol = spur.and_then(|spur| Symbol::at(spur.into_usize()));
        let symbol = symbol.ok_or_else(|| InternerFull {
            strings: self.len(),
            bytes: string.len(),
        })?;
        // Before anyone has the symbol: the one who put it into the map may not have come to
        // this line yet.
        self.strings.put(symbol.index(), string);
        self.recent.put(hash, symbol);
        Ok(symbol)
    }

    /// The symbol of a string, if it is known.
    pub fn get(&self, string: &str) -> Option<Symbol> {
        let symbol = Symbol::at(self.map.get(string)?.into_usize())?;
        self.strings.put(symbol.index(), string);
        Some(symbol)
    }

    /// The string of a symbol.
    ///
    /// # Panics
    ///
    /// When the symbol is of another interner, and this one has not as many strings. (If it has,
    /// the answer is another string.)
    #[inline]
    pub fn resolve(&self, symbol: Symbol) -> &str {
        let string = self.try_resolve(symbol);
        string.expect("the symbol is of another interner")
    }

    /// The string of a symbol, or nothing where the symbol must be of another interner.
    #[inline]
    pub fn try_resolve(&self, symbol: Symbol) -> Option<&str> {
        self.strings.get(symbol.index())
    }

    /// What resolves the symbols that there are now, for one who has many to resolve.
    ///
    /// It is made by a look at every string, and then needs one look where
    /// [`resolve`](Self::resolve) needs four. It does not know strings that come later.
    pub fn reader(&self) -> InternerReader<'_> {
        let strings = (0..self.len()).map_while(|index| self.strings.get(index));
        InternerReader {
            strings: strings.collect(),
        }
    }

    /// How many strings there are.
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// How many bytes the map's arena takes. The strings are held a second time, for resolving.
    pub fn bytes(&self) -> usize {
        self.map.current_memory_usage()
    }

    /// With what it was made.
    pub fn config(&self) -> InternerConfig {
        self.config
    }
}

/// Resolves the symbols of an [`Interner`] that were there when it was made.
#[derive(Debug, Clone)]
pub struct InternerReader<'a> {
    strings: Box<[&'a str]>,
}

impl<'a> InternerReader<'a> {
    /// The string of a symbol.
    ///
    /// # Panics
    ///
    /// When the symbol came later than the reader, or is of another interner.
    #[inline]
    pub fn resolve(&self, symbol: Symbol) -> &'a str {
        self.strings[symbol.index()]
    }

    /// How many strings it knows.
    pub fn len(&self) -> usize {
        self.strings.len()
    }

    /// Whether it knows none.
    pub fn is_empty(&self) -> bool {
        self.strings.is_empty()
    }
}

impl Default for Interner {
    fn default() -> Self {
        Self::new(InternerConfig::default())
    }
}

impl fmt::Debug for Interner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interner")
            .field("strings", &self.len())
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

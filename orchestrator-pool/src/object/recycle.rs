//! What an object must be able to do to be used again.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

/// An object that can be made as good as new without being made anew.
///
/// ```
/// use orchestrator_pool::Recycle;
///
/// struct Scratch {
///     words: Vec<String>,
///     is_broken: bool,
/// }
///
/// impl Recycle for Scratch {
///     fn recycle(&mut self) -> bool {
///         self.words.clear(); // Its memory stays.
///         !self.is_broken
///     }
/// }
/// ```
///
/// The implementations for collections clear them and keep their memory, whatever its size: a
/// pool of them holds on to the largest that each has ever been. Where sizes vary, wrap the
/// collection and refuse the giants.
pub trait Recycle {
    /// Takes out what the last user has left, and says whether the object may be lent again.
    ///
    /// It runs when the object comes back, on the thread that gives it back. An object that says
    /// `false`, or panics, is dropped. What it leaves in, the next user sees.
    fn recycle(&mut self) -> bool;
}

macro_rules! recycle_by_clearing {
    ($([$($generics:tt)*] $type:ty),* $(,)?) => {
        $(impl<$($generics)*> Recycle for $type {
            fn recycle(&mut self) -> bool {
                self.clear();
                true
            }
        })*
    };
}

recycle_by_clearing!(
    [] String,
    [T] Vec<T>,
    [T] VecDeque<T>,
    [K, V, S] HashMap<K, V, S>,
    [K, S] HashSet<K, S>,
    [K, V] BTreeMap<K, V>,
    [K] BTreeSet<K>,
);

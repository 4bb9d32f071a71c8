//! The guards of objects that are lent.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::Arc,
};

use crate::{ObjectPool, Recycle};

/// An object lent by an [`ObjectPool`], which goes back when this is dropped.
///
/// Dropped while the thread panics, the object is dropped too: what was interrupted may have
/// left it in a state that [`Recycle::recycle`] does not look for.
// Not `Clone`: an object has one user at a time.
#[must_use = "dropping it gives the object back"]
pub struct Pooled<'a, T: Recycle + Send> {
    pool: &'a ObjectPool<T>,
    /// Taken when this ends, so it is there for as long as anyone can look.
    object: Option<Box<T>>,
}

/// Like [`Pooled`], and keeps the pool alive rather than borrow it.
// Not `Clone`: an object has one user at a time.
#[must_use = "dropping it gives the object back"]
pub struct OwnedPooled<T: Recycle + Send> {
    pool: Arc<ObjectPool<T>>,
    /// Taken when this ends, so it is there for as long as anyone can look.
    object: Option<Box<T>>,
}

impl<'a, T: Recycle + Send> Pooled<'a, T> {
    #[inline]
    pub(crate) fn new(pool: &'a ObjectPool<T>, object: Box<T>) -> Self {
        let object = Some(object);
        Self { pool, object }
    }
}

impl<T: Recycle + Send> OwnedPooled<T> {
    pub(crate) fn new(pool: Arc<ObjectPool<T>>, object: Box<T>) -> Self {
        let object = Some(object);
        Self { pool, object }
    }
}

macro_rules! guard {
    ([$($generics:tt)*] $guard:ty) => {
        impl<$($generics)*> $guard {
            /// Drops the object rather than give it back, for one who knows that it is spoilt.
            pub fn discard(mut self) {
                if let Some(object) = self.object.take() {
                    self.pool.discard(object);
                }
            }
        }

        impl<$($generics)*> Deref for $guard {
            type Target = T;

            #[inline]
            fn deref(&self) -> &T {
                self.object.as_ref().expect("present until dropped")
            }
        }

        impl<$($generics)*> DerefMut for $guard {
            #[inline]
            fn deref_mut(&mut self) -> &mut T {
                self.object.as_mut().expect("present until dropped")
            }
        }

        impl<$($generics)*> Drop for $guard {
            #[inline]
            fn drop(&mut self) {
                if let Some(object) = self.object.take() {
                    self.pool.put(object);
                }
            }
        }

        impl<$($generics)*> fmt::Debug for $guard
        where
            T: fmt::Debug,
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple("Pooled").field(&**self).finish()
            }
        }
    };
}

guard!(['a, T: Recycle + Send] Pooled<'a, T>);
guard!([T: Recycle + Send] OwnedPooled<T>);

//! The guard of a resource that is lent.

use std::{
    fmt,
    ops::{Deref, DerefMut},
};

use deadpool::managed::Object;

use super::slot::Adapter;
use crate::Manager;

/// A resource lent by a [`ResourcePool`](crate::ResourcePool), given back when dropped.
///
/// Dropping it while the thread panics destroys the resource: whatever was interrupted may have
/// left it in a state that no check looks for. It is destroyed, too, when it has been used as
/// often as it may, or when the pool is closed or gone.
// Not `Clone`: a resource has one user at a time.
#[must_use = "dropping it gives the resource back"]
pub struct Lease<M: Manager> {
    /// Taken by `drop` alone, so it is there for as long as anyone can look.
    object: Option<Object<Adapter<M>>>,
    worn_out: bool,
}

impl<M: Manager> Lease<M> {
    pub(crate) fn new(object: Object<Adapter<M>>, worn_out: bool) -> Self {
        object.life.lent();
        Self {
            object: Some(object),
            worn_out,
        }
    }

    /// Destroys the resource rather than giving it back, for a holder who knows that it is
    /// spoilt. Its `Drop` has run when this returns.
    pub fn discard(mut self) {
        self.worn_out = true;
    }
}

impl<M: Manager> Deref for Lease<M> {
    type Target = M::Resource;

    fn deref(&self) -> &M::Resource {
        let object = self.object.as_ref().expect("present until dropped");
        &object.resource
    }
}

impl<M: Manager> DerefMut for Lease<M> {
    fn deref_mut(&mut self) -> &mut M::Resource {
        let object = self.object.as_mut().expect("present until dropped");
        &mut object.resource
    }
}

impl<M: Manager> Drop for Lease<M> {
    fn drop(&mut self) {
        let Some(mut object) = self.object.take() else {
            return;
        };
        // Before the resource can be destroyed, or it would be counted twice: lent and gone.
        object.life.returned();
        if self.worn_out || std::thread::panicking() {
            drop(Object::take(object));
        } else {
            object.came_back();
            // Dropping the object puts it back in the queue.
        }
    }
}

impl<M: Manager> fmt::Debug for Lease<M>
where
    M::Resource: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lease").field(&**self).finish()
    }
}

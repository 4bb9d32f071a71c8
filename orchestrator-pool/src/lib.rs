//! Pools of things that cost more to make than to clean.
//!
//! - A [`Manager`] knows how to make a resource and how to prove that a used one is clean.
//! - A [`ResourcePool`] lends resources out: no more than [`PoolConfig::max_size`] are alive at
//!   a time, and who comes when all are out waits in line.
//! - A [`Lease`] is one that is lent. It goes back when it is dropped, also when the task that
//!   holds it is cancelled; after a panic, or by [`Lease::discard`], it is destroyed instead.
//! - [`PoolStats`] count what was made, used again and destroyed.
//!
//! # Where pooling pays
//!
//! It pays where making the resource takes a process, a connection or a walk over a disk, and
//! cleaning it takes little of that: checkouts of a large repository, language servers, model
//! sessions with their handshake. It also pays as a limit, since a pool bounds how many of them
//! there are.
//!
//! It does not pay for plain memory. The allocator is a pool already, and a checkout from this
//! one takes locks, a place in a queue and a call of [`Manager::recycle`]. Nor does it pay where
//! the proof of cleanliness costs as much as a new resource, or where leaving something behind
//! would be worse than waiting: then make a new one each time. Resources that lie idle hold
//! their memory, files and processes, so a pool that is seldom used costs more than it saves.
//! Count before you believe either: if `recycled` in [`PoolStats`] stays low against `created`,
//! the pool is in the way.
//!
//! # The whole picture
//!
//! ```
//! use std::{io, num::NonZeroUsize};
//! use orchestrator_pool::{Manager, PoolConfig, ResourcePool};
//!
//! /// A stand-in for a working directory in which checks run.
//! #[derive(Default)]
//! struct Checkout {
//!     files: Vec<&'static str>,
//!     locked: bool,
//! }
//!
//! struct Checkouts;
//!
//! impl Manager for Checkouts {
//!     type Resource = Checkout;
//!     type Error = io::Error;
//!
//!     async fn create(&self) -> Result<Checkout, io::Error> {
//!         Ok(Checkout::default())
//!     }
//!
//!     // Clean, then look: only what was seen to be clean is lent out again.
//!     async fn recycle(&self, checkout: &mut Checkout) -> Result<(), io::Error> {
//!         if !checkout.locked {
//!             checkout.files.clear();
//!         }
//!         if checkout.files.is_empty() {
//!             Ok(())
//!         } else {
//!             Err(io::Error::other("files were left behind"))
//!         }
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let config = PoolConfig::default().with_max_size(NonZeroUsize::MIN);
//! let pool = ResourcePool::new(Checkouts, config);
//!
//! let mut first = pool.checkout().await?;
//! first.files.push("build.log");
//! drop(first);
//!
//! let mut second = pool.checkout().await?;
//! assert!(second.files.is_empty(), "used again, and clean");
//! second.files.push("stuck.log");
//! second.locked = true;
//! drop(second);
//!
//! let third = pool.checkout().await?;
//! assert!(third.files.is_empty(), "it could not be cleaned, so this is another one");
//!
//! let stats = pool.stats();
//! assert_eq!((stats.created, stats.recycled, stats.destroyed), (2, 1, 1));
//! # Ok(())
//! # }
//! ```

mod buffer;
mod interner;
mod object;
mod resource;

pub use buffer::{Buffer, BufferPool, BufferPoolConfig, SIZE_CLASSES};
pub use bytes::Bytes;
pub use interner::{Interner, InternerConfig, InternerFull, InternerReader, Symbol};
pub use object::{ObjectPool, ObjectPoolConfig, ObjectStats, OwnedPooled, Pooled, Recycle};
pub use resource::{
    CheckoutError, HealthChecks, Lease, Manager, PoolConfig, PoolStats, ResourcePool, ResourcePools,
};

//! Pools: of objects, of strings, of buffers, and of things that cost more to make than to clean.
//!
//! - An [`ObjectPool`] lends objects that clean themselves ([`Recycle`]), from a magazine that each
//!   thread has for itself.
//! - An [`Interner`] keeps each string once and gives a [`Symbol`] of four bytes for it.
//! - A [`BufferPool`] lends byte buffers of a few sizes; frozen to [`Bytes`], their memory comes
//!   back with the last clone.
//! - A [`ResourcePool`] lends processes, connections, sessions: no more than
//!   [`PoolConfig::max_size`] are alive at a time, who comes when all are out waits in line, and a
//!   [`Manager`] proves that a used one is clean. A [`Lease`] is one that is lent. It goes back when
//!   it is dropped, also when the task that holds it is cancelled; after a panic, or by
//!   [`Lease::discard`], it is destroyed instead. [`ResourcePools`] are one for each key.
//!
//! # Where pooling pays
//!
//! Less often than one thinks: the allocator is a pool already. Each pool's page says where it
//! wins and where it loses, with figures. In short: objects that are dear to initialise or that
//! change threads, strings that are met again and again, large buffers that are hardly used, and
//! whatever takes a process or a connection. In all cases what lies idle holds its memory, so a
//! pool that is seldom used costs more than it saves. Count before you believe: if what is used
//! again stays low against what is made, the pool is in the way.
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
    CheckoutError, Clock, CoarseClock, HealthChecks, Lease, Manager, PoolConfig, PoolStats,
    ResourcePool, ResourcePools,
};

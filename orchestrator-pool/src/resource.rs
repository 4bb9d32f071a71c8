//! Things that cost more to make than to clean: processes, connections, checkouts, sessions.

mod config;
mod error;
mod lease;
mod ledger;
mod manager;
mod pool;
mod slot;

pub use self::{
    config::PoolConfig, error::CheckoutError, lease::Lease, ledger::PoolStats, manager::Manager,
    pool::ResourcePool,
};

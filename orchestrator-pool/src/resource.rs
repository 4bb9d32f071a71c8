//! Things that cost more to make than to clean: processes, connections, checkouts, sessions.

mod config;
mod error;
mod eviction;
mod health;
mod keyed;
mod lease;
mod ledger;
mod manager;
mod pool;
mod slot;

pub use self::{
    config::PoolConfig, error::CheckoutError, health::HealthChecks, keyed::ResourcePools,
    lease::Lease, ledger::PoolStats, manager::Manager, pool::ResourcePool,
};

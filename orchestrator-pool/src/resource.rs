//! Things that cost more to make than to clean: processes, connections, checkouts, sessions.

mod clock;
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
    clock::{Clock, CoarseClock},
    config::PoolConfig,
    error::CheckoutError,
    health::HealthChecks,
    keyed::ResourcePools,
    lease::Lease,
    ledger::PoolStats,
    manager::Manager,
    pool::ResourcePool,
};

//! May this start now? Slots, breakers, rates, memory and depth, and one controller over them.

mod breaker;
mod depth;
mod pressure;
mod queue;
mod rate;
mod scaling;
mod slots;
mod sync;
#[cfg(test)]
mod testing;

pub use breaker::{
    BreakerConfig, BreakerGuard, BreakerPass, BreakerRefusal, BreakerState, CircuitBreaker,
    CircuitBreakers, Trip,
};
pub use depth::{DepthGuard, DepthRefusal};
pub use pressure::{MemorySource, MemoryUse, PressureGauge, PressureLevel, SystemMemory};
pub use rate::{RateConfig, RateLimit, RateLimiter, RateLimiters, RateRefusal, Reservation};
pub use scaling::SlotScaling;
pub use slots::{AcquireError, Claim, Permit, Slots, SlotsClosed};

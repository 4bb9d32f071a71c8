//! May this start now? Slots, breakers, rates, memory and depth, and one controller over them.
//!
//! Each part is of use alone, and each but the slots comes as rules without a lock or a clock: it
//! is handed the instant. [`AdmissionController`] composes the rules under one lock.

mod breaker;
mod config;
mod controller;
mod depth;
mod later;
mod pressure;
mod queue;
mod rate;
mod reason;
mod request;
mod scaling;
mod slots;
#[cfg(all(test, not(feature = "shuttle")))]
mod testing;
mod words;

pub use breaker::{BreakerConfig, BreakerPass, BreakerRefusal, BreakerState, CircuitBreaker, Trip};
pub use config::{AdmissionConfig, SlotLimit, WhenBlocked};
pub use controller::{
    Admission, AdmissionController, AdmissionStats, CallCounts, KeyStats, RejectionCounts,
};
pub use depth::{DepthGuard, DepthRefusal};
pub use pressure::{MemorySource, MemoryUse, PressureGauge, PressureLevel, SystemMemory};
pub use rate::{RateConfig, RateLimit, RateLimiter, RateRefusal, Reservation};
pub use reason::{Rejection, SlotKey, WaitReason, Waiting};
pub use request::{FailureKind, ModelKey, Request};
pub use scaling::SlotScaling;
pub use slots::{AcquireError, Claim, Permit, Slots, SlotsClosed};

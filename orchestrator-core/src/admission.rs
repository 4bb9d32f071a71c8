//! May this start now? Slots, breakers, rates, memory and depth, and one controller over them.

mod queue;
mod slots;
mod sync;
#[cfg(test)]
mod testing;

pub use slots::{AcquireError, Claim, Permit, Slots, SlotsClosed};

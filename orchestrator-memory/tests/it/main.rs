//! The crate from outside.

mod budgets;
mod focus;
mod gate;
mod kept;
mod ranking;
mod shared;
mod store;
mod vectors;

//! The crate from outside.

mod budgets;
mod focus;
mod gate;
mod ranking;
mod store;

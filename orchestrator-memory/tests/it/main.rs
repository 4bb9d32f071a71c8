//! The crate from outside.

mod budgets;
mod gate;
mod store;

//! The pool from outside.

#![expect(
    clippy::unwrap_used,
    reason = "a test may panic, and its helpers are part of it"
)]

mod buffer;
mod examples;
mod interner;
mod object;
mod resource;

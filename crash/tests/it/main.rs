//! The short forms, on the real program.

mod processes;
mod store;

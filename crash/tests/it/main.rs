//! The short forms, on the real program.

mod cancel;
mod processes;
mod store;

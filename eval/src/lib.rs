//! How good what our crates choose is, on data that is not ours to ship.
//!
//! [`Conversation`]s are read from a folder; [`recall`] asks the memory their questions.

mod conversation;
mod line;
pub mod recall;

pub use conversation::{Conversation, Question, ReadError, Turn};
pub use line::Line;

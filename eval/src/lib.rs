//! How good what our crates choose is, on data that is not ours to ship.
//!
//! [`Conversation`]s are read from a folder; [`recall`] asks the memory their questions, and [`focus`]
//! has it follow a mission of ten thousand turns.

mod conversation;
pub mod focus;
mod line;
pub mod recall;

pub use conversation::{Conversation, Question, ReadError, Turn};
pub use line::{Line, Target};

//! A store of a page, which is right unless it is told to be wrong: the control of the checkers.

mod bug;
mod open;
mod store;

pub use bug::Bug;
pub use open::{ModelOpen, ModelView};
pub use store::ModelStore;

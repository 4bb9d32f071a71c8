//! `read`, `write`, `edit` and `apply_patch`.

mod apply_patch;
mod edit;
mod read;
mod write;

pub use apply_patch::ApplyPatchTool;
pub use edit::EditTool;
pub use read::ReadTool;
pub use write::WriteTool;

#[cfg(test)]
mod tests;

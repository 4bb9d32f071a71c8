//! The machine-applicable suggestions of `cargo clippy`: collected, kept, and
//! applied with `rustfix`.

mod allowed;
mod apply;
mod collect;
mod format;
mod store;

use serde::{Deserialize, Serialize};

use crate::command::CommandError;
use crate::worktree::PathError;

pub use apply::Applied;
pub use store::LintStore;

/// Which lints to run.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(default, deny_unknown_fields)]
pub struct LintRequest {
    /// Clippy's `pedantic` group on top of what the repository asks for.
    pub pedantic: bool,
    /// Tests, examples and benchmarks too, not only libraries and programs.
    pub include_tests: bool,
}

/// One suggestion that the compiler or clippy says a machine may apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LintSuggestion {
    /// The same for the same change of the same line, wherever that has moved;
    /// lines that are alike share it.
    pub id: String,
    /// The cargo package.
    pub package: String,
    /// The lint's name, such as `clippy::needless_return`.
    pub lint: String,
    /// The file, relative to the worktree.
    pub file: String,
    /// The line it starts at, from 1.
    pub line: usize,
    /// What the lint says.
    pub message: String,
    /// The edits, all in `file`.
    pub edits: Vec<TextEdit>,
}

/// One replacement of bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TextEdit {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// What stands there instead.
    pub replacement: String,
}

/// The suggestions of one lint in one package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LintGroup {
    /// The cargo package.
    pub package: String,
    /// The lint's name.
    pub lint: String,
    /// What it says, taken from its first suggestion.
    pub message: String,
    /// Where its suggestions stand.
    pub files: Vec<LintedFile>,
}

/// The suggestions of a group in one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LintedFile {
    /// The file, relative to the worktree.
    pub path: String,
    /// The suggestions' ids.
    pub ids: Vec<String>,
}

/// Why linting or fixing failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LintError {
    /// There is no Rust package in the worktree.
    #[error("no Cargo.toml in this repository: clippy works on Rust packages")]
    NoPackage,
    /// Clippy itself could not be run.
    #[error("`{command}` failed before it gave any result:\n{tail}")]
    Failed {
        /// The command line.
        command: String,
        /// The end of its output.
        tail: String,
    },
    /// The program could not be run.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// A file could not be read or written.
    #[error(transparent)]
    Path(#[from] PathError),
}

//! Tools for coding agents: search, files, patches, syntax trees, lints, git
//! and commands, each confined to one worktree.
//!
//! - [`Tool`] is one capability with a name, typed arguments and answers, and an [`Effect`];
//!   [`tool_fn`] makes one of a function. [`ToolRegistry`] holds the tools that one role may call, and
//!   refuses what does not fit their schemas.
//! - [`ToolContext`] says where a call runs: the worktree, the build folder,
//!   the cancellation token.
//! - [`WorktreePath`] and [`Worktree`] keep file access beneath the worktree; files that change
//!   together do so all or none. [`Seen`] keeps a session from changing what it has not read.
//! - [`Tree`] and [`Grep`] list and search files, and know what they have read before.
//! - [`Outputs`] shows long answers in pages.
//! - [`run_command`] runs a command in its own process group and never leaves
//!   a descendant of that group behind.
//! - [`Rewriter`], [`rename_in_source`] and [`Language`] work on syntax trees.
//! - [`LintStore`] collects the machine-applicable suggestions of `cargo
//!   clippy` and applies them.
//!
//! Commands are not confined yet: [`SandboxLevel::None`] is what every result
//! reports, so that nobody reads more into it.
//!
//! ```
//! use orchestrator_tools::{Language, Rewriter};
//!
//! let rewriter = Rewriter::new(Language::Rust, "$A.len() == 0", "$A.is_empty()")?;
//! let rewritten = rewriter.rewrite("fn f(v: &[u8]) -> bool { v.len() == 0 }");
//! assert_eq!(rewritten.replacements, 1);
//! assert_eq!(rewritten.text, "fn f(v: &[u8]) -> bool { v.is_empty() }");
//! # Ok::<(), orchestrator_tools::PatternError>(())
//! ```

mod builtin;
mod command;
mod edit;
mod environment;
mod error;
mod files;
mod filter;
mod grep;
mod language;
mod lint;
mod outline;
mod outputs;
mod patch;
mod registry;
mod rename;
mod rewrite;
mod seen;
mod tool;
mod tree;
mod worktree;

pub use builtin::{
    ApplyPatchTool, ApplySuggestionsTool, AstRewriteTool, AstSearchTool, EditTool, GitDiffTool,
    GitLogTool, GlobTool, GrepTool, IdentifierSearchTool, LintTool, OutlineTool, PackagesTool,
    ReadOutputTool, ReadTool, RenameTool, SuggestionsTool, WriteTool,
};
pub use command::{
    CommandError, CommandLine, CommandOutput, CommandSpec, Ending, OutputFilter, OutputFilters,
    SandboxLevel, run_command,
};
pub use edit::EditError;
pub use environment::{child_environment, looks_secret};
pub use error::ToolError;
pub use files::{FileFilter, FilterError, source_files};
pub use grep::{Grep, GrepError, GrepFile, GrepFound, GrepLine, GrepOptions};
pub use language::{Language, UnknownLanguage};
pub use lint::{
    Applied, LintError, LintGroup, LintRequest, LintStore, LintSuggestion, LintedFile, TextEdit,
};
pub use outline::{Symbol, outline};
pub use outputs::{OutputError, Outputs, Page};
pub use patch::PatchError;
pub use registry::{RegistryError, ToolRegistry};
pub use rename::{
    Identifier, InvalidIdentifier, Renamed, identifiers_in, is_name, rename_in_source,
};
pub use rewrite::{PatternError, Rewriter, Rewritten};
pub use seen::{Seen, UnseenError};
pub use tool::{Effect, Tool, ToolContext, ToolFn, ToolInfo, ToolSpec, tool_fn};
pub use tree::{Files, Tree, TreeContent, TreeFile, TreeOptions, TreeReader, Trees};
pub use worktree::{PathError, Worktree, WorktreePath};

const fn assert_send_sync<T: Send + Sync>() {}
const _: () = {
    assert_send_sync::<ToolRegistry>();
    assert_send_sync::<LintStore>();
    assert_send_sync::<ToolError>();
};

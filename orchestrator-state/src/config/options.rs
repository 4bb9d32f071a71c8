//! How a text is read and what happens where it and the settings differ.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::path::KeyPath;

/// The language of a configuration text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Format {
    /// JSON as RFC 8259 has it: no comments, no trailing commas.
    Json,
    /// JSON with comments and trailing commas. Neither is added where there was none.
    Jsonc,
    /// TOML 1.0, and the multi-line inline tables of 1.1 where they are there already.
    Toml,
}

impl Format {
    /// The format of a file, by its name: `.toml`, `.jsonc` and `.json`. `tsconfig*.json`,
    /// `jsconfig*.json`, `opencode.json` and all in a folder `.vscode` are JSON with comments, as
    /// the programs that read them see it. `None`: another extension.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "toml" => Some(Self::Toml),
            "jsonc" => Some(Self::Jsonc),
            "json" => {
                let name = path.file_name()?.to_str()?;
                let commented = name.starts_with("tsconfig")
                    || name.starts_with("jsconfig")
                    || name == "opencode.json"
                    || path.parent()?.ends_with(".vscode");
                Some(if commented { Self::Jsonc } else { Self::Json })
            }
            _ => None,
        }
    }
}

/// What happens to a value that is there and differs from the one in the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum OnConflict {
    /// It stays, and the report says so.
    #[default]
    Keep,
    /// The setting takes its place.
    Replace,
    /// The whole merge is refused.
    Refuse,
}

/// What happens to an array that is there and differs from the one in the settings.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Arrays {
    /// It is one value like any other: [`OnConflict`] decides.
    #[default]
    Whole,
    /// The elements that it lacks are added at its end.
    Union,
    /// The same, for the arrays at these paths only.
    UnionAt(BTreeSet<KeyPath>),
}

/// The choices of a merge. The default keeps what is there and takes arrays as one value.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MergeOptions {
    pub(super) on_conflict: OnConflict,
    pub(super) arrays: Arrays,
}

impl MergeOptions {
    /// The default choices.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What happens to values that differ.
    #[must_use]
    pub fn on_conflict(mut self, on_conflict: OnConflict) -> Self {
        self.on_conflict = on_conflict;
        self
    }

    /// What happens to arrays that differ.
    #[must_use]
    pub fn arrays(mut self, arrays: Arrays) -> Self {
        self.arrays = arrays;
        self
    }

    pub(super) fn joins(&self, path: &KeyPath) -> bool {
        match &self.arrays {
            Arrays::Whole => false,
            Arrays::Union => true,
            Arrays::UnionAt(paths) => paths.contains(path),
        }
    }
}

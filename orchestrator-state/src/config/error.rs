//! Why settings were not merged or not taken out again.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::path::KeyPath;
use crate::{AtomicWriteError, BackupError};

/// Why a text was not merged. Lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MergeError {
    /// The text is not of its format.
    #[error("line {line}, column {column}: {message}; correct the text first")]
    Syntax {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// A key is there twice, so it is not certain which one counts.
    #[error(
        "line {line}, column {column}: the key `{path}` is there already; remove one of the two"
    )]
    DuplicateKey {
        /// The second one.
        path: KeyPath,
        /// The line of the second one.
        line: usize,
        /// The column of the second one.
        column: usize,
    },
    /// A table, an array or a plain value is where the settings have another of these three.
    #[error(
        "line {line}, column {column}: `{path}` is {found}, but the setting is {wanted}; rename or remove one of them"
    )]
    TypeConflict {
        /// Which setting.
        path: KeyPath,
        /// What the text has, with its article.
        found: &'static str,
        /// What the settings have, with its article.
        wanted: &'static str,
        /// The line of the value in the text.
        line: usize,
        /// The column of the value in the text.
        column: usize,
    },
    /// A value differs, and [`OnConflict::Refuse`](super::OnConflict::Refuse) was asked for.
    #[error(
        "line {line}, column {column}: `{path}` has another value than the setting; change it or choose what is to win"
    )]
    Conflict {
        /// Which setting.
        path: KeyPath,
        /// The line of the value in the text.
        line: usize,
        /// The column of the value in the text.
        column: usize,
    },
    /// A value was to be replaced, and comments or sections inside it would be lost.
    #[error(
        "line {line}, column {column}: `{path}` holds {what} that replacing it would remove; change it by hand or keep it"
    )]
    WouldLose {
        /// Which setting.
        path: KeyPath,
        /// What would be lost.
        what: &'static str,
        /// The line of the value in the text.
        line: usize,
        /// The column of the value in the text.
        column: usize,
    },
    /// The settings are not an object, or hold something that the format has no words for.
    #[error("the setting `{path}` is {what}, which cannot be written here; change the setting")]
    NotExpressible {
        /// Which setting.
        path: KeyPath,
        /// What it is, with its article.
        what: &'static str,
    },
    /// The merged text did not read back as what was meant. This is a defect of the merge.
    #[error(
        "the merged text does not say what it should, so nothing is to be written; please report the text and the settings"
    )]
    NotAsMeant {
        /// What was wrong with it, if it could not be read at all.
        source: Option<Box<MergeError>>,
    },
}

/// Why a merge was not taken back. The text is to stay as it is.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UndoError {
    /// Something that the merge wrote was edited, moved or removed since.
    #[error(
        "what was added as `{added}` was edited since; take it out by hand or restore a backup"
    )]
    Edited {
        /// The first line of what was added.
        added: String,
    },
    /// Taking the additions out would change something else too.
    #[error(
        "what was edited since depends on what was added; take it out by hand or restore a backup"
    )]
    Entangled,
    /// The text cannot be read any more.
    #[error("the text was edited since and cannot be read")]
    Unreadable(#[source] MergeError),
}

/// Why a configuration file was not merged or not restored.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigFileError {
    /// The name of the file does not say what it is.
    #[error("`{}` is neither JSON nor TOML by its name; name its format", path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read. Nothing has changed.
    #[error("`{}` could not be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not UTF-8. Nothing has changed.
    #[error("`{}` is not UTF-8 from byte {at} on; save it as UTF-8 first", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The first byte that is not, from 0.
        at: usize,
    },
    /// The text was refused. Nothing has changed.
    #[error("`{}` was left as it is", path.display())]
    Merge {
        /// The file.
        path: PathBuf,
        /// Why.
        source: MergeError,
    },
    /// The merge cannot be taken back. Nothing has changed.
    #[error("`{}` was left as it is", path.display())]
    Undo {
        /// The file.
        path: PathBuf,
        /// Why.
        source: UndoError,
    },
    /// No backup could be made. The file has not changed.
    #[error("`{}` was left as it is, because no backup of it could be made", path.display())]
    Backup {
        /// The file.
        path: PathBuf,
        /// Why.
        source: BackupError,
    },
    /// The file was changed by another while it was merged. It has not been overwritten.
    #[error("`{}` was changed by another program just now; merge again", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The file could not be written.
    #[error("`{}` could not be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What failed, and which content is there now.
        source: AtomicWriteError,
    },
    /// The file that the merge had created could not be removed.
    #[error("`{}` could not be removed", path.display())]
    Remove {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

//! Putting settings into a configuration file that people edit, and taking them out again.
//!
//! [`merge`] works on a text, [`merge_file`] on a file (backup first, then one atomic write), and
//! [`Undo`] takes it back. The text is never printed anew: each new setting is spliced into it at
//! one place, so comments, order, indentation, trailing commas, line endings and a byte order mark
//! are kept because nothing touches them. What is spliced in imitates its neighbours.
//!
//! - A text that cannot be read for certain (a syntax error, a key that is there twice) is refused
//!   with its line and column, and nothing changes.
//! - No key is ever removed. A value that differs is kept, replaced or refused ([`OnConflict`]),
//!   and the report says which.
//! - A table where the settings have a plain value, or the other way round, is refused.
//! - Merging again changes nothing.
//! - The result is read again and compared with what was meant before it is handed out.
//!
//! ```
//! use orchestrator_state::config::{Format, MergeOptions, merge};
//! use serde_json::json;
//!
//! let before = "{\n  // mine\n  \"theme\": \"dark\", // at night\n}\n";
//! let settings = json!({ "theme": "light", "plugin": ["orchestrator"] });
//! let merged = merge(before, Format::Jsonc, &settings, &MergeOptions::new())?;
//! assert_eq!(
//!     merged.text,
//!     "{\n  // mine\n  \"theme\": \"dark\", // at night\n  \"plugin\": [\"orchestrator\"],\n}\n",
//! );
//! assert_eq!(merged.undo.apply(&merged.text)?.text(), before);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod file;
mod json;
mod options;
mod path;
mod plain;
mod plan;
mod report;
mod splice;
#[cfg(test)]
mod tests;
mod toml;
mod tree;
mod undo;
mod write;

use serde_json::Value;

pub use error::{ConfigFileError, MergeError, UndoError};
pub use file::{MergedFile, UndoneFile, merge_file, undo_file};
pub use options::{Arrays, Format, MergeOptions, OnConflict};
pub use path::KeyPath;
pub use report::{Change, Merged, Outcome};
pub use undo::{Undo, Undone};

use plain::Plain;
use splice::Splices;
use tree::Document;

/// Merges settings into a text.
///
/// `settings` is an object. A key that the text does not have is added after its last sibling; an
/// object is merged key by key into the table of that name. Keys that are added together come in
/// the order of `settings`. An empty text, or one of comments only, is a configuration without keys.
///
/// Numbers are compared by value; in TOML an integer and a float differ. Strings are compared by
/// what they say, however they are escaped. TOML has no null, so none can be set there; its dates
/// are kept, but cannot be set.
///
/// # Errors
/// [`MergeError`], and then nothing is to be written.
pub fn merge(
    text: &str,
    format: Format,
    settings: &Value,
    options: &MergeOptions,
) -> Result<Merged, MergeError> {
    let document = read(text, format)?;
    let plan = plan::plan(text, &document, format, settings, options)?;
    let mut splices = Splices::new(text);
    match format {
        Format::Json | Format::Jsonc => json::write(text, &document, &plan.actions, &mut splices),
        Format::Toml => toml::write(text, &document, &plan.actions, &mut splices),
    }
    let (after, hunks) = splices.apply();
    // Whatever a text may hold that nobody thought of: better no result than a wrong one.
    let expected = plain::merged(
        document.root.plain(),
        settings,
        format,
        options,
        &KeyPath::root(),
    );
    let found = read(&after, format).map(|document| document.root.plain());
    if found.as_ref().ok() != Some(&expected) {
        return Err(MergeError::NotAsMeant {
            source: found.err().map(Box::new),
        });
    }
    let undo = Undo::new(text, &after, hunks, format, settings, options);
    Ok(Merged {
        text: after,
        changes: plan.changes,
        undo,
    })
}

/// Reads a text with the place of everything in it.
fn read(text: &str, format: Format) -> Result<Document, MergeError> {
    match format {
        Format::Json | Format::Jsonc => json::read(text, format),
        Format::Toml => toml::read(text),
    }
}

/// What a text says, without the places.
fn meaning(text: &str, format: Format) -> Result<Plain, MergeError> {
    read(text, format).map(|document| document.root.plain())
}

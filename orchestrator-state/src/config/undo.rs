//! Taking a merge back.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::UndoError;
use super::options::{Format, MergeOptions};
use super::path::KeyPath;
use super::splice::Hunk;
use super::{meaning, plain};
use crate::Digest;

/// What it takes to take a merge back, also in another process: it can be serialized.
///
/// It holds the changed stretches of the text and what was there, not the whole text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    format: Format,
    /// Of the text before. `None`: there was no file.
    before: Option<Digest>,
    after: Digest,
    hunks: Vec<Hunk>,
    settings: Value,
    options: MergeOptions,
}

/// A text from which a merge was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Undone {
    /// Byte for byte the text before the merge.
    Exact(String),
    /// The text was edited since: the edits are there still, only what was merged is gone.
    WithEdits(String),
}

impl Undone {
    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Exact(text) | Self::WithEdits(text) => text,
        }
    }
}

impl Undo {
    pub(super) fn new(
        before: &str,
        after: &str,
        hunks: Vec<Hunk>,
        format: Format,
        settings: &Value,
        options: &MergeOptions,
    ) -> Self {
        Self {
            format,
            before: Some(Digest::of(before.as_bytes())),
            after: Digest::of(after.as_bytes()),
            hunks,
            settings: settings.clone(),
            options: options.clone(),
        }
    }

    /// The same, when there was no file before.
    pub(super) fn of_a_new_file(mut self) -> Self {
        self.before = None;
        self
    }

    /// Whether the merge made the file.
    pub(super) fn made_the_file(&self) -> bool {
        self.before.is_none()
    }

    /// The digest of the text that the merge gave.
    #[must_use]
    pub fn after(&self) -> Digest {
        self.after
    }

    /// Takes the merge back.
    ///
    /// The text that the merge gave becomes the text before it, byte for byte. In a text that was
    /// edited since, what the merge wrote is looked for and taken out, and then merging the same
    /// settings again must give what the edited text says; so nothing is lost that somebody wrote.
    ///
    /// # Errors
    /// [`UndoError`]: what the merge wrote was edited itself, or something depends on it.
    pub fn apply(&self, text: &str) -> Result<Undone, UndoError> {
        if Digest::of(text.as_bytes()) == self.after {
            let back = self.take_out(text, |_, hunk| Some(hunk.at))?;
            let is_exact = self
                .before
                .is_none_or(|before| Digest::of(back.as_bytes()) == before);
            return if is_exact {
                Ok(Undone::Exact(back))
            } else {
                // Only an `Undo` that was edited itself comes here.
                Err(UndoError::Entangled)
            };
        }
        let edited = meaning(text, self.format).map_err(UndoError::Unreadable)?;
        let back = self.take_out(text, |text, hunk| {
            let mut found = text.match_indices(&hunk.new).map(|(at, _)| at);
            match (found.next(), found.next()) {
                (Some(at), None) if !hunk.new.is_empty() => Some(at),
                // The same text is there more often: it is only certain where nothing before moved.
                (Some(_), Some(_)) => text
                    .get(hunk.at..)
                    .is_some_and(|rest| rest.starts_with(&hunk.new))
                    .then_some(hunk.at),
                _ => None,
            }
        })?;
        let without = meaning(&back, self.format).map_err(|_| UndoError::Entangled)?;
        let again = plain::merged(
            without,
            &self.settings,
            self.format,
            &self.options,
            &KeyPath::root(),
        );
        if again == edited {
            Ok(Undone::WithEdits(back))
        } else {
            Err(UndoError::Entangled)
        }
    }

    /// The text without the hunks, from the last to the first, each where `place` finds it.
    fn take_out(
        &self,
        text: &str,
        place: impl Fn(&str, &Hunk) -> Option<usize>,
    ) -> Result<String, UndoError> {
        let mut back = text.to_owned();
        for hunk in self.hunks.iter().rev() {
            let edited = || UndoError::Edited {
                added: first_line(&hunk.new).to_owned(),
            };
            let at = place(&back, hunk).ok_or_else(edited)?;
            let end = at + hunk.new.len();
            if back.get(at..end) != Some(hunk.new.as_str()) {
                return Err(edited());
            }
            back.replace_range(at..end, &hunk.old);
        }
        Ok(back)
    }
}

/// The first line that says something.
fn first_line(text: &str) -> &str {
    let mut lines = text.lines().map(str::trim);
    lines
        .find(|line| line.bytes().any(|byte| byte.is_ascii_alphanumeric()))
        .unwrap_or(text)
}

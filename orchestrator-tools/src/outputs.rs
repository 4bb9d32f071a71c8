//! Answers that are too long for a model are shown from their beginning, and the rest is paged.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// How long an answer may be, and where longer ones are kept: [`fit`](Self::fit) is for who calls tools for a
/// model, and `read_output` gives the model the rest.
///
/// Clones share what is kept. It lies in a temporary folder outside every worktree, which is removed with
/// the last clone.
#[derive(Debug, Clone)]
pub struct Outputs {
    most: usize,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    folder: Option<tempfile::TempDir>,
    count: usize,
}

/// A part of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct Page {
    /// By which name the whole is known.
    pub output: String,
    /// How many bytes the whole has.
    pub bytes: u64,
    /// This part of it.
    pub text: String,
    /// Where the next part begins, if there is one: call read_output with it as `offset`.
    pub next: Option<u64>,
}

/// Why no part of an answer can be shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutputError {
    /// Nothing of that name is kept.
    #[error("no output `{output}` is kept: give the `output` of an answer that was too long")]
    Unknown {
        /// The name that was given.
        output: String,
    },
    /// It could not be written or read.
    #[error("an answer that is too long could not be kept, or read again")]
    Io {
        /// The system's reason.
        #[from]
        source: io::Error,
    },
}

impl Default for Outputs {
    fn default() -> Self {
        Self::unlimited()
    }
}

impl Outputs {
    /// Answers may be as long as they are.
    #[must_use]
    pub fn unlimited() -> Self {
        Self::capped(usize::MAX)
    }

    /// Of longer answers so many bytes are shown at a time, at least 256.
    #[must_use]
    pub fn capped(bytes: usize) -> Self {
        Self {
            most: bytes.max(256),
            kept: Arc::default(),
        }
    }

    /// The answer, or its first [`Page`], where it is too long. What hides secrets has to come before: the
    /// rest is written to a file.
    ///
    /// # Errors
    /// [`OutputError::Io`].
    pub fn fit(&self, answer: Value) -> Result<Value, OutputError> {
        if self.most == usize::MAX || answer.to_string().len() <= self.most {
            return Ok(answer);
        }
        // In lines, which are easier to read in parts.
        let text = match answer {
            Value::String(text) => text,
            answer => format!("{answer:#}"),
        };
        let output = self.keep(&text)?;
        let page = self.page(&output, 0)?;
        Ok(serde_json::to_value(page).map_err(io::Error::other)?)
    }

    fn keep(&self, text: &str) -> io::Result<String> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.folder.is_none() {
            kept.folder = Some(tempfile::tempdir()?);
        }
        let output = format!("o{}", kept.count + 1);
        if let Some(folder) = &kept.folder {
            // It is known only once it is whole.
            std::fs::write(folder.path().join(&output), text)?;
        }
        kept.count += 1;
        Ok(output)
    }

    /// A part of an answer that was too long, from an offset in bytes.
    ///
    /// # Errors
    /// [`OutputError::Unknown`] where no answer of that name was too long; [`OutputError::Io`].
    pub fn page(&self, output: &str, offset: u64) -> Result<Page, OutputError> {
        let unknown = || OutputError::Unknown {
            output: output.to_owned(),
        };
        let mut file = {
            let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            let number = output
                .strip_prefix('o')
                .and_then(|number| number.parse().ok());
            let known = number.filter(|number| (1..=kept.count).contains(number));
            let (Some(number), Some(folder)) = (known, &kept.folder) else {
                return Err(unknown());
            };
            File::open(folder.path().join(format!("o{number}")))?
        };
        let bytes = file.metadata()?.len();
        file.seek(SeekFrom::Start(offset.min(bytes)))?;
        let mut part = Vec::new();
        // The page around the text takes some too.
        let room = self.most.saturating_sub(128) as u64;
        file.take(room).read_to_end(&mut part)?;
        // What is cut in the middle of a character is left for the next page.
        let whole = part
            .utf8_chunks()
            .next()
            .map_or(0, |chunk| chunk.valid().len());
        let shown = if whole == 0 { part.len() } else { whole };
        let end = offset.min(bytes) + shown as u64;
        Ok(Page {
            output: output.to_owned(),
            bytes,
            text: String::from_utf8_lossy(&part[..shown]).into_owned(),
            next: (end < bytes).then_some(end),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_as_it_was() {
        let answer = serde_json::json!({"matches": 3});
        assert_eq!(Outputs::capped(1_000).fit(answer.clone()).unwrap(), answer);
    }

    /// The pages of a long answer are the answer, also where a page would end within a character.
    #[test]
    fn the_pages_are_the_whole() {
        let text = "aé€😀".repeat(1_000);
        let outputs = Outputs::capped(300);
        let first = outputs.fit(Value::String(text.clone())).unwrap();
        let (mut read, mut next) = (String::new(), Some(0));
        let mut pages = 0;
        while let Some(offset) = next {
            let page = outputs.page("o1", offset).unwrap();
            assert_eq!(page.bytes, text.len() as u64);
            assert!(page.text.len() <= 300);
            if offset == 0 {
                assert_eq!(first, serde_json::to_value(&page).unwrap());
            }
            read += &page.text;
            next = page.next;
            pages += 1;
        }
        assert_eq!(read, text);
        assert!(pages > 10);
        let past = outputs.page("o1", 1 << 40).unwrap();
        assert_eq!((past.text.as_str(), past.next), ("", None));
    }

    #[test]
    fn what_was_not_kept_is_refused_and_what_was_goes_with_the_last_clone() {
        let outputs = Outputs::capped(300);
        for output in ["o1", "o0", "x", "", "../../etc/passwd", "o1/../o1"] {
            let error = outputs.page(output, 0);
            assert!(
                matches!(error, Err(OutputError::Unknown { .. })),
                "{output}"
            );
        }
        outputs.fit(Value::String("x".repeat(400))).unwrap();
        let folder = outputs
            .kept
            .lock()
            .unwrap()
            .folder
            .as_ref()
            .unwrap()
            .path()
            .to_owned();
        let clone = outputs.clone();
        drop(outputs);
        assert!(clone.page("o1", 0).is_ok());
        drop(clone);
        assert!(!folder.exists());
    }
}

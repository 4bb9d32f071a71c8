//! Long conversations with questions about them.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use serde::Deserialize;

/// A conversation, and what is asked about it afterwards.
#[derive(Debug, Clone, Deserialize)]
pub struct Conversation {
    /// Its name.
    pub conversation: String,
    /// What was said, in order.
    pub turns: Vec<Turn>,
    /// What is asked when all has been said.
    pub questions: Vec<Question>,
}

/// One thing that was said.
#[derive(Debug, Clone, Deserialize)]
pub struct Turn {
    /// Its name within the conversation.
    pub id: String,
    /// Which of the conversation's sessions it was in.
    pub session: u32,
    /// When, as `1:56 pm on 8 May, 2023`.
    pub time: String,
    /// Who said it.
    pub speaker: String,
    /// What.
    pub text: String,
}

/// A question, and what would answer it.
#[derive(Debug, Clone, Deserialize)]
pub struct Question {
    /// The question.
    pub question: String,
    /// The turns that hold the answer.
    pub evidence: Vec<String>,
    /// What kind of question it is.
    pub category: u32,
}

/// Why there is nothing to measure with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// A file or the folder cannot be read.
    #[error("cannot read {}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file is of another form.
    #[error(
        "{} is no conversation: it needs `conversation`, `turns` and `questions`",
        path.display()
    )]
    Form {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// A time is written in another way.
    #[error("`{time}` is no time like `1:56 pm on 8 May, 2023`")]
    Time {
        /// What stands there.
        time: String,
        /// Why.
        #[source]
        source: jiff::Error,
    },
    /// There is none.
    #[error("no conversation in {}: give a folder with some (*.json)", folder.display())]
    Nothing {
        /// The folder.
        folder: PathBuf,
    },
}

impl Conversation {
    /// All conversations of a folder, by the names of their files.
    ///
    /// # Errors
    /// [`ReadError`] where one cannot be read, or there is none.
    pub fn read_all(folder: &Path) -> Result<Vec<Self>, ReadError> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| ReadError::Io { path, source }
        };
        let mut paths = Vec::new();
        for file in std::fs::read_dir(folder).map_err(io(folder))? {
            let path = file.map_err(io(folder))?.path();
            if path.extension().is_some_and(|ending| ending == "json") {
                paths.push(path);
            }
        }
        paths.sort();
        if paths.is_empty() {
            let folder = folder.to_owned();
            return Err(ReadError::Nothing { folder });
        }
        let read = |path: PathBuf| {
            let text = std::fs::read(&path).map_err(io(&path))?;
            serde_json::from_slice(&text).map_err(|source| ReadError::Form { path, source })
        };
        paths.into_iter().map(read).collect()
    }
}

impl Turn {
    /// When it was said, in seconds from 1970; the clock on the wall taken for UTC.
    ///
    /// # Errors
    /// [`ReadError::Time`] where it is written in another way.
    pub fn seconds(&self) -> Result<i64, ReadError> {
        let wrong = |source| ReadError::Time {
            time: self.time.clone(),
            source,
        };
        let time = jiff::civil::DateTime::strptime("%I:%M %p on %d %B, %Y", &self.time);
        let time = time
            .and_then(|time| time.to_zoned(TimeZone::UTC))
            .map_err(wrong)?;
        Ok(time.timestamp().as_second())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        let turn = |time: &str| Turn {
            id: String::new(),
            session: 1,
            time: time.to_owned(),
            speaker: String::new(),
            text: String::new(),
        };
        let seconds = turn("1:56 pm on 8 May, 2023").seconds().unwrap();
        assert_eq!(seconds, 1_683_554_160);
        let wrong = turn("yesterday").seconds().unwrap_err().to_string();
        assert!(wrong.contains("`yesterday` is no time"), "{wrong}");
    }
}

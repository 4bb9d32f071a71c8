//! Auditing a journal: every record, and the anchor.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use super::error::VerifyError;
use super::scan::{Survey, Unsound, survey};
use super::{HEAD, LOG};
use crate::Digest;

/// A journal that was found sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// How many records it has.
    pub records: u64,
    /// The hash of the last one, or the genesis hash.
    pub head: Digest,
    /// How many records at the end are whole but not acknowledged: a writer is at work, or died.
    pub unanchored: u64,
    /// How many bytes of an unfinished line stand at the end, for the same reasons.
    pub torn_bytes: u64,
    /// Whether the anchor of the last record was torn. The one before it is good.
    pub torn_anchor: bool,
}

/// Checks a journal from its first record to its anchor, in constant memory and without its lock.
///
/// It sees every changed bit of an acknowledged record, and acknowledged records that are gone
/// from the end. It cannot see a journal that was replaced by another whole one together with its
/// anchor: keep [`Verified::head`] elsewhere to see that.
///
/// # Errors
/// [`VerifyError`] names the record and the byte.
pub fn verify(folder: impl AsRef<Path>) -> Result<Verified, VerifyError> {
    let survey = survey_folder(folder.as_ref())?;
    Ok(Verified {
        records: survey.head.seq,
        head: survey.head.hash,
        unanchored: survey.head.seq - survey.anchored.unwrap_or(survey.head.seq),
        torn_bytes: survey.torn,
        torn_anchor: survey.torn_anchor,
    })
}

/// Judges the two files in a folder. Files that are not there are a journal without records.
pub(super) fn survey_folder(folder: &Path) -> Result<Survey, VerifyError> {
    let (log_path, head_path) = (folder.join(LOG), folder.join(HEAD));
    let io = |path: &Path, source| VerifyError::Io {
        path: path.to_owned(),
        source,
    };
    let anchor = present(read_settled(&head_path)).map_err(|source| io(&head_path, source))?;
    let log = present(File::open(&log_path)).map_err(|source| io(&log_path, source))?;
    let log: Box<dyn BufRead> = match log {
        Some(file) => Box::new(BufReader::new(file)),
        None => Box::new(io::empty()),
    };
    survey(anchor.as_deref(), log).map_err(|unsound| match unsound {
        Unsound::Truncated(truncation) => VerifyError::Truncated(truncation),
        Unsound::Corrupt(record) => VerifyError::Corrupt(record),
        Unsound::Anchor(anchor) => VerifyError::Anchor(anchor),
        Unsound::Io(source) => io(&log_path, source),
    })
}

/// Reads a file that a writer may be overwriting, until two readings agree.
fn read_settled(path: &Path) -> io::Result<Vec<u8>> {
    let mut before = fs::read(path)?;
    for _ in 0..100 {
        let now = fs::read(path)?;
        if now == before {
            break;
        }
        before = now;
    }
    Ok(before)
}

fn present<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

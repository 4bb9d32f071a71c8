//! Auditing a journal: every block, every segment, and the anchor.

use std::path::Path;

use super::error::VerifyError;
use super::shelf::Folder;
use super::survey::survey;
use crate::Digest;

/// A journal that was found sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// How many records it has.
    pub records: u64,
    /// How many records retention has dropped before them. Their chain goes on in these.
    pub pruned: u64,
    /// How many batches the records were written in.
    pub batches: u64,
    /// How many bytes they take, headers included.
    pub bytes: u64,
    /// The hash of the last batch, or the genesis hash.
    pub head: Digest,
    /// How many records at the end are whole but not named by the anchor: a writer is at work, or
    /// was cut short.
    pub unanchored: u64,
    /// How many bytes of an unfinished block stand at the end, for the same reasons.
    pub torn_bytes: u64,
    /// Whether the newest anchor was torn. The one before it is good.
    pub torn_anchor: bool,
}

/// Checks a journal from its first record to its anchor, in constant memory and without its lock.
///
/// It sees every changed bit of an acknowledged record, and acknowledged records that are gone
/// from the end. It cannot see a journal that was replaced by another whole one together with its
/// anchor: keep [`Verified::head`] elsewhere to see that. `docs/format.md` says what else is not
/// seen, and after what.
///
/// # Errors
/// [`VerifyError`] names the record, the segment and the byte. A folder without a journal is
/// [`VerifyError::Absent`], and not a journal without records.
pub fn verify(folder: impl AsRef<Path>) -> Result<Verified, VerifyError> {
    let folder = folder.as_ref();
    let survey =
        survey(&Folder(folder.to_owned())).map_err(|unsound| VerifyError::at(folder, unsound))?;
    // Whoever opens a journal leaves an anchor there. Without one, and without a segment, there is nothing
    // to find whole: the path is wrong, or all was removed.
    if survey.anchored.is_none() && survey.segment.is_none() && survey.end.seq == 0 {
        let folder = folder.to_owned();
        return Err(VerifyError::Absent { folder });
    }
    let anchored = survey
        .anchored
        .map_or(survey.end.seq, |anchor| anchor.link.seq);
    Ok(Verified {
        records: survey.end.seq - survey.base.seq,
        pruned: survey.base.seq,
        batches: survey.blocks,
        bytes: survey.bytes,
        head: survey.end.head,
        unanchored: survey.end.seq - anchored,
        torn_bytes: survey.torn,
        torn_anchor: survey.torn_anchor,
    })
}

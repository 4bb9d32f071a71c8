//! Retention: old segments are dropped, and a line each keeps the chain provable without them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::block::Link;
use super::error::{RetainError, VerifyError};
use super::medium::Medium;
use super::pruned::{self, PrunedSegment};
use super::shelf::{Folder, Shelf, segment_name};
use super::survey::{Chain, Unsound};
use super::tape::{Found, Tape};
use super::writer::Writer;
use super::{PRUNED, SEGMENTS};
use crate::Digest;
use crate::atomic::{Steps, replace};

/// What retention did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Pruned {
    /// The segments that are gone now. Each line has the hash by which a copy can be recognised.
    pub segments: Vec<PrunedSegment>,
    /// How many bytes they had.
    pub bytes: u64,
}

/// Drops the segments whose last record is before `seq`, but never the one that is written.
///
/// The lines are durable before the first segment goes. A crash in between leaves segments that
/// nobody reads and that the next opening removes.
pub(super) fn retain(folder: &Path, writer: &Writer, seq: u64) -> Result<Pruned, RetainError> {
    let shelf = Folder(folder.to_owned());
    let unsound = |unsound| RetainError::Unsound(VerifyError::at(folder, unsound));
    let io = |error| unsound(Unsound::Io(None, error));
    let old = shelf.pruned().map_err(io)?;
    let lines = pruned::decode(old.as_deref()).map_err(|bad| unsound(Unsound::Pruned(bad)))?;
    let mut text = old.unwrap_or_default();
    let mut before = lines.last().map_or_else(Link::genesis, |last| Link {
        seq: last.last,
        head: last.head,
    });
    let mut above = lines.last().map_or_else(pruned::top, PrunedSegment::check);

    let mut segments = shelf.segments().map_err(io)?.split_off(&(before.seq + 1));
    // The segment that is written stays, whatever is in it.
    segments.split_off(&writer.first);
    let segments: Vec<u64> = segments.into_iter().chain([writer.first]).collect();
    let mut gone = Pruned::default();
    for pair in segments.windows(2) {
        let &[first, next] = pair else { break };
        if next > seq {
            break;
        }
        let (end, bytes, digest) = read_whole(&shelf, first, before).map_err(unsound)?;
        let line = PrunedSegment::new(first, &before, &end, digest, &above);
        let printed = line
            .line()
            .map_err(|error| io(io::Error::new(io::ErrorKind::InvalidData, error)))?;
        text.extend_from_slice(printed.as_bytes());
        above = line.check();
        before = end;
        gone.bytes += bytes;
        gone.segments.push(line);
    }
    if gone.segments.is_empty() {
        return Ok(gone);
    }
    replace(&*writer.steps, &folder.join(PRUNED), &text).map_err(RetainError::Note)?;
    let firsts = gone.segments.iter().map(|segment| segment.first);
    remove(&*writer.steps, &*writer.medium, writer.folder(), firsts)
        .map_err(|(path, source)| RetainError::Remove { path, source })?;
    Ok(gone)
}

/// Checks a segment once more before it goes: where its chain ends, its length and its hash.
fn read_whole(shelf: &Folder, first: u64, before: Link) -> Result<(Link, u64, Digest), Unsound> {
    let io = |error| Unsound::Io(Some(first), error);
    let mut tape = Tape::new(shelf.open(first).map_err(io)?);
    let mut chain = Chain::new(before);
    let found = loop {
        match chain.step(&mut tape).map_err(io)? {
            Found::Block { .. } => {}
            found => break found,
        }
    };
    if let Found::Bad(reason) = found {
        return Err(chain.bad(first, reason));
    }
    let path = shelf.path().join(SEGMENTS).join(segment_name(first));
    let mut hasher = blake3::Hasher::new();
    let mut file = fs::File::open(path).map_err(io)?;
    let bytes = io::copy(&mut file, &mut hasher).map_err(io)?;
    let digest = Digest::from_bytes(*hasher.finalize().as_bytes());
    Ok((chain.end, bytes, digest))
}

/// Removes segments and makes that durable.
pub(super) fn remove(
    steps: &dyn Steps,
    medium: &dyn Medium,
    folder: &Path,
    firsts: impl Iterator<Item = u64>,
) -> Result<(), (PathBuf, io::Error)> {
    let mut any = false;
    for first in firsts {
        let path = folder.join(segment_name(first));
        steps.remove(&path).map_err(|error| (path, error))?;
        any = true;
    }
    if any {
        medium
            .sync_folder(folder)
            .map_err(|error| (folder.to_owned(), error))?;
    }
    Ok(())
}

//! Where the files of a journal are found: a folder, or, in tests, memory.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::{HEAD, LOG_OF_VERSION_1, PRUNED, SEGMENTS};

/// The end of a segment's name.
const EXTENSION: &str = ".seg";

/// The name of the segment that begins with this record.
pub(super) fn segment_name(first: u64) -> String {
    format!("{first:020}{EXTENSION}")
}

/// Which record a segment begins with, by its name.
fn first_of(name: &str) -> Option<u64> {
    let first = name.strip_suffix(EXTENSION)?.parse().ok()?;
    (segment_name(first) == name).then_some(first)
}

/// A file that is read in places.
pub(super) trait Source {
    /// Reads some bytes from an offset on; 0 at the end.
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize>;

    /// How long it is now.
    fn len(&self) -> io::Result<u64>;
}

/// The files of a journal, to be read.
pub(super) trait Shelf {
    type Source: Source;

    /// The bytes of the anchor's file, as a writer leaves them between two writes.
    fn anchor(&self) -> io::Result<Option<Vec<u8>>>;
    /// The bytes of the list of dropped segments.
    fn pruned(&self) -> io::Result<Option<Vec<u8>>>;
    /// The first records of the segments that are there.
    fn segments(&self) -> io::Result<BTreeSet<u64>>;
    /// Opens a segment.
    fn open(&self, first: u64) -> io::Result<Self::Source>;
    /// Whether there is a journal of version 1 instead.
    fn is_old(&self) -> bool;
}

/// A folder on the disk.
#[derive(Debug, Clone)]
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Shelf for Folder {
    type Source = File;

    /// A writer may be overwriting it, so it is read until two readings agree.
    fn anchor(&self) -> io::Result<Option<Vec<u8>>> {
        let path = self.0.join(HEAD);
        let read = || present(fs::read(&path));
        let mut before = read()?;
        for _ in 0..100 {
            let now = read()?;
            if now == before {
                break;
            }
            before = now;
        }
        Ok(before)
    }

    fn pruned(&self) -> io::Result<Option<Vec<u8>>> {
        present(fs::read(self.0.join(PRUNED)))
    }

    fn segments(&self) -> io::Result<BTreeSet<u64>> {
        let Some(entries) = present(fs::read_dir(self.0.join(SEGMENTS)))? else {
            return Ok(BTreeSet::new());
        };
        let first = |entry: io::Result<fs::DirEntry>| match entry {
            Ok(entry) => entry.file_name().to_str().and_then(first_of).map(Ok),
            Err(error) => Some(Err(error)),
        };
        entries.filter_map(first).collect()
    }

    fn open(&self, first: u64) -> io::Result<File> {
        File::open(self.0.join(SEGMENTS).join(segment_name(first)))
    }

    fn is_old(&self) -> bool {
        self.0.join(LOG_OF_VERSION_1).exists()
    }
}

impl Source for File {
    fn len(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    #[cfg(unix)]
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, bytes, offset)
    }

    #[cfg(windows)]
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(self, bytes, offset)
    }
}

/// Nothing, where a file is not there.
pub(super) fn present<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_full_name_is_a_segment() {
        assert_eq!(first_of("00000000000000000007.seg"), Some(7));
        assert_eq!(first_of(&segment_name(u64::MAX)), Some(u64::MAX));
        for name in ["7.seg", "+0000000000000000007.seg", "00000000000000000007"] {
            assert_eq!(first_of(name), None, "{name}");
        }
    }
}

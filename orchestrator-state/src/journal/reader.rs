//! Reading a journal beside its writer.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use super::LOG;
use super::error::ReadError;
use super::record::Record;
use super::scan::{Scan, Step};

/// The records of a journal, first to last, each checked against the one before.
///
/// It takes no lock and does not look at the anchor: it is for following a mission, and
/// [`verify`](crate::verify) is for auditing it. It ends at the first line that is not finished,
/// which is one that the writer is about to finish. An error ends it too.
#[derive(Debug)]
pub struct Reader {
    scan: Scan<BufReader<File>>,
    path: PathBuf,
    ended: bool,
}

impl Reader {
    pub(super) fn open(folder: &Path) -> Result<Self, ReadError> {
        let path = folder.join(LOG);
        match File::open(&path) {
            Ok(file) => Ok(Self {
                scan: Scan::new(BufReader::new(file)),
                path,
                ended: false,
            }),
            Err(source) => Err(ReadError::Io { path, source }),
        }
    }
}

impl Iterator for Reader {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let step = self.scan.step();
        self.ended = !matches!(step, Ok(Step::Record(_)));
        match step {
            Ok(Step::Record(record)) => Some(Ok(record)),
            Ok(Step::End | Step::Partial) => None,
            Ok(Step::Bad(record)) => Some(Err(ReadError::Corrupt(record))),
            Err(source) => Some(Err(ReadError::Io {
                path: self.path.clone(),
                source,
            })),
        }
    }
}

impl std::iter::FusedIterator for Reader {}

//! `okaywal`: a write-ahead log with group commit, and without hashes.

use std::path::Path;

use ::okaywal::{Configuration, LogVoid, WriteAheadLog};
use orchestrator_bench::Result;

use crate::lines::journal::Log;

/// Opens a log in a folder. Its segments are larger than by default: 1 MB would mean a new file
/// several times a second.
pub(crate) fn open(folder: &Path) -> Result<Box<dyn Log>> {
    let log = Configuration::default_for(folder.join("okaywal"))
        .preallocate_bytes(32 << 20)
        .checkpoint_after_bytes(30 << 20)
        .open(LogVoid)?;
    Ok(Box::new(Okay(Some(log))))
}

/// There is always a log, until it is dropped.
struct Okay(Option<WriteAheadLog>);

impl Log for Okay {
    fn append(&self, record: &[u8]) -> Result {
        let log = self.0.as_ref().ok_or("the log is closed")?;
        let mut entry = log.begin_entry()?;
        entry.write_chunk(record)?;
        entry.commit()?;
        Ok(())
    }
}

impl Drop for Okay {
    fn drop(&mut self) {
        // The folder is removed next; only its background thread has to be gone by then.
        drop(self.0.take().map(WriteAheadLog::shutdown));
    }
}

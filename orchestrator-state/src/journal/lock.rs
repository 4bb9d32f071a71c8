//! The lock of a journal, and the note in it that says who holds it.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::error::OpenError;

/// Who writes a journal: what a second process is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process.
    pub pid: u32,
    /// What it is doing.
    pub mission: String,
    /// Since when.
    pub since: Timestamp,
}

impl Holder {
    /// This process, from now on.
    #[must_use]
    pub fn new(mission: impl Into<String>) -> Self {
        Self {
            pid: std::process::id(),
            mission: mission.into(),
            since: Timestamp::now(),
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            pid,
            mission,
            since,
        } = self;
        write!(f, "process {pid} (mission `{mission}`, since {since:.0})")
    }
}

/// The lock, held until it is dropped. The system releases it when the process dies.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    pub(super) fn take(path: &Path, holder: &Holder) -> Result<Self, OpenError> {
        let failed = |step| {
            move |source| OpenError::Io {
                step,
                path: path.to_owned(),
                source,
            }
        };
        // It must not be truncated here: the note in it may be another's.
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(failed("opening"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut note = String::new();
                // The lock is what counts. A note that cannot be read is only a worse message.
                let _ = file.read_to_string(&mut note);
                let holder = serde_json::from_str(&note).ok();
                return Err(OpenError::Held { holder });
            }
            Err(TryLockError::Error(source)) => return Err(failed("locking")(source)),
        }
        let mut note = || {
            file.set_len(0)?;
            file.rewind()?;
            serde_json::to_writer(&file, holder)?;
            file.flush()
        };
        note().map_err(failed("writing"))?;
        Ok(Self { _file: file })
    }
}

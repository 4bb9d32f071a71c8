//! The end of the journal that grows: log first, then anchor, then the answer.

use std::fmt;
use std::io;

use serde_json::Value;

use super::anchor::Anchor;
use super::clock::Clock;
use super::error::AppendError;
use super::medium::{LogFile, write_all};
use super::record::{Record, encode};
use crate::Digest;

/// Both files and the place to go on at.
pub(super) struct Writer {
    pub(super) log: Box<dyn LogFile>,
    pub(super) anchor: Box<dyn LogFile>,
    pub(super) clock: Box<dyn Clock>,
    /// Where the next line goes.
    pub(super) offset: u64,
    pub(super) head: Anchor,
    /// The record that could not be made durable, if one could not.
    pub(super) stopped: Option<u64>,
}

/// What failed, before it has a name.
enum Fault {
    Write(io::Error),
    Sync(io::Error),
}

impl Writer {
    pub(super) fn head(&self) -> (u64, Digest) {
        (self.head.seq, self.head.hash)
    }

    pub(super) fn append(&mut self, kind: &str, data: Value) -> Result<Record, AppendError> {
        if let Some(failed) = self.stopped {
            return Err(AppendError::Stopped { failed });
        }
        let seq = self.head.seq + 1;
        // The clock is asked under the lock, so that times are in the order of the records.
        let now = self.clock.now();
        let (record, line) =
            encode(&self.head.hash, seq, now, kind, data).map_err(AppendError::Encode)?;

        // Stopped until proven durable, so that a panic in the medium stops the journal as well.
        self.stopped = Some(seq);
        self.commit(
            &line,
            Anchor {
                seq,
                hash: record.hash,
            },
        )
        .map_err(|fault| match fault {
            Fault::Write(source) => AppendError::Write { seq, source },
            Fault::Sync(source) => AppendError::Sync { seq, source },
        })?;
        self.stopped = None;
        Ok(record)
    }

    /// 1. The line. 2. It is durable. 3. The anchor. 4. It is durable.
    ///
    /// The anchor must never be durable before the line: it would call a journal truncated that
    /// has only lost what nobody was promised.
    fn commit(&mut self, line: &[u8], head: Anchor) -> Result<(), Fault> {
        write_all(&mut *self.log, self.offset, line).map_err(Fault::Write)?;
        self.log.sync().map_err(Fault::Sync)?;
        write_all(&mut *self.anchor, head.offset(), head.encode().as_bytes())
            .map_err(Fault::Write)?;
        self.anchor.sync().map_err(Fault::Sync)?;
        self.offset += line.len() as u64;
        self.head = head;
        Ok(())
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("offset", &self.offset)
            .field("head", &self.head)
            .field("stopped", &self.stopped)
            .finish_non_exhaustive()
    }
}

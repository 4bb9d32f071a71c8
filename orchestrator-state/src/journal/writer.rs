//! The end of the journal that grows: the block, its sync, then the anchor.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::anchor::Anchor;
use super::batch::Batch;
use super::block::Link;
use super::config::Durability;
use super::medium::{LogFile, Medium, write_all};
use super::shelf::segment_name;
use crate::atomic::Steps;

/// How far ahead zeros are written: first this, then twice as much each time.
const FIRST_STEP: u64 = 64 << 10;
/// The longest such step.
const LAST_STEP: u64 = 4 << 20;
static ZEROS: [u8; FIRST_STEP as usize] = [0; FIRST_STEP as usize];

/// Both files and the place to go on at.
pub(super) struct Writer {
    pub(super) medium: Box<dyn Medium>,
    /// How whole files are replaced and removed.
    pub(super) steps: Arc<dyn Steps>,
    /// Where the segments are.
    pub(super) folder: PathBuf,
    pub(super) segment: Box<dyn LogFile>,
    pub(super) anchor: Box<dyn LogFile>,
    pub(super) durability: Durability,
    pub(super) segment_bytes: u64,
    pub(super) anchor_interval: Duration,
    /// The first record of the segment.
    pub(super) first: u64,
    /// Where the next block goes.
    pub(super) offset: u64,
    /// How long the file is: what is behind `offset` is zeros.
    pub(super) prepared: u64,
    pub(super) step: u64,
    /// The last block that was written.
    pub(super) head: Link,
    /// The last anchor that was written.
    pub(super) anchored: Anchor,
    /// Since when a written block is not synced.
    pub(super) unsynced: Option<Instant>,
    /// Since when a written anchor is not synced.
    pub(super) unanchored: Option<Instant>,
}

/// What failed, before it has a name.
#[derive(Debug)]
pub(super) enum Fault {
    Write(io::Error),
    Sync(io::Error),
}

impl Writer {
    /// How far a new or opened file is prepared ahead at first.
    pub(super) const STEP: u64 = FIRST_STEP;

    /// Writes the block, makes it durable, then writes the anchor. Where not every block is synced,
    /// the anchor waits for the next sync.
    ///
    /// The anchor must never be durable before the block: it would call a journal truncated that
    /// has only lost what nobody was promised.
    pub(super) fn write(&mut self, batch: &mut Batch) -> Result<Link, Fault> {
        let (bytes, link) = batch.seal(&self.head.head);
        let end = self.offset + bytes.len() as u64;
        if self.segment_bytes < end && self.offset > 0 {
            self.roll()?;
        }
        write_all(&mut *self.segment, self.offset, bytes).map_err(Fault::Write)?;
        self.offset += bytes.len() as u64;
        self.head = link;
        self.unsynced.get_or_insert_with(Instant::now);
        if self.durability == Durability::Immediate {
            self.prepare()?;
            self.sync_segment()?;
            let since = *self.unanchored.get_or_insert_with(Instant::now);
            if since.elapsed() >= self.anchor_interval {
                self.sync_anchor()?;
            }
        } else {
            self.prepared = self.prepared.max(self.offset);
        }
        Ok(link)
    }

    /// When the writer thread has to sync something, if it has to.
    pub(super) fn due(&self) -> Option<Instant> {
        match self.durability {
            Durability::Immediate => Some(self.unanchored? + self.anchor_interval),
            Durability::Batched(after) => Some(self.unsynced? + after),
            Durability::None => None,
        }
    }

    /// Makes everything that was written durable, the anchor last.
    pub(super) fn sync_all(&mut self) -> Result<(), Fault> {
        if self.unsynced.is_some() {
            self.sync_segment()?;
        }
        if self.unanchored.is_some() {
            self.sync_anchor()?;
        }
        Ok(())
    }

    /// Leaves nothing behind that is not a record, and everything durable.
    pub(super) fn finish(&mut self) -> Result<(), Fault> {
        if self.offset < self.prepared {
            self.segment.set_len(self.offset).map_err(Fault::Write)?;
            self.prepared = self.offset;
            self.unsynced.get_or_insert_with(Instant::now);
        }
        self.sync_all()
    }

    /// Begins a new segment. Everything before it is durable by then, the anchor too: whoever
    /// finds the new segment may rely on the old one.
    fn roll(&mut self) -> Result<(), Fault> {
        self.finish()?;
        self.first = self.head.seq + 1;
        let path = self.folder.join(segment_name(self.first));
        self.segment = self.medium.open(&path).map_err(Fault::Write)?;
        // A crash may have left a file of that name, with nothing in it that anybody was promised.
        self.segment.set_len(0).map_err(Fault::Write)?;
        self.sync_names()?;
        (self.offset, self.prepared) = (0, 0);
        Ok(())
    }

    fn sync_names(&self) -> Result<(), Fault> {
        self.medium.sync_folder(&self.folder).map_err(Fault::Sync)
    }

    /// Writes zeros behind the last block, once it has used up those that were there. To
    /// overwrite is much cheaper to sync than to grow.
    fn prepare(&mut self) -> Result<(), Fault> {
        if self.offset < self.prepared {
            return Ok(());
        }
        let until = (self.offset + self.step).min(self.segment_bytes);
        self.prepared = self.offset;
        while self.prepared < until {
            let some = (until - self.prepared).min(ZEROS.len() as u64);
            let zeros = &ZEROS[..usize::try_from(some).unwrap_or(ZEROS.len())];
            write_all(&mut *self.segment, self.prepared, zeros).map_err(Fault::Write)?;
            self.prepared += some;
        }
        self.step = (self.step * 2).min(LAST_STEP);
        Ok(())
    }

    fn sync_segment(&mut self) -> Result<(), Fault> {
        self.segment.sync().map_err(Fault::Sync)?;
        self.unsynced = None;
        if self.anchored.link != self.head {
            let anchor = Anchor {
                turn: self.anchored.turn + 1,
                link: self.head,
                relaxed: self.anchored.relaxed,
            };
            let bytes = anchor.encode();
            write_all(&mut *self.anchor, anchor.offset(), &bytes).map_err(Fault::Write)?;
            self.anchored = anchor;
            self.unanchored.get_or_insert_with(Instant::now);
        }
        Ok(())
    }

    fn sync_anchor(&mut self) -> Result<(), Fault> {
        self.anchor.sync().map_err(Fault::Sync)?;
        self.unanchored = None;
        Ok(())
    }

    /// Where the segments are.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

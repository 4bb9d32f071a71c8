//! How a journal is opened, where the defaults do not fit.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::clock::{Clock, SystemClock};
use super::commit::LONGEST;
use super::end::Told;
use super::error::OpenError;
use super::medium::{Disk, Medium};
use super::open::{OpenReport, Parts};
use super::queue::OnStop;
use super::{Holder, Journal};
use crate::atomic::{Steps, System};

/// What an acknowledgement means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Durability {
    /// The record is on the disk: it survives a power cut. Committers share their syncs.
    #[default]
    Immediate,
    /// The record is with the operating system, and on the disk at most this much later. It
    /// survives the death of the process, and after that time a power cut.
    Batched(Duration),
    /// The record is with the operating system, which writes it when it likes. It survives the
    /// death of the process.
    None,
}

/// How a journal is opened, where the defaults do not fit.
pub struct JournalConfig {
    pub(super) clock: Box<dyn Clock>,
    pub(super) medium: Box<dyn Medium>,
    /// How whole files are replaced and removed.
    pub(crate) steps: Arc<dyn Steps>,
    pub(super) durability: Durability,
    pub(super) segment_bytes: u64,
    pub(super) anchor_interval: Duration,
    pub(super) told: Option<Told>,
    pub(super) on_stop: Option<OnStop>,
    /// The longest record that the store on this journal makes, in bytes.
    pub(crate) longest: usize,
}

impl Default for JournalConfig {
    fn default() -> Self {
        Self {
            clock: Box::new(SystemClock),
            medium: Box::new(Disk),
            steps: Arc::new(System),
            durability: Durability::default(),
            segment_bytes: 16 << 20,
            anchor_interval: Duration::from_millis(100),
            told: None,
            on_stop: None,
            // What the journal adds to a record is far less than the difference.
            longest: LONGEST - 1024,
        }
    }
}

impl fmt::Debug for JournalConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JournalConfig")
            .field("durability", &self.durability)
            .field("segment_bytes", &self.segment_bytes)
            .field("anchor_interval", &self.anchor_interval)
            .finish_non_exhaustive()
    }
}

impl JournalConfig {
    /// Stamps records by this clock. The default is [`SystemClock`].
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Writes through this medium. The default is [`Disk`].
    #[must_use]
    pub fn with_medium(mut self, medium: impl Medium + 'static) -> Self {
        self.medium = Box::new(medium);
        self
    }

    /// Replaces and removes whole files by these steps.
    #[cfg(test)]
    pub(crate) fn with_steps(mut self, steps: impl Steps + 'static) -> Self {
        self.steps = Arc::new(steps);
        self
    }

    /// Refuses longer records of a store.
    #[cfg(test)]
    pub(crate) fn with_longest(mut self, bytes: usize) -> Self {
        self.longest = bytes;
        self
    }

    /// Decides what an acknowledgement means. The default is [`Durability::Immediate`].
    #[must_use]
    pub fn with_durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Begins a new segment where the next block would make one longer than this many bytes. The
    /// default is 16 MiB. A single block that is longer gets a segment of its own.
    #[must_use]
    pub fn with_segment_bytes(mut self, bytes: u64) -> Self {
        self.segment_bytes = bytes;
        self
    }

    /// Makes the anchor durable at least this often while records are written. The default is
    /// 100 ms; with zero it is synced with every batch, which costs a second sync each.
    ///
    /// Only a power cut makes a difference: records that are then cut off from the end, on
    /// purpose or by the medium, are missed only if they are older than this.
    #[must_use]
    pub fn with_anchor_interval(mut self, interval: Duration) -> Self {
        self.anchor_interval = interval;
        self
    }

    /// Calls this with the last record's number of each batch when it is safe, in order, before
    /// any committer of the batch is told. It must not call the journal and should be quick: the
    /// next batch waits for it. If it panics, the journal stops.
    #[must_use]
    pub fn with_on_acknowledged(self, mut told: Box<dyn FnMut(u64) + Send>) -> Self {
        self.with_told(Box::new(move |seq, _| told(seq)))
    }

    /// As [`with_on_acknowledged`](Self::with_on_acknowledged), for a callback that finds wakers. They
    /// are called when the journal has let go of its files.
    pub(crate) fn with_told(mut self, told: Told) -> Self {
        self.told = Some(told);
        self
    }

    /// Calls this when nothing more will be acknowledged: when the journal stops, whoever finds out, and
    /// at its end.
    pub(crate) fn with_on_stop(mut self, on_stop: OnStop) -> Self {
        self.on_stop = Some(on_stop);
        self
    }

    /// Opens the journal in a folder. See [`Journal::open`].
    ///
    /// # Errors
    /// See [`Journal::open`].
    pub fn open(
        self,
        folder: impl AsRef<Path>,
        holder: &Holder,
    ) -> Result<(Journal, OpenReport), OpenError> {
        Parts::open(self, folder.as_ref(), holder)
    }
}

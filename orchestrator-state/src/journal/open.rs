//! Opening a journal for writing: lock, judge, cut what was torn, anchor what was not.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Mutex;

use super::clock::{Clock, SystemClock};
use super::error::OpenError;
use super::lock::{Holder, Lock};
use super::medium::{Disk, LogFile, Medium, write_all};
use super::verify::survey_folder;
use super::writer::Writer;
use super::{HEAD, Journal, LOCK, LOG};
use crate::atomic::parent;

/// What was found when a journal was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct OpenReport {
    /// How many records the journal has.
    pub records: u64,
    /// How many bytes of a torn last line were cut off. They had not been acknowledged.
    pub cut_bytes: u64,
    /// How many records were whole but not acknowledged when the last writer died. They stay.
    pub adopted: u64,
}

/// How a journal is opened, where the defaults do not fit.
pub struct JournalConfig {
    clock: Box<dyn Clock>,
    medium: Box<dyn Medium>,
}

impl Default for JournalConfig {
    fn default() -> Self {
        Self {
            clock: Box::new(SystemClock),
            medium: Box::new(Disk),
        }
    }
}

impl fmt::Debug for JournalConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JournalConfig").finish_non_exhaustive()
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

    /// Opens the journal in a folder. See [`Journal::open`].
    ///
    /// # Errors
    /// See [`Journal::open`].
    pub fn open(
        self,
        folder: impl AsRef<Path>,
        holder: &Holder,
    ) -> Result<(Journal, OpenReport), OpenError> {
        let folder = folder.as_ref();
        let at = |step, path: &Path| {
            let path = path.to_owned();
            move |source| OpenError::Io { step, path, source }
        };
        self.create(folder).map_err(at("creating", folder))?;
        let lock = Lock::take(&folder.join(LOCK), holder)?;
        let survey = survey_folder(folder)?;

        let (log_path, head_path) = (folder.join(LOG), folder.join(HEAD));
        let mut log = self
            .medium
            .open(&log_path)
            .map_err(at("opening", &log_path))?;
        if survey.torn > 0 {
            log.set_len(survey.good).map_err(at("cutting", &log_path))?;
        }
        // What a dead writer left may be in the page cache only. It has to be durable before the
        // anchor vouches for it.
        log.sync().map_err(at("syncing", &log_path))?;
        let mut anchor = self
            .medium
            .open(&head_path)
            .map_err(at("opening", &head_path))?;
        match survey.anchored {
            Some(seq) if seq == survey.head.seq => Ok(()),
            Some(_) => write_synced(&mut *anchor, survey.head.offset(), &survey.head.encode()),
            None => write_synced(&mut *anchor, 0, &survey.head.first_file()),
        }
        .map_err(at("writing", &head_path))?;
        self.medium
            .sync_folder(folder)
            .map_err(at("syncing", folder))?;

        let report = OpenReport {
            records: survey.head.seq,
            cut_bytes: survey.torn,
            adopted: survey.head.seq - survey.anchored.unwrap_or(survey.head.seq),
        };
        let writer = Mutex::new(Writer {
            log,
            anchor,
            clock: self.clock,
            offset: survey.good,
            head: survey.head,
            stopped: None,
        });
        Ok((
            Journal {
                writer,
                _lock: lock,
            },
            report,
        ))
    }
}

impl JournalConfig {
    /// Creates the folder, and makes each new name on the way to it durable.
    fn create(&self, folder: &Path) -> io::Result<()> {
        let is_new = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
        let new: Vec<&Path> = folder.ancestors().take_while(is_new).collect();
        fs::create_dir_all(folder)?;
        new.into_iter()
            .try_for_each(|path| self.medium.sync_folder(parent(path)))
    }
}

fn write_synced(file: &mut dyn LogFile, offset: u64, text: &str) -> io::Result<()> {
    write_all(file, offset, text.as_bytes())?;
    file.sync()
}

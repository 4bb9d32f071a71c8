//! Opening a journal for writing: lock, judge, cut what was torn, anchor what was not.

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use super::anchor::{Anchor, Anchors};
use super::commit::Shared;
use super::config::{Durability, JournalConfig};
use super::error::{OldFormat, OpenError, VerifyError};
use super::lock::{Holder, Lock};
use super::medium::{LogFile, Medium, write_all};
use super::queue::Queue;
use super::retain::remove;
use super::shelf::{Folder, Shelf, segment_name};
use super::survey::{Survey, survey};
use super::writer::Writer;
use super::{HEAD, Journal, LOCK, SEGMENTS};
use crate::atomic::{Steps, parent, replace};

/// What was found when a journal was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct OpenReport {
    /// How many records the journal has.
    pub records: u64,
    /// How many records retention has dropped before them.
    pub pruned: u64,
    /// How many bytes of a torn last block were cut off. They had not been acknowledged as
    /// durable.
    pub cut_bytes: u64,
    /// How many records were whole but not named by the anchor when the last writer ended. They
    /// stay.
    pub adopted: u64,
}

/// Puts a journal together.
pub(super) struct Parts;

impl Parts {
    pub(super) fn open(
        config: JournalConfig,
        folder: &Path,
        holder: &Holder,
    ) -> Result<(Journal, OpenReport), OpenError> {
        let at = |step, path: &Path| {
            let path = path.to_owned();
            move |source| OpenError::Io { step, path, source }
        };
        let shelf = Folder(folder.to_owned());
        if shelf.is_old() {
            let folder = folder.to_owned();
            return Err(OpenError::Unsound(VerifyError::Old(OldFormat { folder })));
        }
        let segments = folder.join(SEGMENTS);
        create(&*config.medium, &segments).map_err(at("creating", &segments))?;
        let lock = Lock::take(&folder.join(LOCK), holder)?;
        let survey = survey(&shelf).map_err(|unsound| VerifyError::at(folder, unsound))?;
        // A crash may have come between noting that segments are dropped and dropping them.
        let dropped = shelf.segments().map_err(at("reading", &segments))?;
        let dropped = dropped.range(..=survey.base.seq).copied();
        if dropped.clone().next().is_some() {
            // The same crash may have come before the list was durable, which must not be behind.
            let synced = config.medium.sync_folder(folder);
            synced.map_err(at("syncing", folder))?;
        }
        remove(&*config.steps, &*config.medium, &segments, dropped)
            .map_err(|(path, source)| at("removing", &path)(source))?;

        let first = survey.segment.unwrap_or(survey.end.seq + 1);
        let path = segments.join(segment_name(first));
        let mut segment = config.medium.open(&path).map_err(at("opening", &path))?;
        let mut prepared = fs::metadata(&path).map_err(at("reading", &path))?.len();
        if survey.torn > 0 {
            segment.set_len(survey.good).map_err(at("cutting", &path))?;
            prepared = survey.good;
        }
        // What a dead writer left may be in the page cache only. It has to be durable before the
        // anchor vouches for it. A sync alone may not do: if the dead writer's has failed, the system
        // may have called the pages clean that it could not write. So they are written again.
        if survey
            .anchored
            .is_none_or(|anchored| anchored.link.seq < survey.end.seq)
        {
            rewrite(&mut *segment, &path, survey.good).map_err(at("writing", &path))?;
        }
        segment.sync().map_err(at("syncing", &path))?;
        config
            .medium
            .sync_folder(&segments)
            .map_err(at("syncing", &segments))?;
        let relaxed = config.durability != Durability::Immediate;
        let anchored = anchor(&*config.steps, &shelf, &survey, relaxed)?;
        let head_path = folder.join(HEAD);
        let anchor = config
            .medium
            .open(&head_path)
            .map_err(at("opening", &head_path))?;

        let report = OpenReport {
            records: survey.end.seq - survey.base.seq,
            pruned: survey.base.seq,
            cut_bytes: survey.torn,
            adopted: survey
                .anchored
                .map_or(0, |anchor| survey.end.seq - anchor.link.seq),
        };
        let writer = Writer {
            medium: config.medium,
            steps: config.steps,
            folder: segments.clone(),
            segment,
            anchor,
            durability: config.durability,
            segment_bytes: config.segment_bytes,
            anchor_interval: config.anchor_interval,
            first,
            offset: survey.good,
            prepared,
            step: Writer::STEP,
            head: survey.end,
            anchored,
            unsynced: None,
            unanchored: None,
        };
        let queue = Queue::new(survey.end, config.clock).with_on_stop(config.on_stop);
        let shared = Arc::new(Shared::new(queue, config.durability, writer, config.told));
        let thread = match config.durability {
            // There is nothing to do for one.
            Durability::None => None,
            _ => {
                let shared = Arc::clone(&shared);
                let spawned = thread::Builder::new()
                    .name("journal".to_owned())
                    .spawn(move || shared.run());
                Some(spawned.map_err(at("starting the writer of", folder))?)
            }
        };
        let journal = Journal {
            shared,
            folder: folder.to_owned(),
            thread,
            is_shut: false,
            _lock: lock,
        };
        Ok((journal, report))
    }
}

/// Writes the first bytes of a file once more, as they are.
fn rewrite(segment: &mut dyn LogFile, path: &Path, len: u64) -> io::Result<()> {
    let mut file = fs::File::open(path)?;
    let mut bytes = vec![0; 1 << 20];
    let mut offset = 0;
    while offset < len {
        let most = usize::try_from(len - offset).map_or(bytes.len(), |left| left.min(bytes.len()));
        let part = &mut bytes[..most];
        file.read_exact(part)?;
        write_all(segment, offset, part)?;
        offset += most as u64;
    }
    Ok(())
}

/// Creates a folder, and makes each new name on the way to it durable.
fn create(medium: &dyn Medium, folder: &Path) -> io::Result<()> {
    let is_new = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
    let new: Vec<&Path> = folder.ancestors().take_while(is_new).collect();
    fs::create_dir_all(folder)?;
    new.into_iter()
        .try_for_each(|path| medium.sync_folder(parent(path)))
}

/// Sees to it that the anchor names the end of the journal. Where it does not, the file is
/// replaced as a whole, so that neither of its slots can be torn.
fn anchor(
    steps: &dyn Steps,
    shelf: &Folder,
    survey: &Survey,
    relaxed: bool,
) -> Result<Anchor, OpenError> {
    if let Some(anchored) = survey.anchored
        && anchored.link == survey.end
        && anchored.relaxed == relaxed
    {
        return Ok(anchored);
    }
    let (newer, bytes) = Anchor::first_file(survey.end, relaxed);
    debug_assert!(Anchors::decode(&bytes).is_ok());
    replace(steps, &shelf.path().join(HEAD), &bytes).map_err(OpenError::Anchor)?;
    Ok(newer)
}

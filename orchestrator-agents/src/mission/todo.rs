//! `todo.md`: the plan as people see it, and may change it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use orchestrator_state::{HandEdit, NewItem, Status, TodoDocument, TodoFileError};

use super::error::MissionError;
use super::shared::Shared;
use super::state::ItemStatus;

/// The plan's file in the state folder.
pub const TODO_FILE: &str = "todo.md";

/// The file, and what was last written to it.
///
/// It is written under the lock of [`orchestrator_state::TodoFile`], so tools
/// that use it too lose nothing of what they write.
///
/// It shows the state; it is not the state. A person may mark an item `[-]` or
/// remove its line, and it is given up if no Worker has it yet. A tick completes
/// nothing, and is taken back. Everything else in the file is the person's own
/// and stays.
pub(super) struct TodoFile {
    path: PathBuf,
    last: Mutex<Option<String>>,
    /// What was given up by hand and has been taken up, if not yet written
    /// down. Locked after `last`.
    given_up: Mutex<BTreeSet<String>>,
    /// Whether the mission has ended.
    closed: AtomicBool,
}

/// What a person did to the file, as far as it matters.
#[derive(Debug, Default)]
pub(super) struct HandEdits {
    /// Items that are to be given up, if they still can be.
    pub(super) skipped: Vec<(String, &'static str)>,
    /// What to tell and to write down.
    pub(super) notes: Vec<String>,
}

impl HandEdits {
    fn of(edit: HandEdit) -> Self {
        let mut notes = Vec::new();
        let mut note = |ids: &[String], text: &str| {
            if !ids.is_empty() {
                notes.push(format!("{}: {text}", ids.join(", ")));
            }
        };
        note(
            &edit.ticked,
            "ticked by hand; a tick completes nothing, only receipts do",
        );
        note(
            &edit.added,
            "added by hand; a mission takes its items from the Planner",
        );
        note(
            &edit.reopened,
            "reopened by hand; start another mission to do it again",
        );
        note(&edit.skipped, "marked `[-]` by hand");
        note(&edit.removed, "removed by hand");
        let noted = |id| edit.ticked.contains(id) || edit.reopened.contains(id);
        let others = edit.conflicts.iter().filter(|other| !noted(&other.id));
        notes.extend(others.map(ToString::to_string));
        let marked = edit
            .skipped
            .into_iter()
            .map(|id| (id, "a person marked it `[-]` in todo.md"));
        let removed = edit
            .removed
            .into_iter()
            .map(|id| (id, "a person removed it from todo.md"));
        let skipped = marked.chain(removed).collect();
        Self { skipped, notes }
    }
}

impl TodoFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            last: Mutex::new(None),
            given_up: Mutex::default(),
            closed: AtomicBool::new(false),
        }
    }

    /// Brings the file up to date for the last time: nobody is at work any more.
    pub(super) fn close(&self, shared: &Shared) -> Result<HandEdits, MissionError> {
        self.closed.store(true, Ordering::Relaxed);
        self.update(shared)
    }

    /// Takes up hand edits and brings the file up to date.
    pub(super) fn hand_edits(&self, shared: &Shared) -> Result<HandEdits, MissionError> {
        self.update(shared)
    }

    /// Brings the file up to date. Hand edits that come up are taken up by the
    /// next [`hand_edits`](Self::hand_edits).
    pub(super) fn write(&self, shared: &Shared) -> Result<(), MissionError> {
        let last = self
            .last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let untouched = last.is_none_or(|last| read(&self.path) == last);
        if untouched {
            self.update(shared).map(drop)
        } else {
            Ok(())
        }
    }

    /// Whether a person has given an item up in the file, also where that has
    /// not been taken up yet.
    pub(super) fn gives_up(&self, shared: &Shared, id: &str) -> bool {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(base) = &*last else { return false };
        if self
            .given_up
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(id)
        {
            return true;
        }
        let disk = read(&self.path);
        if *base == disk {
            return false;
        }
        let statuses = statuses(shared);
        let known = statuses.iter().map(|(id, status)| (id.as_str(), *status));
        let (_, edit) = TodoDocument::merge(base, &disk, known);
        edit.skipped
            .iter()
            .chain(&edit.removed)
            .any(|other| other == id)
    }

    fn given_up(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.given_up.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn update(&self, shared: &Shared) -> Result<HandEdits, MissionError> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_none() {
            self.keep_previous(&shared.state().mission)?;
        }
        let failed = |error| MissionError::State {
            path: self.path.clone(),
            source: std::io::Error::other(error),
        };
        let file = orchestrator_state::TodoFile::open(&self.path).map_err(failed)?;
        let bring = |document: &mut TodoDocument| {
            let (text, edits) = self.brought_up(shared, last.as_deref(), &document.to_string());
            *document = TodoDocument::parse(&text);
            Ok((text, edits))
        };
        let brought = match file.edit(bring) {
            Err(TodoFileError::NotText { .. }) => {
                // What is no text is kept aside; a file that is gone is an edit like any other.
                let aside = self.path.with_extension("not-text.md");
                std::fs::rename(&self.path, &aside).map_err(|source| MissionError::State {
                    path: aside,
                    source,
                })?;
                file.edit(bring)
            }
            brought => brought,
        };
        let (text, edits) = brought.map_err(failed)?;
        *last = Some(text);
        Ok(edits)
    }

    /// The text that is to be in the file, and what was done by hand since the last one.
    fn brought_up(&self, shared: &Shared, last: Option<&str>, disk: &str) -> (String, HandEdits) {
        let statuses = statuses(shared);
        let (mut document, edits) = match last {
            None => (TodoDocument::parse(&header(shared)), HandEdits::default()),
            Some(base) if base == disk => (TodoDocument::parse(base), HandEdits::default()),
            Some(base) => {
                let known = statuses.iter().map(|(id, status)| (id.as_str(), *status));
                let (document, edit) = TodoDocument::merge(base, disk, known);
                let edits = HandEdits::of(edit);
                self.given_up()
                    .extend(edits.skipped.iter().map(|(id, _)| id.clone()));
                (document, edits)
            }
        };
        let was = last.map(TodoDocument::parse);
        for item in shared.state().items.iter().map(|state| &state.item) {
            // A line that was there has been removed by hand.
            let lost = was.as_ref().is_some_and(|was| was.item(&item.id).is_some());
            if lost
                || document.item(&item.id).is_some()
                || edits.skipped.iter().any(|(id, _)| *id == item.id)
            {
                continue;
            }
            let new = NewItem {
                depends: item.depends.clone(),
                files: item.files.iter().map(ToString::to_string).collect(),
                ..NewItem::new(&item.id, one_line(&item.title))
            };
            // A document that ends in an open fence is the person's to mend.
            let _ = document.add_item(&new);
        }
        let given_up = self.given_up();
        let closed = self.closed.load(Ordering::Relaxed);
        let shown = statuses.iter().map(|(id, status)| {
            // The order stands in the file until the waiver stands in the state.
            let ordered = *status == Status::Pending && given_up.contains(id);
            let status = match *status {
                _ if ordered => Status::Waived,
                Status::Running if closed => Status::Pending,
                status => status,
            };
            (id.as_str(), status)
        });
        // Nothing was done by hand between a text and itself: this sets the boxes, all of them if
        // an id stands on several lines, and also where a person has put something below.
        let text = document.to_string();
        let (document, _) = TodoDocument::merge(&text, &text, shown);
        (document.to_string(), edits)
    }

    /// The plan of an earlier mission, with what people wrote into it, is moved
    /// aside, not overwritten. The last five are kept.
    fn keep_previous(&self, mission: &str) -> Result<(), MissionError> {
        const KEPT: usize = 5;
        let previous = self.path.with_extension(format!("before-{mission}.md"));
        match std::fs::rename(&self.path, &previous) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(source) => {
                return Err(MissionError::State {
                    path: previous,
                    source,
                });
            }
        }
        let Some(folder) = self.path.parent() else {
            return Ok(());
        };
        let mut old: Vec<_> = std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .filter(|path| {
                let name = path
                    .file_name()
                    .map(|name| name.to_string_lossy().into_owned());
                name.is_some_and(|name| name.starts_with("todo.before-"))
            })
            .collect();
        // Missions' ids sort by time.
        old.sort_unstable();
        for path in old.iter().take(old.len().saturating_sub(KEPT)) {
            // One that stays is no harm.
            let _ = std::fs::remove_file(path);
        }
        Ok(())
    }
}

fn read(path: &Path) -> String {
    // A file that is gone, or no text any more, is an edit like any other.
    std::fs::read_to_string(path).unwrap_or_default()
}

fn header(shared: &Shared) -> String {
    let state = shared.state();
    format!(
        "# {}\n\nMission {}. Mark an item `[-]` to have it left out. Ticks are set by receipts \
         alone.\n\n",
        one_line(&state.objective),
        state.mission
    )
}

fn one_line(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace('|', "¦")
}

fn statuses(shared: &Shared) -> BTreeMap<String, Status> {
    let statuses = shared.recorder.statuses();
    statuses
        .into_iter()
        .map(|(id, status)| {
            let status = match status {
                ItemStatus::Pending => Status::Pending,
                ItemStatus::Running | ItemStatus::Verified => Status::Running,
                ItemStatus::Landed | ItemStatus::Unneeded => Status::Done,
                ItemStatus::Waived => Status::Waived,
            };
            (id, status)
        })
        .collect()
}

//! What earlier missions on the repository have learnt: their journal, read as memory.

use std::collections::HashMap;
use std::path::Path;

use orchestrator_memory::{NewEntry, Tier};
use orchestrator_state::{Journal, ReadError, Record};

use crate::event::MissionEvent;
use crate::plan::PlanItem;

/// The kinds of events that teach something, or are needed to tell what.
const KINDS: [&str; 4] = ["mission_opened", "plan_ready", "task_waived", "task_landed"];

/// What stands in a journal, as facts of the project: what was given up, and why. What has landed
/// later is not given up any more.
pub(super) fn learned(journal: &Path) -> Result<Vec<NewEntry>, ReadError> {
    let mut history = History::default();
    for record in Journal::read(journal)? {
        let record = record?;
        if !KINDS.contains(&record.kind.as_str()) {
            continue;
        }
        // An event of another version teaches nothing.
        if let Ok(event) = record.decode() {
            history.take(&record, event);
        }
    }
    let mut given_up: Vec<_> = history.given_up.into_values().collect();
    given_up.sort_by_key(|(seq, _)| *seq);
    Ok(given_up.into_iter().map(|(_, entry)| entry).collect())
}

#[derive(Default)]
struct History {
    mission: String,
    items: HashMap<String, PlanItem>,
    /// By title, with the record that says so.
    given_up: HashMap<String, (u64, NewEntry)>,
}

impl History {
    fn take(&mut self, record: &Record, event: MissionEvent) {
        match event {
            MissionEvent::MissionOpened { mission, .. } => {
                self.mission = mission;
                self.items.clear();
            }
            MissionEvent::PlanReady { items, .. } => {
                let named = items.into_iter().map(|item| (item.id.clone(), item));
                self.items.extend(named);
            }
            MissionEvent::TaskLanded { task, .. } => {
                if let Some(item) = self.items.get(&task) {
                    self.given_up.remove(&item.title);
                }
            }
            MissionEvent::TaskWaived { task, reason, .. } => {
                let Some(item) = self.items.get(&task) else {
                    return;
                };
                let files: Vec<_> = item.files.iter().map(ToString::to_string).collect();
                let text = format!(
                    "An earlier mission gave up \"{}\" ({}): {reason}",
                    item.title,
                    files.join(", ")
                );
                let entry = NewEntry::new(Tier::Project, text)
                    .about(format!("given up: {}", item.title))
                    .source("journal")
                    .author("commander")
                    .session(self.mission.as_str())
                    .time(record.at.as_second());
                self.given_up
                    .insert(item.title.clone(), (record.seq, entry));
            }
            _ => {}
        }
    }
}

//! Events in words.

use std::collections::BTreeMap;

use orchestrator_agents::{MissionEvent, Receipt, Stage};

/// What a display has to remember to speak of items by their titles.
#[derive(Debug, Default)]
pub(crate) struct Words {
    titles: BTreeMap<String, String>,
    planned: usize,
}

impl Words {
    /// What to tell about an event, if it is worth a line.
    pub(crate) fn line(&mut self, event: &MissionEvent) -> Option<String> {
        Some(match event {
            MissionEvent::MissionOpened {
                mission,
                objective,
                base,
                workers,
                notes,
                ..
            } => {
                let mut line = format!(
                    "mission {mission}: {objective}\n  works on commit {} with {}",
                    base.short(),
                    counted(*workers, "worker", "workers")
                );
                for note in notes {
                    line.push_str(&format!("\n  note: {note}"));
                }
                line
            }
            MissionEvent::ChecksFound { checks } if checks.is_empty() => {
                "no checks: nothing will prove this work".to_owned()
            }
            MissionEvent::ChecksFound { checks } => {
                let names: Vec<_> = checks.iter().map(|check| check.name.as_str()).collect();
                format!("checks: {}", names.join("\n        "))
            }
            MissionEvent::PlanReady {
                iteration,
                items,
                notes,
            } => self.plan(*iteration, items, notes),
            MissionEvent::SessionWaits { role, task, reason } => match task {
                Some(task) => format!("{} {role} {reason}", self.name(task)),
                None => format!("the {role} {reason}"),
            },
            MissionEvent::CheckRan { receipt } => return check(receipt),
            MissionEvent::TaskRejected {
                task,
                attempt,
                reason,
                receipt,
                ..
            } => {
                let receipt = receipt
                    .map(|id| format!(" (receipt {id})"))
                    .unwrap_or_default();
                format!(
                    "{} attempt {attempt} rejected: {reason}{receipt}",
                    self.name(task)
                )
            }
            MissionEvent::TaskConflicted { task, files, .. } => format!(
                "{} conflicts with what landed meanwhile in {}; it will be done again",
                self.name(task),
                files.join(", ")
            ),
            MissionEvent::TaskLanded {
                task,
                files,
                left_out,
                ..
            } => {
                let left = match left_out.len() {
                    0 => String::new(),
                    left => format!("; {left} left out"),
                };
                format!(
                    "{} landed ({}{left})",
                    self.name(task),
                    counted(files.len(), "file", "files")
                )
            }
            MissionEvent::TaskUnneeded { task, reason } => {
                format!("{} is not needed any more: {reason}", self.name(task))
            }
            MissionEvent::TaskWaived { task, reason, .. } => {
                format!("{} waived: {reason}", self.name(task))
            }
            MissionEvent::HandEdited { note } => format!("todo.md: {note}"),
            MissionEvent::Noted { note } => format!("note: {note}"),
            MissionEvent::MissionVerified { passed: false, .. } => {
                "the result does not pass its checks in a clean checkout".to_owned()
            }
            _ => return None,
        })
    }

    fn plan(
        &mut self,
        iteration: u32,
        items: &[orchestrator_agents::PlanItem],
        notes: &[String],
    ) -> String {
        let first = iteration == 0;
        self.planned += items.len();
        for item in items {
            self.titles.insert(item.id.clone(), item.title.clone());
        }
        let mut line = match (items.len(), first) {
            (0, true) => "plan: nothing to do".to_owned(),
            (0, false) => "plan: nothing more to do".to_owned(),
            (count, true) => format!("plan: {}", counted(count, "item", "items")),
            (count, false) => format!("plan: {} more", counted(count, "item", "items")),
        };
        for note in notes {
            line.push_str(&format!("\n  note: {note}"));
        }
        line
    }

    /// How many items were planned.
    pub(crate) const fn planned(&self) -> usize {
        self.planned
    }

    /// An item's id and title.
    pub(crate) fn name(&self, task: &str) -> String {
        match self.titles.get(task) {
            Some(title) => format!("{task} {title}"),
            None => task.to_owned(),
        }
    }
}

fn check(receipt: &Receipt) -> Option<String> {
    // A failing check of an item is told as the item's rejection.
    let told = matches!(receipt.stage, Stage::Baseline | Stage::Mission);
    told.then(|| {
        let how = if receipt.passed() {
            "passed".to_owned()
        } else {
            receipt.ending.to_string()
        };
        let stage = match receipt.stage {
            Stage::Baseline => "the untouched repository",
            _ => "the result, in a clean checkout",
        };
        format!(
            "`{}` on {stage}: {how} ({})",
            receipt.command,
            seconds(receipt.duration_ms)
        )
    })
}

/// A duration as people say it.
pub(crate) fn seconds(milliseconds: u64) -> String {
    match milliseconds {
        0..=9_999 => {
            format!("{}.{} s", milliseconds / 1000, milliseconds % 1000 / 100)
        }
        10_000..=119_999 => format!("{} s", milliseconds / 1000),
        _ => format!(
            "{} min {} s",
            milliseconds / 60_000,
            milliseconds % 60_000 / 1000
        ),
    }
}

/// A number with its noun.
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 {
        format!("1 {one}")
    } else {
        format!("{count} {many}")
    }
}

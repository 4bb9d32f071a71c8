//! Live lines on a terminal: one for each task under way, and the counts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use orchestrator_agents::{MissionEvent, Observer, Role, Stage};

use super::Progress;
use super::words::Words;

/// Draws on standard error, so that standard output stays clean.
pub(crate) struct Live {
    screen: MultiProgress,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    words: Words,
    lines: BTreeMap<String, ProgressBar>,
    total: Option<ProgressBar>,
    landed: usize,
    waived: usize,
    other: usize,
}

/// The line of what belongs to the mission, not to an item.
const MISSION: &str = "";

impl Live {
    pub(crate) fn new() -> Self {
        Self {
            screen: MultiProgress::new(),
            inner: Mutex::default(),
        }
    }

    fn show(&self, inner: &mut Inner, key: &str, text: String) {
        let screen = &self.screen;
        let line = inner.lines.entry(key.to_owned()).or_insert_with(|| {
            // The counts stay at the bottom.
            let line = screen.insert(0, ProgressBar::new_spinner());
            line.set_style(style("  {spinner} {wide_msg} {elapsed:>4}"));
            line.enable_steady_tick(Duration::from_millis(120));
            line
        });
        line.set_message(text);
    }

    fn hide(inner: &mut Inner, key: &str) {
        if let Some(line) = inner.lines.remove(key) {
            line.finish_and_clear();
        }
    }

    fn counts(&self, inner: &mut Inner) {
        let planned = inner.words.planned();
        if planned == 0 {
            return;
        }
        let screen = &self.screen;
        let total = inner.total.get_or_insert_with(|| {
            let bar = screen.add(ProgressBar::new(0));
            bar.set_style(style("  {bar:24} {msg}").progress_chars("━╸─"));
            bar
        });
        let done = inner.landed + inner.waived + inner.other;
        total.set_length(planned as u64);
        total.set_position(done as u64);
        let mut text = format!("{done} of {planned} · {} landed", inner.landed);
        if inner.waived > 0 {
            text.push_str(&format!(" · {} waived", inner.waived));
        }
        total.set_message(text);
    }

    fn lines(&self, inner: &mut Inner, event: &MissionEvent) {
        match event {
            MissionEvent::SessionWaits { role, task, reason } => {
                let key = task.as_deref().unwrap_or(MISSION);
                let name = task.as_ref().map(|task| inner.words.name(task));
                let name = name.map(|name| format!("{name} · ")).unwrap_or_default();
                self.show(inner, key, format!("{role:<8} {name}{reason}"));
            }
            MissionEvent::SessionStarted { role, task, .. } => {
                let key = task.as_deref().unwrap_or(MISSION);
                let text = match (role, task) {
                    (Role::Commander, _) => return,
                    (role, Some(task)) => format!("{role:<8} {}", inner.words.name(task)),
                    (role, None) => format!("{role:<8} makes the plan"),
                };
                self.show(inner, key, text);
            }
            MissionEvent::SessionEnded { task: None, .. } => Self::hide(inner, MISSION),
            MissionEvent::CheckStarted { stage, task, check } => {
                let key = match (stage, task) {
                    (_, Some(task)) => task.clone(),
                    (stage, None) => stage.to_string(),
                };
                let text = match (stage, task) {
                    (Stage::Unit, Some(task)) => {
                        format!("check    {} · {check}", inner.words.name(task))
                    }
                    (Stage::Integration, _) => format!("landing  {check}"),
                    (stage, _) => format!("{stage:<8} {check}"),
                };
                self.show(inner, &key, text);
            }
            MissionEvent::CheckRan { receipt } if receipt.task.is_none() => {
                Self::hide(inner, &receipt.stage.to_string());
            }
            MissionEvent::Reviewed { task, .. }
            | MissionEvent::TaskRejected { task, .. }
            | MissionEvent::TaskConflicted { task, .. } => Self::hide(inner, task),
            MissionEvent::TaskLanded { task, .. } => {
                inner.landed += 1;
                Self::hide(inner, task);
            }
            MissionEvent::TaskUnneeded { task, .. } => {
                inner.other += 1;
                Self::hide(inner, task);
            }
            MissionEvent::TaskWaived { task, .. } => {
                inner.waived += 1;
                Self::hide(inner, task);
            }
            _ => {}
        }
    }
}

/// A style from a template that is part of the program.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

impl Observer for Live {
    fn event(&self, event: &MissionEvent) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = inner.words.line(event) {
            self.say(&line);
        }
        self.lines(&mut inner, event);
        self.counts(&mut inner);
    }
}

impl Progress for Live {
    fn say(&self, text: &str) {
        // A terminal that is gone is no reason to stop the mission.
        let _ = self.screen.println(text);
    }

    fn finish(&self) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, line) in std::mem::take(&mut inner.lines) {
            line.finish_and_clear();
        }
        if let Some(total) = inner.total.take() {
            total.finish_and_clear();
        }
    }

    fn into_observer(self: Arc<Self>) -> Arc<dyn Observer> {
        self
    }
}

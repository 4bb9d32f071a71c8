//! Plain lines, for logs and pipes.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use orchestrator_agents::{MissionEvent, Observer};

use super::Progress;
use super::words::Words;

/// A line an event on standard error.
#[derive(Default)]
pub(crate) struct Plain {
    words: Mutex<Words>,
}

impl Observer for Plain {
    fn event(&self, event: &MissionEvent) {
        let line = self
            .words
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .line(event);
        if let Some(line) = line {
            self.say(&line);
        }
    }
}

impl Progress for Plain {
    fn say(&self, text: &str) {
        // Nobody reads on: no reason to stop the mission.
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }

    fn finish(&self) {}

    fn into_observer(self: Arc<Self>) -> Arc<dyn Observer> {
        self
    }
}

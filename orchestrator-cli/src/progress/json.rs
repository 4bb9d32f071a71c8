//! One JSON object a line, on standard output.

use std::io::Write;
use std::sync::Arc;

use orchestrator_agents::state::Timestamp;
use orchestrator_agents::{MissionEvent, Observer};
use serde_json::json;

use super::Progress;

/// Each event as it stands in the journal, with the time at which it was shown.
/// The form is described in `docs/events.md`.
pub(crate) struct Json;

impl Json {
    fn line(mut value: serde_json::Value) {
        if let Some(fields) = value.as_object_mut() {
            let now = Timestamp::now();
            fields.insert("at".to_owned(), json!(format!("{now:.3}")));
        }
        // A reader that has gone away takes the program's output with it, not
        // the mission.
        let _ = writeln!(std::io::stdout().lock(), "{value}");
    }
}

impl Observer for Json {
    fn event(&self, event: &MissionEvent) {
        // Events hold nothing that JSON cannot.
        Self::line(serde_json::to_value(event).unwrap_or_default());
    }
}

impl Progress for Json {
    fn say(&self, text: &str) {
        Self::line(json!({"event": "note", "text": text}));
    }

    fn finish(&self) {}

    fn into_observer(self: Arc<Self>) -> Arc<dyn Observer> {
        self
    }
}

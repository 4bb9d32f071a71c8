//! What is shown while a mission runs.

mod json;
mod live;
mod plain;
pub(crate) mod words;

use std::sync::Arc;

use orchestrator_agents::Observer;

/// A display of a mission's progress.
pub(crate) trait Progress: Observer {
    /// Says something that is no event.
    fn say(&self, text: &str);

    /// Takes the display away; the summary follows.
    fn finish(&self);

    /// The same display as what a mission tells its events to.
    fn into_observer(self: Arc<Self>) -> Arc<dyn Observer>;
}

/// The display that fits: JSON where it is asked for, live lines on a terminal,
/// plain lines elsewhere.
pub(crate) fn observer(json: bool) -> Arc<dyn Progress> {
    if json {
        Arc::new(json::Json)
    } else if console::Term::stderr().is_term() {
        Arc::new(live::Live::new())
    } else {
        Arc::new(plain::Plain::default())
    }
}

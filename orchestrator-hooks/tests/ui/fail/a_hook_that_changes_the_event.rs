//! Only the event changes itself.

#![allow(dead_code)]

#[path = "../events.rs"]
mod events;

use events::{AfterCommand, OutputAction};
use orchestrator_hooks::Hook;

fn main() {
    let _ = Hook::new("meddler", |event: &AfterCommand| {
        event.output.clear();
        OutputAction::Keep
    });
}

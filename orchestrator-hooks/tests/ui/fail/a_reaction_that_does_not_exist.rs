//! There is no output yet that could be replaced.

#![allow(dead_code)]

#[path = "../events.rs"]
mod events;

use events::{BeforeCommand, CommandAction};
use orchestrator_hooks::Hook;

fn main() {
    let _ = Hook::new("early", |_: &BeforeCommand| CommandAction::Replace("no".into()));
}

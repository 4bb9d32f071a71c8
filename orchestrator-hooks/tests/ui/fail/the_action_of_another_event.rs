//! What has happened cannot be refused any more.

#![allow(dead_code)]

#[path = "../events.rs"]
mod events;

use events::{AfterCommand, CommandAction};
use orchestrator_hooks::Hook;

fn main() {
    let _ = Hook::new("late", |_: &AfterCommand| CommandAction::Refuse("no".into()));
}

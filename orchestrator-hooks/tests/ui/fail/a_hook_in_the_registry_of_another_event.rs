//! A guard of commands has no say in their output.

#![allow(dead_code)]

#[path = "../events.rs"]
mod events;

use events::{AfterCommand, BeforeCommand, CommandAction};
use orchestrator_hooks::{Hook, HookRegistry};

fn main() {
    let hook = Hook::new("guard", |_: &BeforeCommand| CommandAction::Allow);
    let _ = HookRegistry::<AfterCommand>::new().register(hook);
}

//! A struct handles the events that it says it handles.

#![allow(dead_code)]

#[path = "../events.rs"]
mod events;

use events::{AfterCommand, BeforeCommand, CommandAction};
use orchestrator_hooks::{Handler, Hook};

struct Guard;

impl Handler<BeforeCommand> for Guard {
    fn call(&self, _: &BeforeCommand) -> CommandAction {
        CommandAction::Allow
    }
}

fn main() {
    let _ = Hook::<AfterCommand>::of("guard", Guard);
}

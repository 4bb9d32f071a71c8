//! Closures and structs, each for its own event.

#![allow(dead_code)]

#[path = "../events.rs"]
mod events;

use events::{AfterCommand, BeforeCommand, CommandAction, OutputAction};
use orchestrator_hooks::{AsyncHandler, Handler, Hook, HookRegistry};

struct Guard;

impl Handler<BeforeCommand> for Guard {
    fn call(&self, _: &BeforeCommand) -> CommandAction {
        CommandAction::Refuse("no".into())
    }
}

impl AsyncHandler<AfterCommand> for Guard {
    async fn call(&self, event: &AfterCommand) -> OutputAction {
        OutputAction::Replace(event.output.to_uppercase())
    }
}

fn main() {
    let before = HookRegistry::<BeforeCommand>::new();
    before.register(Hook::new("a", |_: &BeforeCommand| CommandAction::Allow)).unwrap().keep();
    before.register(Hook::of("b", Guard)).unwrap().keep();
    let after = HookRegistry::<AfterCommand>::new();
    after.register(Hook::new("a", |_: &AfterCommand| OutputAction::Keep)).unwrap().keep();
    after.register(Hook::of_async("b", Guard)).unwrap().keep();
}

//! Two events, each with its own reactions.

use std::ops::ControlFlow;

use orchestrator_hooks::Event;

pub struct BeforeCommand;

pub enum CommandAction {
    Allow,
    Refuse(String),
}

impl Event for BeforeCommand {
    type Action = CommandAction;
    const NAME: &'static str = "before-command";

    fn apply(&mut self, action: CommandAction) -> ControlFlow<CommandAction> {
        match action {
            CommandAction::Allow => ControlFlow::Continue(()),
            refuse => ControlFlow::Break(refuse),
        }
    }
}

pub struct AfterCommand {
    pub output: String,
}

pub enum OutputAction {
    Keep,
    Replace(String),
}

impl Event for AfterCommand {
    type Action = OutputAction;
    const NAME: &'static str = "after-command";

    fn apply(&mut self, action: OutputAction) -> ControlFlow<OutputAction> {
        if let OutputAction::Replace(output) = action {
            self.output = output;
        }
        ControlFlow::Continue(())
    }
}

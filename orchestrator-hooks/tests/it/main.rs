//! The registry from outside.

#![expect(
    clippy::unwrap_used,
    reason = "a test may panic, and its helpers are part of it"
)]

mod dispatch;
mod explain;
mod order;
mod properties;
mod registration;

use std::ops::ControlFlow;

use orchestrator_hooks::{Event, Hook};

/// An event that notes who has seen it. Neither `Sync` nor `Clone`, as an event may be.
#[derive(Debug, Default)]
pub(crate) struct Visit {
    pub(crate) seen: Vec<String>,
    /// What stands in for a hook that panics.
    pub(crate) on_panic: Option<Answer>,
    _not_sync: std::cell::Cell<()>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    Sign(String),
    Stop(String),
}

impl Event for Visit {
    type Action = Answer;
    const NAME: &'static str = "visit";

    fn apply(&mut self, action: Answer) -> ControlFlow<Answer> {
        match action {
            Answer::Sign(name) => {
                self.seen.push(name);
                ControlFlow::Continue(())
            }
            stop @ Answer::Stop(_) => ControlFlow::Break(stop),
        }
    }

    fn on_panic(&self, _hook: &str) -> Option<Answer> {
        self.on_panic.clone()
    }
}

/// A hook that signs with its name.
pub(crate) fn signs(name: &str) -> Hook<Visit> {
    let signature = name.to_owned();
    Hook::new(name, move |_: &Visit| Answer::Sign(signature.clone()))
}

/// A hook that stops the dispatch.
pub(crate) fn stops(name: &str) -> Hook<Visit> {
    let signature = name.to_owned();
    Hook::new(name, move |_: &Visit| Answer::Stop(signature.clone()))
}

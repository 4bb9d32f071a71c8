//! The registry from outside.

#![expect(
    clippy::unwrap_used,
    reason = "a test may panic, and its helpers are part of it"
)]

mod batches;
mod dispatch;
mod explain;
mod failures;
mod handlers;
mod order;
mod properties;
mod registration;
mod stats;
mod threads;

use std::ops::ControlFlow;

use orchestrator_hooks::{Event, Hook, HookFailure};

/// An event that notes who has seen it. Neither `Sync` nor `Clone`, as an event may be.
#[derive(Debug, Default)]
pub(crate) struct Visit {
    pub(crate) seen: Vec<String>,
    /// What stands in for a hook that fails.
    pub(crate) on_failure: Option<Answer>,
    /// The failures, in words.
    pub(crate) failures: std::sync::Mutex<Vec<String>>,
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

    fn on_failure(&self, failure: &HookFailure) -> Option<Answer> {
        self.failures.lock().unwrap().push(failure.to_string());
        self.on_failure.clone()
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

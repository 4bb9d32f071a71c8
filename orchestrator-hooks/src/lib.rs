//! Typed hooks: code that watches an event, reacts to it, and runs in an order that can be
//! explained.
//!
//! - An [`Event`] is something that happens, together with the reactions to it that make sense.
//!   Each event type has its own action type, so a hook cannot ask for what the event has no
//!   answer to: it does not compile.
//! - A [`Hook`] looks at the event and returns one action. It never changes the event itself;
//!   [`Event::apply`] does, in one place.
//! - A [`HookRegistry`] holds the hooks of one event type and dispatches events to them.
//!   Registering gives a [`HookRegistration`]: drop it, and the hook is gone.
//! - An [`ExecutionPlan`] is the order in which the hooks run. It depends on the set of hooks
//!   alone, never on who registered first, and [`ExecutionPlan::explain`] says why each hook
//!   stands where it stands.
//!
//! # The order
//!
//! [`Phase`] first; within a phase the `before` and `after` constraints; among the hooks that
//! these leave free, the higher priority; and among equals, the name. A constraint may name a
//! hook or a label. A label stands for every hook that wears it, now or later.
//!
//! What a constraint names must be registered already, or come in the same
//! [`register_all`](HookRegistry::register_all), so that a misspelt name is an error and not
//! silence. When the hook that it names is dropped later, the constraint lapses: the hook
//! that asked stays, and is bound again if the name comes back.
//!
//! # The whole picture
//!
//! ```
//! use std::ops::ControlFlow;
//! use orchestrator_hooks::{Event, Hook, HookFailure, HookRegistry, Phase};
//!
//! /// A command is about to run.
//! struct BeforeCommand {
//!     command: String,
//! }
//!
//! #[derive(Debug, PartialEq)]
//! enum CommandAction {
//!     Allow,
//!     Rewrite(String),
//!     Refuse(String),
//! }
//!
//! impl Event for BeforeCommand {
//!     type Action = CommandAction;
//!     const NAME: &'static str = "before-command";
//!
//!     fn apply(&mut self, action: CommandAction) -> ControlFlow<CommandAction> {
//!         match action {
//!             CommandAction::Allow => ControlFlow::Continue(()),
//!             CommandAction::Rewrite(command) => {
//!                 self.command = command;
//!                 ControlFlow::Continue(())
//!             }
//!             refuse @ CommandAction::Refuse(_) => ControlFlow::Break(refuse),
//!         }
//!     }
//!
//!     // A guard that has crashed must not wave the command through.
//!     fn on_failure(&self, failure: &HookFailure) -> Option<CommandAction> {
//!         Some(CommandAction::Refuse(failure.to_string()))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let hooks = HookRegistry::<BeforeCommand>::new();
//! hooks
//!     .register(
//!         Hook::new("trim", |event: &BeforeCommand| {
//!             CommandAction::Rewrite(event.command.trim().to_owned())
//!         })
//!         .phase(Phase::Early),
//!     )?
//!     .keep();
//! let guard = hooks.register(
//!     Hook::new_async("guard", |event: &BeforeCommand| {
//!         Box::pin(async move {
//!             if event.command.starts_with("rm ") {
//!                 CommandAction::Refuse("this deletes files".into())
//!             } else {
//!                 CommandAction::Allow
//!             }
//!         })
//!     })
//!     .after("trim"),
//! )?;
//!
//! let mut event = BeforeCommand { command: "  rm -r target".into() };
//! let verdict = hooks.dispatch(&mut event).await?;
//! assert_eq!(verdict, Some(CommandAction::Refuse("this deletes files".into())));
//! assert_eq!(event.command, "rm -r target");
//! println!("{}", hooks.explain());
//!
//! drop(guard); // The hook goes with its registration.
//! assert_eq!(hooks.plan().names().collect::<Vec<_>>(), ["trim"]);
//! assert_eq!(hooks.dispatch(&mut event).await?, None);
//! # Ok(())
//! # }
//! ```

mod body;
mod counts;
mod dispatch;
mod dispatcher;
mod error;
mod event;
mod explain;
mod export;
mod failure;
mod handler;
mod hook;
mod order;
mod phase;
mod plan;
mod ready;
mod registration;
mod registry;
mod running;
mod spec;
mod stats;
mod streak;
mod table;

pub use dispatch::DispatchResult;
pub use dispatcher::Dispatcher;
pub use error::{RegisterError, Relation};
pub use event::Event;
pub use explain::{Explanation, Link, StepReason};
pub use failure::{BoxError, FailureKind, HookFailure, OnFailure};
pub use futures_util::future::BoxFuture;
pub use handler::{AsyncHandler, Handler};
pub use hook::Hook;
pub use phase::Phase;
pub use plan::ExecutionPlan;
pub use registration::HookRegistration;
pub use registry::HookRegistry;
pub use stats::HookStats;

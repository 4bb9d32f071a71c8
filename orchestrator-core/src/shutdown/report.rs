//! How a shutdown went.

use std::{fmt, time::Duration};

/// How one handler ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandlerOutcome {
    /// In time.
    Done,
    /// Not in time. It was dropped where it stood.
    Late {
        /// The time that it had.
        limit: Duration,
    },
    /// By a panic.
    Panicked {
        /// What the panic said.
        message: String,
    },
}

/// What became of one handler.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HandlerReport {
    /// The name that it was registered by.
    pub name: String,
    /// Its priority.
    pub priority: i32,
    /// How it ended.
    pub outcome: HandlerOutcome,
    /// How long it took.
    pub took: Duration,
}

/// How a shutdown went. Displays as one line a handler.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// Every handler, in the order in which they began.
    pub handlers: Vec<HandlerReport>,
}

impl ShutdownReport {
    /// Whether every handler was done in time.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.handlers
            .iter()
            .all(|handler| handler.outcome == HandlerOutcome::Done)
    }

    /// The names of those that were not done in time.
    pub fn late(&self) -> impl Iterator<Item = &str> {
        self.names(|outcome| matches!(outcome, HandlerOutcome::Late { .. }))
    }

    /// The names of those that panicked.
    pub fn panicked(&self) -> impl Iterator<Item = &str> {
        self.names(|outcome| matches!(outcome, HandlerOutcome::Panicked { .. }))
    }

    fn names(&self, wanted: impl Fn(&HandlerOutcome) -> bool) -> impl Iterator<Item = &str> {
        self.handlers
            .iter()
            .filter(move |handler| wanted(&handler.outcome))
            .map(|handler| handler.name.as_str())
    }
}

impl fmt::Display for ShutdownReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for handler in &self.handlers {
            let HandlerReport { name, took, .. } = handler;
            match &handler.outcome {
                HandlerOutcome::Done => writeln!(f, "{name}: done after {took:?}")?,
                HandlerOutcome::Late { limit } => {
                    writeln!(f, "{name}: not done after {limit:?}, dropped")?;
                }
                HandlerOutcome::Panicked { message } => {
                    writeln!(f, "{name}: panicked after {took:?}: {message}")?;
                }
            }
        }
        Ok(())
    }
}

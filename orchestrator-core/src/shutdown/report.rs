//! How a shutdown went.

use std::{fmt, time::Duration};

/// Why a shutdown was begun or forced. A text is a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShutdownReason {
    /// The program wanted it.
    Asked(String),
    /// The system sent a signal, by its name (`SIGTERM`).
    Signal(&'static str),
}

impl From<&str> for ShutdownReason {
    fn from(reason: &str) -> Self {
        Self::Asked(reason.to_owned())
    }
}

impl From<String> for ShutdownReason {
    fn from(reason: String) -> Self {
        Self::Asked(reason)
    }
}

impl fmt::Display for ShutdownReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Asked(reason) => reason,
            Self::Signal(name) => name,
        })
    }
}

/// How one handler ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandlerOutcome {
    /// In time.
    Done,
    /// Not in time. It was dropped where it stood.
    Late {
        /// The time that it had: its own limit, or what was left of the grace.
        limit: Duration,
    },
    /// By a panic.
    Panicked {
        /// What the panic said.
        message: String,
    },
    /// The shutdown was forced while it ran. It was dropped where it stood.
    Forced,
    /// It did not get its turn.
    NotBegun {
        /// What came before.
        why: String,
    },
    /// Its runtime ended under it.
    Dropped,
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
    /// How long it took, up to when it was given up on.
    pub took: Duration,
    /// Given up on, and a quarter of a second later it was still not dropped, or its last resort still
    /// not taken: it blocks its thread.
    pub blocked: bool,
}

/// How a shutdown went. Displays as one line for the whole and one a handler.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// Why it was begun.
    pub reason: ShutdownReason,
    /// Why it was forced, where it was.
    pub forced_by: Option<ShutdownReason>,
    /// From its beginning to its end.
    pub took: Duration,
    /// Every handler once: in the order in which they began, then those that did not begin.
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

    /// The names of those that did not begin.
    pub fn not_begun(&self) -> impl Iterator<Item = &str> {
        self.names(|outcome| matches!(outcome, HandlerOutcome::NotBegun { .. }))
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
        write!(f, "shutdown after {}, took {:?}", self.reason, self.took)?;
        match &self.forced_by {
            Some(by) => writeln!(f, ", forced by {by}")?,
            None => writeln!(f)?,
        }
        for handler in &self.handlers {
            let HandlerReport { name, took, .. } = handler;
            match &handler.outcome {
                HandlerOutcome::Done => write!(f, "{name}: done after {took:?}")?,
                HandlerOutcome::Late { limit } => {
                    write!(f, "{name}: not done after {limit:?}, dropped")?;
                }
                HandlerOutcome::Panicked { message } => {
                    write!(f, "{name}: panicked after {took:?}: {message}")?;
                }
                HandlerOutcome::Forced => write!(f, "{name}: forced after {took:?}, dropped")?,
                HandlerOutcome::NotBegun { why } => write!(f, "{name}: not begun: {why}")?,
                HandlerOutcome::Dropped => {
                    write!(f, "{name}: its runtime ended under it after {took:?}")?;
                }
            }
            writeln!(
                f,
                "{}",
                if handler.blocked {
                    "; its thread is blocked"
                } else {
                    ""
                }
            )?;
        }
        Ok(())
    }
}

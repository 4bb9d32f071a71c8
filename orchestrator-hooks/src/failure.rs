//! How a hook fails, and what follows from it.

use std::{any::Any, error::Error, fmt, num::NonZeroU32, time::Duration};

/// An error that a hook may return, whatever its type.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// What a hook's failure does to the dispatch and to the hook.
///
/// In all three cases the failure is counted, and where the dispatch goes on,
/// [`Event::on_failure`](crate::Event::on_failure) may put an action in the hook's place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnFailure {
    /// The dispatch goes on.
    #[default]
    Continue,
    /// The dispatch ends, and its caller gets the [`HookFailure`].
    Stop,
    /// The dispatch goes on; after so many failures in a row the hook is not called any more.
    ///
    /// A disabled hook keeps its place and goes on failing as [`FailureKind::Disabled`], so that
    /// a guard which is out of order refuses rather than vanishes. Registering it anew enables it.
    DisableAfter(NonZeroU32),
}

/// A hook did not answer.
// Behind a pointer, because every dispatch has room for it in its result and hardly any needs it.
#[derive(Debug)]
pub struct HookFailure(Box<Failure>);

#[derive(Debug)]
struct Failure {
    event: &'static str,
    hook: String,
    kind: FailureKind,
}

impl HookFailure {
    #[cold]
    pub(crate) fn new(event: &'static str, hook: &str, kind: FailureKind) -> Self {
        let hook = hook.to_owned();
        Self(Box::new(Failure { event, hook, kind }))
    }

    /// The event's name.
    pub fn event(&self) -> &'static str {
        self.0.event
    }

    /// The hook's name.
    pub fn hook(&self) -> &str {
        &self.0.hook
    }

    /// What was wrong.
    pub fn kind(&self) -> &FailureKind {
        &self.0.kind
    }

    /// What was wrong, to keep.
    pub fn into_kind(self) -> FailureKind {
        self.0.kind
    }
}

/// In which way a hook failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum FailureKind {
    /// It panicked, with this message.
    Panicked(String),
    /// It had not answered after this time, and its future was dropped.
    TimedOut(Duration),
    /// It returned an error.
    Failed(BoxError),
    /// It was not called, because it had failed so often in a row: see
    /// [`OnFailure::DisableAfter`].
    Disabled(NonZeroU32),
}

impl FailureKind {
    /// From what `catch_unwind` caught.
    pub(crate) fn panicked(payload: &(dyn Any + Send)) -> Self {
        let message = payload
            .downcast_ref::<&str>()
            .map(ToString::to_string)
            .or_else(|| payload.downcast_ref::<String>().cloned());
        Self::Panicked(message.unwrap_or_else(|| "a value that is not text".to_owned()))
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked(message) => write!(f, "panicked: {message}"),
            Self::TimedOut(limit) => write!(f, "did not answer within {limit:?}"),
            Self::Failed(error) => write!(f, "failed: {error}"),
            Self::Disabled(failures) => {
                write!(f, "is disabled, for it failed {failures} times in a row")
            }
        }
    }
}

impl fmt::Display for HookFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Failure { event, hook, kind } = &*self.0;
        write!(f, "hook `{hook}` of event `{event}` {kind}")
    }
}

impl Error for HookFailure {
    /// What caused the hook's own error, whose message is part of this one's.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self.kind() {
            FailureKind::Failed(error) => error.source(),
            _ => None,
        }
    }
}

//! What is to be done at a shutdown, and the guard of its registration.

use std::{fmt, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;

use super::{course::Id, drive::Shared};

/// How a handler is run.
pub(super) enum Close {
    Task(Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>),
    Thread(Box<dyn FnOnce() + Send>),
}

/// One thing to do at a shutdown: its name, when its turn is, and how long it may take.
#[must_use = "it does nothing until it is given to a `ShutdownManager`"]
pub struct ShutdownHandler {
    pub(super) name: String,
    pub(super) priority: i32,
    pub(super) limit: Option<Duration>,
    pub(super) close: Close,
    pub(super) last_resort: Option<Box<dyn FnOnce() + Send>>,
}

impl ShutdownHandler {
    /// A handler that waits. It is a task of the runtime that the shutdown is begun on. When it is
    /// given up on, its future is dropped: what has to end with it belongs into guards that it holds.
    pub fn new<F, Fut>(name: impl Into<String>, priority: i32, handler: F) -> Self
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let close = Close::Task(Box::new(move || Box::pin(handler())));
        Self::of(name.into(), priority, close)
    }

    /// A handler that may block. It has a thread of its own, so it keeps nothing else waiting, on any
    /// runtime. Nothing can end a thread from outside: when it is given up on it runs on until it comes
    /// back or the process ends. What has to happen all the same is its
    /// [`with_last_resort`](Self::with_last_resort).
    pub fn blocking<F>(name: impl Into<String>, priority: i32, handler: F) -> Self
    where
        F: FnOnce() + Send + 'static,
    {
        Self::of(name.into(), priority, Close::Thread(Box::new(handler)))
    }

    fn of(name: String, priority: i32, close: Close) -> Self {
        Self {
            name,
            priority,
            limit: None,
            close,
            last_resort: None,
        }
    }

    /// How long it may take, instead of what its manager grants.
    pub fn with_limit(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// What to do if it is not done in time: late, forced, panicked, or not begun. Called once, when it
    /// is given up on, on a thread of its own; it has a quarter of a second before the shutdown goes on
    /// without it. The place for killing a process group whose guard a blocked thread holds.
    pub fn with_last_resort(mut self, last_resort: impl FnOnce() + Send + 'static) -> Self {
        self.last_resort = Some(Box::new(last_resort));
        self
    }
}

impl fmt::Debug for ShutdownHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShutdownHandler")
            .field("name", &self.name)
            .field("priority", &self.priority)
            .field("limit", &self.limit)
            .field("blocking", &matches!(self.close, Close::Thread(_)))
            .finish_non_exhaustive()
    }
}

/// A registration: dropping it takes the handler back, unless it has begun. Then its name is free
/// again.
#[must_use = "dropping it takes the handler back: hold it, or call `keep`"]
pub struct ShutdownGuard {
    place: Option<(Arc<Shared>, Id)>,
}

impl ShutdownGuard {
    pub(super) fn new(shared: Arc<Shared>, id: Id) -> Self {
        Self {
            place: Some((shared, id)),
        }
    }

    /// Leaves the handler registered for good.
    pub fn keep(mut self) {
        self.place = None;
    }
}

impl Drop for ShutdownGuard {
    fn drop(&mut self) {
        if let Some((shared, id)) = self.place.take() {
            shared.remove(id);
        }
    }
}

impl fmt::Debug for ShutdownGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.place.as_ref().map(|(_, id)| id);
        f.debug_tuple("ShutdownGuard").field(&id).finish()
    }
}

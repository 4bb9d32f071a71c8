//! Who asks to be admitted, and for what.

use std::{
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::Priority;

/// A model of a provider.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModelKey {
    /// Who serves it.
    pub provider: Arc<str>,
    /// What it is called there.
    pub model: Arc<str>,
}

impl ModelKey {
    /// The model's name at its provider.
    pub fn new(provider: impl Into<Arc<str>>, model: impl Into<Arc<str>>) -> Self {
        Self {
            provider: provider.into(),
            model: model.into(),
        }
    }
}

impl fmt::Display for ModelKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.model)
    }
}

/// What a call needs: a slot of a role, of a model, and of the model's provider.
///
/// Made once for many calls, so it brings its hash along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route {
    hash: u64,
    pub(super) role: Arc<str>,
    pub(super) model: ModelKey,
}

impl Route {
    fn new(role: Arc<str>, model: ModelKey) -> Self {
        // With the same keys everywhere: controllers have to agree about it.
        let mut hasher = DefaultHasher::new();
        (&role, &model).hash(&mut hasher);
        Self {
            hash: hasher.finish(),
            role,
            model,
        }
    }
}

impl Hash for Route {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// Takes the hash that a [`Route`] brings along.
#[derive(Debug, Default)]
pub(super) struct Ready(u64);

impl Hasher for Ready {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("a route writes one number");
    }
}

/// Who asks to be admitted, and for what. Clones are cheap: make one and change it.
///
/// Without more than [`new`](Self::new) it is [`Priority::Normal`], at depth 0, started by nobody,
/// of 0 tokens, and waits as long as it takes.
#[derive(Debug, Clone)]
pub struct Request {
    pub(super) mission: Arc<str>,
    pub(super) route: Route,
    pub(super) priority: Priority,
    pub(super) depth: u32,
    pub(super) parent_role: Option<Arc<str>>,
    pub(super) tokens: u32,
    pub(super) deadline: Option<Instant>,
    pub(super) cancel: Option<CancellationToken>,
}

impl Request {
    /// A call of `model` by an agent of `role`, for `mission`.
    pub fn new(mission: impl Into<Arc<str>>, role: impl Into<Arc<str>>, model: ModelKey) -> Self {
        Self {
            mission: mission.into(),
            route: Route::new(role.into(), model),
            priority: Priority::default(),
            depth: 0,
            parent_role: None,
            tokens: 0,
            deadline: None,
            cancel: None,
        }
    }

    /// How urgent it is.
    #[must_use]
    pub fn with_priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// How many ancestors the agent has, and the role of the one that started it.
    #[must_use]
    pub fn with_parent(mut self, role: impl Into<Arc<str>>, depth: u32) -> Self {
        self.parent_role = Some(role.into());
        self.depth = depth;
        self
    }

    /// An estimate of the tokens, in and out, that the call will use.
    #[must_use]
    pub fn with_tokens(mut self, estimate: u32) -> Self {
        self.tokens = estimate;
        self
    }

    /// When to give up waiting, on tokio's clock.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Gives up waiting when it is cancelled.
    #[must_use]
    pub fn with_cancel(mut self, token: CancellationToken) -> Self {
        self.cancel = Some(token);
        self
    }
}

/// Whose fault a failed call was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureKind {
    /// The service's: it timed out, broke off, or reported a fault of its own. Counts for the
    /// breaker and for scaling.
    Service,
    /// There was too much at once. The service is well, so the breaker does not count it; scaling
    /// does.
    RateLimited,
    /// The caller's: the request was malformed, too long or forbidden. Counts for nothing: another
    /// request would have been answered.
    Request,
}

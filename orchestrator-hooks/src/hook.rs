//! One hook: what it runs and where it wants to stand.

use std::{fmt, time::Duration};

use futures_util::future::BoxFuture;

use crate::{
    AsyncHandler, BoxError, Event, Handler, OnFailure, Phase, Relation,
    body::{Body, Fallible, Handled, Plain},
    spec::{Constraint, Spec},
};

/// Code that reacts to events of type `E`, where it wants to stand among the others, and what
/// becomes of it when it fails.
///
/// ```
/// # use std::{ops::ControlFlow, time::Duration};
/// # use orchestrator_hooks::{Event, Hook, OnFailure, Phase};
/// # struct Saved;
/// # impl Event for Saved {
/// #     type Action = ();
/// #     const NAME: &'static str = "saved";
/// #     fn apply(&mut self, (): ()) -> ControlFlow<()> { ControlFlow::Continue(()) }
/// # }
/// let hook = Hook::new_async("notify", |_: &Saved| Box::pin(async { /* tell somebody */ }))
///     .phase(Phase::Late)
///     .priority(10)
///     .label("outward")
///     .after("audit")
///     .timeout(Duration::from_secs(2))
///     .on_failure(OnFailure::Stop);
/// # assert_eq!(hook.name(), "notify");
/// ```
#[must_use = "a hook does nothing until it is registered"]
pub struct Hook<E: Event> {
    pub(crate) spec: Spec,
    pub(crate) body: Body<E>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) on_failure: OnFailure,
}

impl<E: Event> Hook<E> {
    /// A hook that answers at once. The name must be unique in its registry.
    ///
    /// It runs on the thread that polls the dispatch, so it should not block.
    pub fn new(
        name: impl Into<String>,
        run: impl Fn(&E) -> E::Action + Send + Sync + 'static,
    ) -> Self {
        Self::with_body(name.into(), Body::sync(run))
    }

    /// A hook that answers at once, or has an error, which counts as a failure.
    pub fn try_new<X: Into<BoxError>>(
        name: impl Into<String>,
        run: impl Fn(&E) -> Result<E::Action, X> + Send + Sync + 'static,
    ) -> Self {
        Self::with_body(name.into(), Body::try_sync(run))
    }

    /// A hook that may wait, written `|event: &E| Box::pin(async move { .. })`.
    ///
    /// The event cannot change while the hook holds it. Dropping the dispatch drops the future.
    pub fn new_async(
        name: impl Into<String>,
        run: impl for<'a> Fn(&'a E) -> BoxFuture<'a, E::Action> + Send + Sync + 'static,
    ) -> Self {
        Self::with_body(name.into(), Body::later(Plain(run)))
    }

    /// A hook that may wait, and may have an error, which counts as a failure.
    pub fn try_new_async(
        name: impl Into<String>,
        run: impl for<'a> Fn(&'a E) -> BoxFuture<'a, Result<E::Action, BoxError>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self::with_body(name.into(), Body::later(Fallible(run)))
    }

    /// A struct that answers at once.
    pub fn of(name: impl Into<String>, handler: impl Handler<E>) -> Self {
        Self::new(name, move |event: &E| handler.call(event))
    }

    /// A struct that may wait. Its future may borrow the struct as well as the event.
    pub fn of_async(name: impl Into<String>, handler: impl AsyncHandler<E>) -> Self {
        Self::with_body(name.into(), Body::later(Handled(handler)))
    }

    fn with_body(name: String, body: Body<E>) -> Self {
        Self {
            spec: Spec::new(name),
            body,
            timeout: None,
            on_failure: OnFailure::default(),
        }
    }

    /// Sets the phase. Default: [`Phase::Normal`].
    pub fn phase(mut self, phase: Phase) -> Self {
        self.spec.phase = phase;
        self
    }

    /// Sets the priority: of two hooks that are free to run, the higher goes first. Default: 0.
    pub fn priority(mut self, priority: i32) -> Self {
        self.spec.priority = priority;
        self
    }

    /// Puts a label on this hook, which others may name in `before` and `after`.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.spec.labels.push(label.into());
        self
    }

    /// Asks to run before the hook of this name and every other hook that wears this label.
    pub fn before(self, name_or_label: impl Into<String>) -> Self {
        self.constrain(Relation::Before, name_or_label.into())
    }

    /// Asks to run after the hook of this name and every other hook that wears this label.
    pub fn after(self, name_or_label: impl Into<String>) -> Self {
        self.constrain(Relation::After, name_or_label.into())
    }

    fn constrain(mut self, relation: Relation, target: String) -> Self {
        self.spec.constraints.push(Constraint { relation, target });
        self
    }

    /// Drops the hook's future when it has not answered after this time, which counts as a
    /// failure. Default: it may take for ever.
    ///
    /// Only async hooks can be interrupted; a registry refuses a sync hook with a time limit.
    /// The time runs from the first moment in which the hook waits, and is tokio's: a hook that
    /// waits outside a tokio runtime with a timer panics the dispatch.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Sets what a failure does. Default: [`OnFailure::Continue`].
    pub fn on_failure(mut self, policy: OnFailure) -> Self {
        self.on_failure = policy;
        self
    }

    /// The hook's name.
    pub fn name(&self) -> &str {
        &self.spec.name
    }
}

impl<E: Event> fmt::Debug for Hook<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hook")
            .field("event", &E::NAME)
            .field("spec", &self.spec)
            .field("timeout", &self.timeout)
            .field("on_failure", &self.on_failure)
            .finish_non_exhaustive()
    }
}

//! One hook: what it runs and where it wants to stand.

use std::fmt;

use futures_util::future::BoxFuture;

use crate::{Event, Phase, Relation};

type SyncBody<E> = dyn Fn(&E) -> <E as Event>::Action + Send + Sync;
type AsyncBody<E> = dyn for<'a> Fn(&'a E) -> BoxFuture<'a, <E as Event>::Action> + Send + Sync;

/// What a hook runs. The two kinds stay apart so that a plain function costs no boxed future.
pub(crate) enum Body<E: Event> {
    Sync(Box<SyncBody<E>>),
    Async(Box<AsyncBody<E>>),
}

/// A hook's wish to stand before or after what it names.
#[derive(Debug)]
pub(crate) struct Constraint {
    pub(crate) relation: Relation,
    pub(crate) target: String,
}

/// Code that reacts to events of type `E`, and where it wants to stand among the others.
///
/// ```
/// # use std::ops::ControlFlow;
/// # use orchestrator_hooks::{Event, Hook, Phase};
/// # struct Saved;
/// # impl Event for Saved {
/// #     type Action = ();
/// #     const NAME: &'static str = "saved";
/// #     fn apply(&mut self, (): ()) -> ControlFlow<()> { ControlFlow::Continue(()) }
/// # }
/// let hook = Hook::new("notify", |_: &Saved| ())
///     .phase(Phase::Late)
///     .priority(10)
///     .label("outward")
///     .after("audit");
/// # assert_eq!(hook.name(), "notify");
/// ```
#[must_use = "a hook does nothing until it is registered"]
pub struct Hook<E: Event> {
    pub(crate) name: String,
    pub(crate) phase: Phase,
    pub(crate) priority: i32,
    pub(crate) labels: Vec<String>,
    pub(crate) constraints: Vec<Constraint>,
    pub(crate) body: Body<E>,
}

impl<E: Event> Hook<E> {
    /// A hook that answers at once. The name must be unique in its registry.
    ///
    /// It runs on the thread that polls the dispatch, so it should not block.
    pub fn new(
        name: impl Into<String>,
        run: impl Fn(&E) -> E::Action + Send + Sync + 'static,
    ) -> Self {
        Self::with_body(name.into(), Body::Sync(Box::new(run)))
    }

    /// A hook that may wait, written `|event: &E| Box::pin(async move { .. })`.
    ///
    /// The event cannot change while the hook holds it. Dropping the dispatch drops the future.
    pub fn new_async(
        name: impl Into<String>,
        run: impl for<'a> Fn(&'a E) -> BoxFuture<'a, E::Action> + Send + Sync + 'static,
    ) -> Self {
        Self::with_body(name.into(), Body::Async(Box::new(run)))
    }

    fn with_body(name: String, body: Body<E>) -> Self {
        Self {
            name,
            phase: Phase::default(),
            priority: 0,
            labels: Vec::new(),
            constraints: Vec::new(),
            body,
        }
    }

    /// Sets the phase. Default: [`Phase::Normal`].
    pub fn phase(mut self, phase: Phase) -> Self {
        self.phase = phase;
        self
    }

    /// Sets the priority: of two hooks that are free to run, the higher goes first. Default: 0.
    pub fn priority(mut self, priority: i32) -> Self {
        self.priority = priority;
        self
    }

    /// Puts a label on this hook, which others may name in `before` and `after`.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.labels.push(label.into());
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
        self.constraints.push(Constraint { relation, target });
        self
    }

    /// The hook's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a constraint on `target` means this hook.
    pub(crate) fn answers_to(&self, target: &str) -> bool {
        self.name == target || self.labels.iter().any(|label| label == target)
    }
}

impl<E: Event> fmt::Debug for Hook<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hook")
            .field("event", &E::NAME)
            .field("name", &self.name)
            .field("phase", &self.phase)
            .field("priority", &self.priority)
            .field("labels", &self.labels)
            .field("constraints", &self.constraints)
            .finish_non_exhaustive()
    }
}

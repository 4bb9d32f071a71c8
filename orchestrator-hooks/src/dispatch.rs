//! Running an event through a plan.
//!
//! Sync hooks run in stretches: one plain loop, one `catch_unwind` around it, and a number that
//! says how far it came. Only async hooks are awaited.
//!
//! What is rare (an action that breaks off, a failure) is written to one place, and what is
//! frequent is a word in a register: a result that is handed through five functions by value
//! costs more than a hook.

use std::{
    any::Any,
    future::poll_fn,
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    task::Poll,
};

use tokio::time::Instant;

use crate::{
    Event, ExecutionPlan, FailureKind, HookFailure,
    body::{Answer, Exit},
    counts::Count,
    plan::Entry,
    running::Running,
};

/// How a dispatch ended: with the action that broke off, or with none because every hook has
/// run, or with the failure of a hook that stops the dispatch.
pub type DispatchResult<A> = Result<Option<A>, HookFailure>;

/// What comes after a stretch of sync hooks.
pub(crate) enum Next<A> {
    /// Nothing: every hook has run.
    Through,
    /// An async hook.
    Awaits,
    /// What is rare.
    Turn(Exit<A>),
}

/// One dispatch while it is under way.
// Nothing in it has to be dropped when it is through.
pub(crate) struct Dispatch<'a, E: Event, C> {
    plan: &'a ExecutionPlan<E>,
    count: C,
    place: usize,
    is_timed: bool,
}

impl<'a, E: Event, C: Count> Dispatch<'a, E, C> {
    /// One that has called nobody yet.
    #[inline]
    pub(crate) fn new(plan: &'a ExecutionPlan<E>, count: C) -> Self {
        Self {
            plan,
            count,
            place: 0,
            is_timed: count.is_timed(),
        }
    }

    /// The same dispatch, where the same plan is held in another way.
    #[inline]
    pub(crate) fn with<D>(self, plan: &ExecutionPlan<E>, count: D) -> Dispatch<'_, E, D> {
        Dispatch {
            plan,
            count,
            place: self.place,
            is_timed: self.is_timed,
        }
    }

    /// Goes on from an async hook to the end.
    pub(crate) async fn finish(mut self, event: &mut E) -> DispatchResult<E::Action> {
        loop {
            let entry = &*self.plan.steps[self.place];
            let mut exit = Exit::Through;
            match entry.disabled() {
                Some(disabled) => exit = Exit::Failed(disabled),
                None => self.wait(entry, event, &mut exit).await,
            }
            if let Exit::Answered(action) = exit {
                match contained(|| event.apply(action)) {
                    Ok(ControlFlow::Continue(())) => exit = Exit::Through,
                    Ok(ControlFlow::Break(action)) => exit = Exit::Broke(action),
                    Err(panicked) => exit = panicked.into_exit(),
                }
                if !matches!(exit, Exit::Failed(_)) {
                    entry.succeeded();
                }
            }
            let next = match exit {
                Exit::Through => {
                    self.place += 1;
                    self.stretch(event)
                }
                exit => Next::Turn(exit),
            };
            if let Some(end) = self.after(event, next) {
                return end;
            }
        }
    }

    /// How the dispatch ends after a stretch, unless there is an async hook to wait for.
    #[inline(always)]
    pub(crate) fn after(
        &mut self,
        event: &mut E,
        next: Next<E::Action>,
    ) -> Option<DispatchResult<E::Action>> {
        match next {
            Next::Through => Some(Ok(None)),
            Next::Awaits => None,
            Next::Turn(exit) => self.turn(event, exit),
        }
    }

    /// Has an async hook answer. `exit` becomes [`Answered`](Exit::Answered) or
    /// [`Failed`](Exit::Failed).
    #[inline]
    async fn wait(&self, entry: &Entry<E>, event: &mut E, exit: &mut Exit<E::Action>) {
        let began = self.is_timed.then(Instant::now);
        // The event is lent as `&mut` although a hook only reads it: a `&E` held across an await
        // would make the whole dispatch `Send` only for events that are `Sync`.
        let mut lent = Some(event);
        let first = poll_fn(|cx| {
            // Making the future is the hook's code as well, and so is dropping it.
            Poll::Ready(contained(|| -> Option<Answer<'_, E::Action>> {
                let hook = entry.body.later.as_ref().zip(lent.take());
                let (hook, event) = hook.expect("only an async hook is awaited, and once");
                hook.call(event, cx, exit)
            }))
        });
        // Nearly always there is nothing to wait for, and then nothing to set up.
        match first.await {
            Ok(None) => {}
            Ok(Some(answer)) => {
                let began = began.unwrap_or_else(Instant::now);
                let dropped = Dropped {
                    plan: Some(self.plan),
                    place: self.place,
                };
                let (answered, took) = Running::new(answer, entry.timeout, began).await;
                dropped.disarm();
                entry.tally.took(took);
                *exit = answered;
                return;
            }
            Err(panicked) => *exit = panicked.into_exit(),
        }
        if let Some(began) = began {
            entry.tally.took(began.elapsed());
        }
    }

    /// Calls sync hooks until there are none, or none that are sync.
    #[inline(always)]
    pub(crate) fn stretch(&mut self, event: &mut E) -> Next<E::Action> {
        let mut exit = Exit::Through;
        let (steps, place) = (&self.plan.steps, &mut self.place);
        let stretch = contained(|| match self.is_timed {
            false => stretch(steps, place, event, &mut exit),
            true => timed_stretch(steps, place, event, &mut exit),
        });
        match stretch {
            Ok(true) => {
                // There is nothing in it to drop.
                std::mem::forget(exit);
                self.count.one_more();
                Next::Through
            }
            Ok(false) if matches!(exit, Exit::Awaits) => {
                std::mem::forget(exit);
                Next::Awaits
            }
            Ok(false) => Next::Turn(exit),
            Err(panicked) => Next::Turn(panicked.into_exit()),
        }
    }

    /// The hook where the dispatch is has broken off, or failed. How the dispatch ends, unless
    /// there is an async hook to wait for.
    #[cold]
    pub(crate) fn turn(
        &mut self,
        event: &mut E,
        mut exit: Exit<E::Action>,
    ) -> Option<DispatchResult<E::Action>> {
        loop {
            let flow = match exit {
                Exit::Broke(action) | Exit::Answered(action) => ControlFlow::Break(Ok(action)),
                Exit::Failed(kind) => self.failed(event, kind),
                // A hook that says no more than that it does not go on.
                Exit::Through | Exit::Awaits => ControlFlow::Continue(()),
            };
            if let ControlFlow::Break(end) = flow {
                return Some(self.ends(end));
            }
            self.place += 1;
            match self.stretch(event) {
                Next::Through => return Some(Ok(None)),
                Next::Awaits => return None,
                Next::Turn(again) => exit = again,
            }
        }
    }

    /// Counts how the dispatch ends, at the hook where it is.
    #[cold]
    fn ends(&self, end: Result<E::Action, HookFailure>) -> DispatchResult<E::Action> {
        if end.is_ok() {
            self.plan.steps[self.place].tally.broke();
        }
        self.plan.counts.ended_at(self.place);
        end.map(Some)
    }

    /// The hook where the dispatch is has failed: whether, and how, that ends the dispatch.
    #[cold]
    fn failed(
        &self,
        event: &mut E,
        kind: FailureKind,
    ) -> ControlFlow<Result<E::Action, HookFailure>> {
        let entry = &self.plan.steps[self.place];
        let failure = HookFailure::new(E::NAME, &entry.spec.name, kind);
        entry.failed(&failure);
        if entry.stops {
            return ControlFlow::Break(Err(failure));
        }
        match event.on_failure(&failure).map(|action| event.apply(action)) {
            Some(flow) => flow.map_break(Ok),
            None => ControlFlow::Continue(()),
        }
    }
}

/// The loop over sync hooks: whether it has come to the end. `place` is where it begins, and then
/// where it is, also for one who catches a hook's panic.
#[inline(always)]
fn stretch<E: Event>(
    steps: &[Arc<Entry<E>>],
    place: &mut usize,
    event: &mut E,
    exit: &mut Exit<E::Action>,
) -> bool {
    let mut at = *place;
    while let Some(entry) = steps.get(at) {
        *place = at;
        if !(entry.body.call)(event, exit) {
            return false;
        }
        at += 1;
    }
    true
}

/// The same, with a look at the clock around each hook.
#[cold]
fn timed_stretch<E: Event>(
    steps: &[Arc<Entry<E>>],
    place: &mut usize,
    event: &mut E,
    exit: &mut Exit<E::Action>,
) -> bool {
    for entry in &steps[*place..] {
        let began = Instant::now();
        let goes_on = (entry.body.call)(event, exit);
        if entry.body.later.is_none() {
            entry.tally.took(began.elapsed());
        }
        if !goes_on {
            return false;
        }
        *place += 1;
    }
    true
}

/// What a panic carries.
pub(crate) struct Panicked(Box<dyn Any + Send>);

impl Panicked {
    #[cold]
    pub(crate) fn into_exit<A>(self) -> Exit<A> {
        Exit::Failed(FailureKind::panicked(&*self.0))
    }
}

/// Runs others' code. Unwind safety is asserted because a hook has the event by shared
/// reference, what a panic in `apply` leaves is the event's affair, and what a hook captured is
/// its own.
#[inline]
pub(crate) fn contained<T>(run: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(run)).map_err(Panicked)
}

/// Counts a dispatch that is dropped while a hook waits.
struct Dropped<'a, E: Event> {
    plan: Option<&'a ExecutionPlan<E>>,
    place: usize,
}

impl<E: Event> Dropped<'_, E> {
    fn disarm(mut self) {
        self.plan = None;
    }
}

impl<E: Event> Drop for Dropped<'_, E> {
    fn drop(&mut self) {
        if let Some(plan) = self.plan {
            plan.steps[self.place].tally.was_dropped();
            plan.counts.ended_at(self.place);
        }
    }
}

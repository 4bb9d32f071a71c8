//! Running an event through a plan.
//!
//! Sync hooks run in stretches: one plain loop, one `catch_unwind` around it, and a cell that
//! says how far it came. Only async hooks are awaited.

use std::{
    cell::Cell,
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
};

use tokio::time::Instant;

use crate::{
    Event, ExecutionPlan, FailureKind, HookFailure, OnFailure, body::Body, failure::BoxError,
    plan::Entry, running::Running,
};

/// How a dispatch ended: with the action that broke off, or with none because every hook has
/// run, or with the failure of a hook that stops the dispatch.
pub type DispatchResult<A> = Result<Option<A>, HookFailure>;

/// How far a dispatch has come.
pub(crate) enum Progress<A> {
    /// To its end.
    Ended(DispatchResult<A>),
    /// To an async hook.
    Awaits(Await),
}

/// The async hook that is next.
#[derive(Clone, Copy)]
pub(crate) struct Await {
    place: usize,
    is_timed: bool,
}

/// Why a stretch of sync hooks is over.
enum Stretch<A> {
    Through,
    Broke(A),
    Failed(FailureKind),
    Async,
}

impl<E: Event> ExecutionPlan<E> {
    /// Calls hook after hook until one breaks off.
    pub(crate) async fn run(&self, event: &mut E) -> DispatchResult<E::Action> {
        match self.begin(event) {
            Progress::Ended(result) => result,
            Progress::Awaits(next) => self.resume(event, next).await,
        }
    }

    /// The part of a dispatch before the first hook that may wait.
    pub(crate) fn begin(&self, event: &mut E) -> Progress<E::Action> {
        if self.counts.is_timed() {
            self.advance::<true>(event, 0)
        } else {
            self.advance::<false>(event, 0)
        }
    }

    /// The part from an async hook on.
    pub(crate) async fn resume(&self, event: &mut E, mut next: Await) -> DispatchResult<E::Action> {
        loop {
            let Await { place, is_timed } = next;
            let entry = &*self.steps[place];
            let called = if entry.tally.is_disabled() {
                Err(None)
            } else {
                let dropped = Dropped {
                    plan: Some(self),
                    place,
                };
                let called = call(entry, event, is_timed).await;
                dropped.disarm();
                called.map_err(Some)
            };
            let ended = match called.map(|action| contained(|| event.apply(action))) {
                Ok(Ok(ControlFlow::Continue(()))) => {
                    entry.tally.succeeded();
                    ControlFlow::Continue(())
                }
                Ok(Ok(ControlFlow::Break(action))) => {
                    entry.tally.succeeded();
                    ControlFlow::Break(self.broke(place, action))
                }
                Ok(Err(panic)) => self.failed(event, place, panic),
                Err(failure) => {
                    let disabled = || disabled(entry);
                    self.failed(event, place, failure.unwrap_or_else(disabled))
                }
            };
            if let ControlFlow::Break(result) = ended {
                return result;
            }
            let progress = if is_timed {
                self.advance::<true>(event, place + 1)
            } else {
                self.advance::<false>(event, place + 1)
            };
            match progress {
                Progress::Ended(result) => return result,
                Progress::Awaits(then) => next = then,
            }
        }
    }

    /// Calls sync hooks from a place on.
    fn advance<const TIMED: bool>(&self, event: &mut E, from: usize) -> Progress<E::Action> {
        let place = Cell::new(from);
        loop {
            let stretch = contained(|| self.stretch::<TIMED>(event, &place));
            let ended = match stretch.unwrap_or_else(Stretch::Failed) {
                Stretch::Through => {
                    self.counts.went_to_the_end();
                    return Progress::Ended(Ok(None));
                }
                Stretch::Async => {
                    return Progress::Awaits(Await {
                        place: place.get(),
                        is_timed: TIMED,
                    });
                }
                Stretch::Broke(action) => ControlFlow::Break(self.broke(place.get(), action)),
                Stretch::Failed(kind) => self.failed(event, place.get(), kind),
            };
            if let ControlFlow::Break(result) = ended {
                return Progress::Ended(result);
            }
            place.set(place.get() + 1);
        }
    }

    /// The loop over sync hooks. `place` tells where it is, also to one who catches its panic.
    #[inline]
    fn stretch<const TIMED: bool>(&self, event: &mut E, place: &Cell<usize>) -> Stretch<E::Action> {
        for (at, entry) in self.steps.iter().enumerate().skip(place.get()) {
            place.set(at);
            let Body::Sync(call) = &entry.body else {
                return Stretch::Async;
            };
            if entry.disable_after.is_some() && entry.tally.is_disabled() {
                return Stretch::Failed(disabled(entry));
            }
            let began = TIMED.then(Instant::now);
            let applied = call(event);
            if let Some(began) = began {
                entry.tally.took(began.elapsed());
            }
            match applied {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(action)) => return Stretch::Broke(action),
                Err(error) => return Stretch::Failed(FailureKind::Failed(error)),
            }
            if entry.disable_after.is_some() {
                entry.tally.succeeded();
            }
        }
        Stretch::Through
    }

    /// A hook's action ends the dispatch.
    #[cold]
    fn broke(&self, place: usize, action: E::Action) -> DispatchResult<E::Action> {
        self.steps[place].tally.broke();
        self.counts.ended_at(place);
        Ok(Some(action))
    }

    /// A hook has failed: whether, and how, that ends the dispatch.
    #[cold]
    fn failed(
        &self,
        event: &mut E,
        place: usize,
        kind: FailureKind,
    ) -> ControlFlow<DispatchResult<E::Action>> {
        let entry = &self.steps[place];
        let failure = HookFailure {
            event: E::NAME,
            hook: entry.spec.name.clone(),
            kind,
        };
        entry.tally.failed(&failure);
        match entry.on_failure {
            OnFailure::Continue => {}
            OnFailure::Stop => {
                self.counts.ended_at(place);
                return ControlFlow::Break(Err(failure));
            }
            OnFailure::DisableAfter(limit) => {
                if !matches!(failure.kind, FailureKind::Disabled(_)) {
                    entry.tally.failed_again(limit.get());
                }
            }
        }
        match event.on_failure(&failure).map(|action| event.apply(action)) {
            Some(ControlFlow::Break(action)) => ControlFlow::Break(self.broke(place, action)),
            Some(ControlFlow::Continue(())) | None => ControlFlow::Continue(()),
        }
    }
}

/// One call of an async hook.
///
/// The event comes as `&mut` although a hook only reads it: a `&E` held across the await would
/// make the whole dispatch `Send` only for events that are `Sync`.
async fn call<E: Event>(
    entry: &Entry<E>,
    event: &mut E,
    is_timed: bool,
) -> Result<E::Action, FailureKind> {
    let began = is_timed.then(Instant::now);
    let Body::Async(hook) = &entry.body else {
        let error: BoxError = "a sync hook was awaited, which is a bug of the dispatch".into();
        return Err(FailureKind::Failed(error));
    };
    // Making the future is the hook's code as well and may panic before the first poll.
    let answer = contained(|| hook.call(event))?;
    let (outcome, began) = Running::new(answer, entry.timeout, began).await;
    if let Some(began) = began {
        entry.tally.took(began.elapsed());
    }
    outcome
}

/// Runs others' code. Unwind safety is asserted because a hook has the event by shared
/// reference, what a panic in `apply` leaves is the event's affair, and what a hook captured is
/// its own.
#[inline]
fn contained<T>(run: impl FnOnce() -> T) -> Result<T, FailureKind> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|payload| FailureKind::panicked(&*payload))
}

#[cold]
fn disabled<E: Event>(entry: &Entry<E>) -> FailureKind {
    FailureKind::Disabled(entry.disable_after.unwrap_or(std::num::NonZeroU32::MIN))
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

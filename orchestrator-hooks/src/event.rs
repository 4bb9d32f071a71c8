//! What happens, and what may be done about it.

use std::ops::ControlFlow;

use crate::HookFailure;

/// Something that happens, to which hooks may react.
///
/// The action type belongs to the event, so each event has exactly the reactions that it can
/// carry out. What changes or ends a dispatch is decided here and by the failing hook's policy:
///
/// | what | decided by | default |
/// |---|---|---|
/// | a hook returned an action | [`apply`](Event::apply) | none, you write it |
/// | a hook failed | its [`OnFailure`](crate::OnFailure), then [`on_failure`](Event::on_failure) | the hook is skipped |
/// | there are no more hooks | | the dispatch returns `Ok(None)` |
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    note = "implement `orchestrator_hooks::Event` for it: an action type, a name, and `apply`"
)]
pub trait Event: Send + 'static {
    /// What a hook may answer to this event.
    type Action: Send + 'static;

    /// The event's name in messages and explanations.
    const NAME: &'static str;

    /// Carries out the action of one hook.
    ///
    /// `Continue` goes on to the next hook, which sees the event as changed here. `Break` ends
    /// the dispatch, and its caller gets the action.
    ///
    /// It runs as a part of the hook's call, so a panic in here counts as that hook's. What it
    /// had changed by then stays changed: change the event last.
    fn apply(&mut self, action: Self::Action) -> ControlFlow<Self::Action>;

    /// The action that stands in for a hook that failed; it goes through
    /// [`apply`](Event::apply) like any other.
    ///
    /// By default there is none and the hook is skipped, which is right for hooks that observe.
    /// An event whose hooks *forbid* things should answer with its refusal: otherwise a guard
    /// that crashes, hangs or was disabled lets everything pass. A panic in here is not
    /// contained.
    fn on_failure(&self, failure: &HookFailure) -> Option<Self::Action> {
        let _ = failure;
        None
    }
}

//! What happens, and what may be done about it.

use std::ops::ControlFlow;

/// Something that happens, to which hooks may react.
///
/// The action type belongs to the event, so each event has exactly the reactions that it can
/// carry out. Three things stop or change a dispatch, and all three are decided here:
///
/// | what | decided by | default |
/// |---|---|---|
/// | a hook returned an action | [`apply`](Event::apply) | none, you write it |
/// | a hook panicked | [`on_panic`](Event::on_panic) | the hook is skipped |
/// | there are no more hooks | | [`dispatch`](crate::HookRegistry::dispatch) returns `None` |
pub trait Event: Send + 'static {
    /// What a hook may answer to this event.
    type Action: Send;

    /// The event's name in messages and explanations.
    const NAME: &'static str;

    /// Carries out the action of one hook.
    ///
    /// `Continue` goes on to the next hook, which sees the event as changed here. `Break` ends
    /// the dispatch, and its caller gets the action. A panic in here is the event's own and is
    /// not contained.
    fn apply(&mut self, action: Self::Action) -> ControlFlow<Self::Action>;

    /// The action that stands in for a hook that panicked; it goes through
    /// [`apply`](Event::apply) like any other.
    ///
    /// By default there is none and the hook is skipped, which is right for hooks that observe.
    /// An event whose hooks *forbid* things should answer with its refusal: otherwise a guard
    /// that crashes lets everything pass.
    fn on_panic(&self, hook: &str) -> Option<Self::Action> {
        let _ = hook;
        None
    }
}

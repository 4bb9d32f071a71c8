//! Events of a mission.

use std::ops::ControlFlow;

use orchestrator_hooks::{Event, HookFailure};

use super::unanswered;
use crate::git::{FileChange, ObjectId};
use crate::plan::PlanItem;

/// A mission has been opened; nothing is planned yet.
#[derive(Debug, Clone)]
pub struct MissionStarted {
    /// The mission.
    pub mission: String,
    /// What it is to reach.
    pub objective: String,
    /// The model that works for it.
    pub model: String,
}

/// A plan has been made and validated; it is not written down yet.
#[derive(Debug, Clone)]
pub struct PlanReady {
    /// Which plan of the mission it is, from 0.
    pub iteration: u32,
    /// What is to be done.
    pub items: Vec<PlanItem>,
}

/// A piece of work is about to go into the landing queue: it has passed its checks and its review.
#[derive(Debug, Clone)]
pub struct BeforeLanding {
    /// The item.
    pub task: String,
    /// Which attempt at it this is, from 1.
    pub attempt: u32,
    /// Its commit.
    pub commit: ObjectId,
}

/// The whole result has passed its checks, and is about to be sealed.
#[derive(Debug, Clone)]
pub struct BeforeSeal {
    /// The mission.
    pub mission: String,
    /// The result.
    pub commit: ObjectId,
}

/// What a hook can do about a step of a mission that is not taken yet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepAction {
    /// Let it be taken.
    Proceed,
    /// Keep it from being taken, and this is why.
    Refuse(String),
}

fn refused(action: StepAction) -> ControlFlow<StepAction> {
    match action {
        StepAction::Proceed => ControlFlow::Continue(()),
        refuse @ StepAction::Refuse(_) => ControlFlow::Break(refuse),
    }
}

macro_rules! steps {
    ($($event:ty: $name:literal,)*) => {
        $(impl Event for $event {
            type Action = StepAction;
            const NAME: &'static str = $name;

            fn apply(&mut self, action: StepAction) -> ControlFlow<StepAction> {
                refused(action)
            }

            /// A guard that failed has not allowed anything.
            fn on_failure(&self, failure: &HookFailure) -> Option<StepAction> {
                Some(StepAction::Refuse(unanswered(failure)))
            }
        })*
    };
}

steps! {
    MissionStarted: "mission_started",
    PlanReady: "plan_ready",
    BeforeLanding: "before_landing",
    BeforeSeal: "before_seal",
}

/// An item has landed: its work is in the result.
#[derive(Debug, Clone)]
pub struct TaskCompleted {
    /// The item.
    pub task: String,
    /// Its commit in the result.
    pub commit: ObjectId,
    /// The files that it changes.
    pub files: Vec<FileChange>,
    /// What is to be written down about it.
    pub notes: Vec<String>,
}

/// A mission has ended, whatever the outcome; its sessions are closed.
#[derive(Debug, Clone)]
pub struct Shutdown {
    /// The mission.
    pub mission: String,
    /// Whether the result was sealed.
    pub is_sealed: bool,
    /// What is to be written down about it.
    pub notes: Vec<String>,
}

/// What a hook can do about what has happened: it cannot be undone, only remarked on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RemarkAction {
    /// Nothing.
    Silent,
    /// Write this into the journal.
    Note(String),
}

macro_rules! facts {
    ($($event:ty: $name:literal,)*) => {
        $(impl Event for $event {
            type Action = RemarkAction;
            const NAME: &'static str = $name;

            fn apply(&mut self, action: RemarkAction) -> ControlFlow<RemarkAction> {
                if let RemarkAction::Note(note) = action {
                    self.notes.push(note);
                }
                ControlFlow::Continue(())
            }

            /// It is no use to stop, and wrong to say nothing.
            fn on_failure(&self, failure: &HookFailure) -> Option<RemarkAction> {
                Some(RemarkAction::Note(failure.to_string()))
            }
        })*
    };
}

facts! {
    TaskCompleted: "task_completed",
    Shutdown: "shutdown",
}

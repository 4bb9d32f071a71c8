//! What happens in a mission, as it is journaled and shown.

use orchestrator_memory::{MemoryChange, MemorySnapshot};
use orchestrator_tools::Effect;
use serde::{Deserialize, Serialize};

use crate::check::Check;
use crate::git::{FileChange, ObjectId};
use crate::mission::Decision;
use crate::plan::PlanItem;
use crate::receipt::{Receipt, Stage};
use crate::report::{Change, Finding};
use crate::role::Role;
use crate::warm::SessionOrigin;

/// One event. All but [`CheckStarted`](Self::CheckStarted),
/// [`SessionStarted`](Self::SessionStarted) and
/// [`SessionWaits`](Self::SessionWaits), which only progress displays
/// need, stand in the journal; the state of a mission is what they add up to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum MissionEvent {
    /// The mission began.
    MissionOpened {
        /// Its id.
        mission: String,
        /// What the user asked for.
        objective: String,
        /// The branch that is to receive the result, if one is checked out.
        branch: Option<String>,
        /// The commit that the mission starts from.
        base: ObjectId,
        /// The model.
        model: String,
        /// How many Workers work at once.
        workers: usize,
        /// Whether a waiver forbids the seal.
        strict: bool,
        /// What the user should know.
        notes: Vec<String>,
    },
    /// The checks that prove work in this mission. None where the user allowed
    /// that.
    ChecksFound {
        /// The checks.
        checks: Vec<Check>,
    },
    /// The Commander chose the next step.
    Decided {
        /// The step.
        decision: Decision,
        /// Why.
        reason: String,
    },
    /// A session was opened.
    SessionStarted {
        /// Its role.
        role: Role,
        /// The item that it works on, if one.
        task: Option<String>,
        /// Whether it was there before.
        origin: SessionOrigin,
    },
    /// A session that is wanted has to wait.
    SessionWaits {
        /// Its role.
        role: Role,
        /// The item that it is to work on, if one.
        task: Option<String>,
        /// What for: "waits for a slot of role `worker`: 10 of 10 taken".
        reason: String,
    },
    /// A session ended.
    SessionEnded {
        /// Its role.
        role: Role,
        /// The item that it worked on, if one.
        task: Option<String>,
        /// Model calls that it made.
        model_calls: usize,
        /// Tools that it called.
        tool_calls: usize,
    },
    /// A tool is about to be called.
    ToolIntended {
        /// The caller.
        role: Role,
        /// The item, if one.
        task: Option<String>,
        /// The tool.
        tool: String,
        /// What repeating the call would do.
        effect: Effect,
    },
    /// A tool call ended.
    ToolEnded {
        /// The caller.
        role: Role,
        /// The item, if one.
        task: Option<String>,
        /// The tool.
        tool: String,
        /// Why it failed, if it did.
        error: Option<String>,
        /// BLAKE3 of its result.
        digest: String,
    },
    /// The Planner's items were taken into the plan.
    PlanReady {
        /// How many plans there were before this one.
        iteration: u32,
        /// The new items.
        items: Vec<PlanItem>,
        /// What the Planner wants the user to know.
        notes: Vec<String>,
    },
    /// A Worker took an item.
    TaskStarted {
        /// The item.
        task: String,
        /// Which attempt, from 1.
        attempt: u32,
        /// The commit that it works on.
        base: ObjectId,
    },
    /// A Worker handed in a change, which is now kept under a ref.
    WorkDone {
        /// The item.
        task: String,
        /// Which attempt.
        attempt: u32,
        /// The commit.
        commit: ObjectId,
        /// The ref that keeps it.
        kept: String,
        /// The files it changes.
        files: Vec<FileChange>,
        /// What the Worker says.
        summary: String,
    },
    /// A check is running.
    CheckStarted {
        /// When.
        stage: Stage,
        /// The item, if one.
        task: Option<String>,
        /// The check.
        check: String,
    },
    /// A check ran.
    CheckRan {
        /// What it showed.
        receipt: Receipt,
    },
    /// The Reviewer judged a change that passed its checks.
    Reviewed {
        /// The item.
        task: String,
        /// Which attempt.
        attempt: u32,
        /// Whether it may land.
        approved: bool,
        /// What the Reviewer found.
        findings: Vec<Finding>,
    },
    /// An attempt failed.
    TaskRejected {
        /// The item.
        task: String,
        /// Which attempt.
        attempt: u32,
        /// Why.
        reason: String,
        /// The receipt that shows it, if a check failed.
        receipt: Option<u32>,
        /// What the attempt had applied.
        applied: Vec<Change>,
        /// The ref that keeps the attempt, if it changed anything.
        kept: Option<String>,
    },
    /// A verified change does not merge with what landed before it; the item
    /// is done again on the new state.
    TaskConflicted {
        /// The item.
        task: String,
        /// Which attempt.
        attempt: u32,
        /// The files that do not merge.
        files: Vec<String>,
    },
    /// A change landed in the mission's result.
    TaskLanded {
        /// The item.
        task: String,
        /// Which attempt.
        attempt: u32,
        /// The commit in the result.
        commit: ObjectId,
        /// The files it changes.
        files: Vec<FileChange>,
        /// What the Worker left out of the item.
        left_out: Vec<Change>,
    },
    /// The orchestrator itself found that nothing is left to do for an item.
    TaskUnneeded {
        /// The item.
        task: String,
        /// How it knows.
        reason: String,
    },
    /// An item was given up.
    TaskWaived {
        /// The item.
        task: String,
        /// Why.
        reason: String,
        /// The receipt that shows it, if a check failed.
        receipt: Option<u32>,
    },
    /// A hand edit of `todo.md` was taken up.
    HandEdited {
        /// What was done about it.
        note: String,
    },
    /// Something came up that the user should know.
    Noted {
        /// What.
        note: String,
    },
    /// The whole result was checked in a clean checkout.
    MissionVerified {
        /// The commit.
        commit: ObjectId,
        /// Its receipts; empty where the user allowed work without checks.
        receipts: Vec<u32>,
        /// Whether all passed.
        passed: bool,
    },
    /// The mission is sealed.
    Sealed {
        /// The result.
        commit: ObjectId,
        /// Its tree.
        tree: ObjectId,
        /// Items that landed.
        landed: Vec<String>,
        /// Items that were given up, with the reason.
        waived: Vec<(String, String)>,
        /// The receipts that prove it.
        receipts: Vec<u32>,
        /// Whether nothing proves it, because the user allowed that.
        unverified: bool,
    },
    /// The result reached the user's branch, or waits.
    Delivered {
        /// Where the result is.
        branch: String,
        /// Why it waits on a branch of its own, if it does.
        waits_because: Option<String>,
    },
    /// What is remembered about the repository from mission to mission has
    /// changed; this also happens between missions.
    MemoryChanged {
        /// How.
        changes: Vec<MemoryChange>,
    },
    /// All that is remembered about the repository, in place of the changes
    /// before.
    MemorySaved {
        /// All of it.
        snapshot: MemorySnapshot,
    },
    /// The mission is over.
    MissionEnded {
        /// How.
        outcome: Outcome,
        /// In a sentence.
        reason: String,
    },
}

impl MissionEvent {
    /// The item that the event is about, if it changes how one stands.
    #[must_use]
    pub fn task(&self) -> Option<&str> {
        match self {
            Self::TaskStarted { task, .. }
            | Self::WorkDone { task, .. }
            | Self::Reviewed { task, .. }
            | Self::TaskRejected { task, .. }
            | Self::TaskConflicted { task, .. }
            | Self::TaskLanded { task, .. }
            | Self::TaskUnneeded { task, .. }
            | Self::TaskWaived { task, .. } => Some(task),
            _ => None,
        }
    }

    /// The event's name, which is its kind in the journal.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::MissionOpened { .. } => "mission_opened",
            Self::ChecksFound { .. } => "checks_found",
            Self::Decided { .. } => "decided",
            Self::SessionStarted { .. } => "session_started",
            Self::SessionWaits { .. } => "session_waits",
            Self::SessionEnded { .. } => "session_ended",
            Self::ToolIntended { .. } => "tool_intended",
            Self::ToolEnded { .. } => "tool_ended",
            Self::PlanReady { .. } => "plan_ready",
            Self::TaskStarted { .. } => "task_started",
            Self::WorkDone { .. } => "work_done",
            Self::CheckStarted { .. } => "check_started",
            Self::CheckRan { .. } => "check_ran",
            Self::Reviewed { .. } => "reviewed",
            Self::TaskRejected { .. } => "task_rejected",
            Self::TaskConflicted { .. } => "task_conflicted",
            Self::TaskLanded { .. } => "task_landed",
            Self::TaskUnneeded { .. } => "task_unneeded",
            Self::TaskWaived { .. } => "task_waived",
            Self::HandEdited { .. } => "hand_edited",
            Self::Noted { .. } => "noted",
            Self::MissionVerified { .. } => "mission_verified",
            Self::Sealed { .. } => "sealed",
            Self::Delivered { .. } => "delivered",
            Self::MemoryChanged { .. } => "memory_changed",
            Self::MemorySaved { .. } => "memory_saved",
            Self::MissionEnded { .. } => "mission_ended",
        }
    }
}

/// How a mission ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// With a seal.
    Sealed,
    /// Without one.
    Unsealed,
    /// The objective could not be mapped to work.
    Refused,
    /// The user stopped it.
    Interrupted,
    /// Something broke that has nothing to do with the work.
    Failed,
}

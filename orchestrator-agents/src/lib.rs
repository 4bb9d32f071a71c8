//! Missions for coding agents: an objective and a git repository in, verified
//! commits out.
//!
//! - [`run_mission`] runs one: Commander, Planner, Workers, Reviewer, landing
//!   queue, seal. [`MissionOptions`] says what is wanted; an [`Observer`]
//!   watches; the journal in `.orchestrator/` has everything that happened.
//! - [`LanguageModel`] is what thinks. [`MechanicalModel`], the default, needs
//!   no key and no network: it maps an objective to mechanical work, or refuses.
//! - [`SessionBackend`] is where conversations live; [`NativeBackend`] is this
//!   process. [`AgentRun`] is the agent loop without I/O.
//! - [`Plan`], [`PlanItem`] and [`Action`] are what is to be done, [`Receipt`]
//!   is what was seen, [`MissionState`] is what the events add up to.
//! - [`MissionMemory`] is what a mission's sessions remember together,
//!   [`ProjectMemory`] what stays from mission to mission.
//! - [`Hooks`] react to what sessions do.
//!
//! The other crates of the workspace are re-exported by name: [`core`],
//! [`hooks`], [`memory`], [`pool`], [`state`], [`tools`].
//!
//! ```no_run
//! use std::sync::Arc;
//! use orchestrator_agents::{MechanicalModel, MissionOptions, Unobserved, run_mission};
//!
//! # async fn example() -> Result<(), orchestrator_agents::MissionError> {
//! let options = MissionOptions::new("apply clippy suggestions", "path/to/repository");
//! let model = Arc::new(MechanicalModel::new());
//! let summary = run_mission(options, model, Arc::new(Unobserved), Default::default()).await?;
//! println!("{:?}: {}", summary.outcome, summary.reason);
//! # Ok(())
//! # }
//! ```

mod admission;
mod agent_run;
mod brief;
mod check;
mod event;
mod git;
mod hook;
mod locked;
mod mechanical;
mod mission;
mod mission_memory;
mod model;
mod native;
mod plan;
mod receipt;
mod recorder;
mod report;
mod repository;
mod role;
mod session;
mod tokens;
mod verify;
mod warm;
mod workspace;

pub use orchestrator_core as core;
pub use orchestrator_hooks as hooks;
pub use orchestrator_memory as memory;
pub use orchestrator_pool as pool;
pub use orchestrator_state as state;
pub use orchestrator_tools as tools;

pub use admission::{process_admission, session_admission};
pub use agent_run::{AgentRun, AgentStep, TurnEnd};
pub use brief::{
    CheckName, CommanderBrief, Failure, PlannerBrief, ReviewerBrief, WaivedPart, WorkerBrief,
};
pub use check::{Check, Scope, find_checks};
pub use event::{MissionEvent, Outcome};
pub use git::{FileChange, Git, GitError, ObjectId};
pub use hook::{
    AfterModelAction, AfterModelCall, AfterToolAction, AfterToolCall, BeforeLanding,
    BeforeModelAction, BeforeModelCall, BeforeSeal, BeforeToolAction, BeforeToolCall, Hooks,
    MEMORY_TOKENS, Metrics, MissionStarted, PlanReady, Redactor, RemarkAction, SessionReset,
    SessionResetAction, Shutdown, StepAction, StreamRedactor, TaskCompleted, ToolMetrics,
    TurnAction, TurnFinished,
};
pub use locked::holds_checks;
pub use mechanical::{KNOWN_MISSIONS, MechanicalModel, Objective, ObjectiveError};
pub use mission::{
    AfterRejection, Decision, ItemState, ItemStatus, JournalMemory, JournalMemoryError,
    MissionCheck, MissionDigest, MissionError, MissionOptions, MissionState, MissionSummary,
    ProjectMemory, StopSignal, TODO_FILE, run_mission,
};
pub use mission_memory::MissionMemory;
pub use model::{LanguageModel, Message, ModelError, ModelRequest, ModelResponse, ToolCall, Usage};
pub use native::NativeBackend;
pub use plan::{Action, Plan, PlanError, PlanItem, PlanProblem, PlanRules};
pub use receipt::{Receipt, Stage};
pub use recorder::{Observer, RecordError, Unobserved};
pub use report::{Change, DecisionReport, Finding, Verdict, WorkReport};
pub use repository::{Repository, RepositoryError};
pub use role::Role;
pub use session::{SessionBackend, SessionError, SessionId, SessionSpec, SessionWatcher, Turn};
pub use tokens::Tokens;
pub use verify::VerifyError;
pub use warm::{OpenSession, SessionCounts, SessionOrigin, WarmSessions};
pub use workspace::{Checkout, Workspace, WorkspaceError, cache_folder};

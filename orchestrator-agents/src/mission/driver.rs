//! Driving a mission: the Commander decides, this does it.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use orchestrator_core::{Scheduler, SchedulerConfig};
use orchestrator_memory::{MemoryConfig, NewEntry, OpenMemoryError, Tier};
use orchestrator_state::Holder;
use orchestrator_tools::{LintStore, ToolRegistry};
use tokio_util::sync::CancellationToken;

use super::Decision;
use super::admission::Door;
use super::dispatch::dispatch;
use super::error::MissionError;
use super::folder::{home_of, make_folder, open_journal};
use super::lock::RepositoryLock;
use super::options::MissionOptions;
use super::planning::plan;
use super::project_memory::ProjectMemory;
use super::prompts;
use super::seal::{seal, verify};
use super::shared::Shared;
use super::state::MissionState;
use super::stop::StopSignal;
use super::todo::TodoFile;
use crate::brief::CommanderBrief;
use crate::event::{MissionEvent, Outcome};
use crate::git::Git;
use crate::hook::{BeforeSeal, Hooks, Metrics, MissionStarted, Shutdown};
use crate::mission_memory::MissionMemory;
use crate::model::LanguageModel;
use crate::native::NativeBackend;
use crate::recorder::{Observer, Recorder};
use crate::report::DecisionReport;
use crate::repository::Repository;
use crate::role::Role;
use crate::tokens::Tokens;
use crate::verify::{Verifier, VerifierConfig};
use crate::warm::{SessionCounts, WarmSessions};
use crate::workspace::Workspace;

/// What a mission came to.
#[derive(Debug, Clone)]
pub struct MissionSummary {
    /// How it ended.
    pub outcome: Outcome,
    /// In a sentence.
    pub reason: String,
    /// Its last state.
    pub state: MissionState,
    /// From start to end.
    pub duration: Duration,
    /// The folder with the receipts.
    pub receipts: PathBuf,
    /// How many sessions there were, and how many of them were kept from a
    /// task before.
    pub sessions: SessionCounts,
    /// What its models and tools were asked for; with hooks that several missions share, of all
    /// of them.
    pub metrics: Metrics,
}

/// Runs a mission from the first look at the repository to its seal.
///
/// The user's working tree and branch are not touched before the seal. When
/// this returns, whatever it returns, no worktree and no process of the mission
/// is left; verified work that landed stays on the branch
/// `orchestrator/<mission>` until the user's branch has received it.
///
/// `stop` ends the mission at any point before the seal. From the seal on it is
/// brought to its end: see [`StopSignal`].
///
/// # Errors
/// [`MissionError`] where the mission could not be carried to an end. A mission
/// that ends without a seal is not an error: see [`MissionSummary::outcome`].
pub async fn run_mission(
    options: MissionOptions,
    model: Arc<dyn LanguageModel>,
    observer: Arc<dyn Observer>,
    stop: StopSignal,
) -> Result<MissionSummary, MissionError> {
    let started = Instant::now();
    let cancel = stop.token();
    let opened = open(options, &*model, observer, &cancel).await;
    let opened = match opened {
        Err(error) if error.is_cancelled() => return Err(MissionError::interrupted()),
        opened => opened?,
    };
    let recorder = opened.recorder.clone();
    let receipts = opened.receipts.clone();
    let result = match conduct(opened, model, &stop).await {
        // A tool that was cancelled is an answer to the model too, which may
        // make a refusal of it.
        Err(error)
            if cancel.is_cancelled()
                && (error.is_cancelled() || matches!(error, MissionError::Refused { .. })) =>
        {
            Err(MissionError::Interrupted {
                kept: kept_branch(&recorder.state()),
            })
        }
        result => result,
    };
    let (outcome, reason) = match &result {
        Ok(conducted) => conducted.ended.clone(),
        Err(MissionError::Interrupted { .. }) => {
            (Outcome::Interrupted, "the user stopped it".to_owned())
        }
        Err(error @ (MissionError::Refused { .. } | MissionError::NoChecks)) => {
            (Outcome::Refused, error.to_string())
        }
        Err(error @ MissionError::Baseline { .. }) => (Outcome::Unsealed, error.to_string()),
        Err(error) => (Outcome::Failed, error.to_string()),
    };
    let end = MissionEvent::MissionEnded {
        outcome,
        reason: reason.clone(),
    };
    let recorded = recorder.record(&end);
    let Conducted {
        sessions, metrics, ..
    } = result?;
    recorded?;
    let state = recorder.state().clone();
    Ok(MissionSummary {
        outcome,
        reason,
        state,
        duration: started.elapsed(),
        receipts,
        sessions,
        metrics,
    })
}

/// A mission that was carried to its end.
struct Conducted {
    ended: (Outcome, String),
    sessions: SessionCounts,
    metrics: Metrics,
}

/// The branch that keeps what has landed, if anything has.
fn kept_branch(state: &MissionState) -> Option<String> {
    (state.tip != state.base).then(|| format!("orchestrator/{}", state.mission))
}

/// A mission that stands in the journal, before it has a place to work in.
struct Opened {
    options: MissionOptions,
    repository: Repository,
    git: Git,
    mission: String,
    recorder: Recorder,
    receipts: PathBuf,
    todo: PathBuf,
    /// What is remembered from earlier missions, and what will be from this.
    project: ProjectMemory,
    lock: RepositoryLock,
}

/// Looks at the repository, takes its lock, opens the mission in the journal.
async fn open(
    options: MissionOptions,
    model: &dyn LanguageModel,
    observer: Arc<dyn Observer>,
    cancel: &CancellationToken,
) -> Result<Opened, MissionError> {
    let repository = Repository::inspect(&options.repository, cancel).await?;
    let git = Git::new(&repository.root, cancel.clone());
    let mission = mission_id();
    let holder = Holder::new(&mission);
    let (journal, report) = open_journal(&repository.root, &holder)?;
    let journal = Arc::new(journal);
    let lock = RepositoryLock::take(&git, &holder).await?;
    // A budget is in the model's own tokens, where they are known.
    let config = MemoryConfig::default().with_counter(Tokens::of_model(model.name()));
    let project = ProjectMemory::of(
        Arc::clone(&journal),
        &repository.root,
        config,
        Arc::clone(&observer),
    )?;
    let recorder = Recorder::new(journal, observer)?;
    let mut notes = repository.notes.clone();
    if report.cut_bytes > 0 {
        notes.push(format!(
            "the journal ended in {} bytes of a record that was never acknowledged; they were cut",
            report.cut_bytes
        ));
    }
    recorder.record(&MissionEvent::MissionOpened {
        mission: mission.clone(),
        objective: options.objective.clone(),
        branch: repository.branch.clone(),
        base: repository.head.clone(),
        model: model.name().to_owned(),
        workers: options.workers.get(),
        strict: options.strict,
        notes,
    })?;
    let folder = home_of(&repository.root);
    let receipts = folder.join("receipts").join(&mission);
    make_folder(&receipts)?;
    let todo = folder.join(super::TODO_FILE);
    Ok(Opened {
        options,
        repository,
        git,
        mission,
        recorder,
        receipts,
        todo,
        project,
        lock,
    })
}

/// An id that sorts by time and that no other mission has.
fn mission_id() -> String {
    let now = jiff::Zoned::now();
    let salt = format!("{}{}", std::process::id(), now.timestamp().as_nanosecond());
    let hash = blake3::hash(salt.as_bytes()).to_hex();
    format!("m{}-{}", now.strftime("%Y%m%d-%H%M%S"), &hash[..4])
}

/// Carries an opened mission to its end and cleans up after it.
async fn conduct(
    opened: Opened,
    model: Arc<dyn LanguageModel>,
    stop: &StopSignal,
) -> Result<Conducted, MissionError> {
    let cancel = stop.token();
    let Opened {
        options,
        repository,
        git,
        mission,
        recorder,
        receipts,
        todo,
        mut project,
        // Held to the end of the mission.
        lock: _lock,
    } = opened;
    let workspace = Workspace::create(&repository, &options.cache, &mission, &git).await?;
    let hooks = match &options.hooks {
        Some(hooks) => Arc::clone(hooks),
        None => Arc::new(Hooks::standard()?),
    };
    let checks = VerifierConfig {
        receipts,
        // One more than there are Workers: the landing queue checks too.
        parallel: options.workers.saturating_add(1),
        timeout: options.check_timeout,
        filters: hooks.redactor().output_filters(),
    };
    let verifier = Verifier::new(
        workspace.clone(),
        recorder.clone(),
        repository.head.clone(),
        checks,
        cancel.clone(),
    );
    let known = project.store();
    let known = known.map_err(|error| MissionError::Memory(OpenMemoryError::Backend(error)))?;
    // What comes later has a greater name.
    let last = known.entries().map(|entry| entry.id).max();
    let memory = MissionMemory::new(known);
    memory.remember(NewEntry::new(
        Tier::System,
        format!("The objective: {}", options.objective),
    ));
    let controller = options.admission.clone();
    let door = Door::new(controller, &mission, model.name(), cancel.clone());
    let started = MissionStarted {
        mission: mission.clone(),
        objective: options.objective.clone(),
        model: model.name().to_owned(),
    };
    let backend = NativeBackend::new(model, Arc::clone(&hooks));
    let shared = Arc::new(Shared {
        sessions: Arc::new(WarmSessions::new(Arc::new(backend))),
        tools: ToolRegistry::builtin(&Arc::new(LintStore::new()))?,
        door,
        hooks,
        memory,
        todo: TodoFile::new(todo),
        by_products: OnceLock::new(),
        cancel: cancel.clone(),
        stop: stop.clone(),
        options,
        repository,
        workspace,
        recorder,
        verifier,
    });
    let scheduler = Scheduler::new(SchedulerConfig::default());
    let may_begin = shared.is_refused(&shared.hooks.mission_started, started);
    let result = match may_begin.await {
        Ok(None) => command(&shared, &scheduler).await,
        Ok(Some(reason)) => Err(MissionError::Refused { reason }),
        Err(error) => Err(error),
    };
    // Ends what is still running, and with it the processes and worktrees that
    // it holds. The workspace goes when the last of its holders does: here.
    scheduler.shutdown().await;
    shared.sessions.close().await;
    shared.workspace.settled().await;
    // What was in work and was never judged is of no use to anyone.
    shared.workspace.drop_unjudged();
    let planned = shared.state().plans > 0;
    let edits = planned.then(|| shared.todo.close(&shared));
    let is_sealed = matches!(result, Ok((Outcome::Sealed, _)));
    let mut ended = Shutdown {
        mission: shared.workspace.mission().to_owned(),
        is_sealed,
        notes: Vec::new(),
    };
    let told = shared.hooks.shutdown.dispatch(&mut ended).await;
    let learnt = shared.memory.read();
    let earned = learnt.entries().filter(|entry| {
        // What was of use for so long that it outlives the mission.
        entry.tier == Tier::Project && entry.superseded_by.is_none() && Some(entry.id) > last
    });
    let kept = project.remember_all(earned.map(|entry| NewEntry::from(&entry)));
    // The mission's own end is the first thing to tell of.
    let outcome = result?;
    kept.map_err(MissionError::Remember)?;
    told?;
    shared.note(ended.notes)?;
    for note in edits.transpose()?.unwrap_or_default().notes {
        shared.record(&MissionEvent::HandEdited { note })?;
    }
    Ok(Conducted {
        ended: outcome,
        sessions: shared.sessions.counts(),
        metrics: shared.hooks.metrics(),
    })
}

/// The Commander's loop.
async fn command(
    shared: &Arc<Shared>,
    scheduler: &Scheduler,
) -> Result<(Outcome, String), MissionError> {
    loop {
        if shared.cancel.is_cancelled() {
            return Err(MissionError::interrupted());
        }
        let DecisionReport { decision, reason } = decide(shared).await?;
        shared.record(&MissionEvent::Decided {
            decision,
            reason: reason.clone(),
        })?;
        match decision {
            Decision::Refuse => return Err(MissionError::Refused { reason }),
            Decision::Plan => plan(shared).await?,
            Decision::Dispatch => dispatch(shared, scheduler).await?,
            Decision::Verify => verify(shared).await?,
            Decision::Stop => return Ok((Outcome::Unsealed, reason)),
            Decision::Seal => {
                let step = BeforeSeal {
                    mission: shared.workspace.mission().to_owned(),
                    commit: shared.tip(),
                };
                if let Some(reason) = shared.is_refused(&shared.hooks.before_seal, step).await? {
                    return Ok((Outcome::Unsealed, reason));
                }
                seal(shared).await?;
                return Ok((Outcome::Sealed, reason));
            }
        }
    }
}

async fn decide(shared: &Shared) -> Result<DecisionReport, MissionError> {
    let (state, possible) = {
        let state = shared.state();
        (state.digest(), state.possible(shared.options.max_plans))
    };
    let objective = shared.options.objective.clone();
    let brief = CommanderBrief {
        objective,
        state,
        possible: possible.clone(),
    };
    // The Commander has no tools; it is shown the state, not the files.
    let worktree = orchestrator_tools::Worktree::new(&shared.repository.root);
    let accept = move |report: &DecisionReport| {
        if possible.contains(&report.decision) {
            return Ok(());
        }
        let names: Vec<_> = possible.iter().map(ToString::to_string).collect();
        Err(format!(
            "`{}` is not possible now; choose one of {}",
            report.decision,
            names.join(", ")
        ))
    };
    shared
        .ask(
            Role::Commander,
            None,
            worktree,
            prompts::commander(&brief),
            accept,
        )
        .await
}

//! Driving a mission: the Commander decides, this does it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use orchestrator_core::{Scheduler, SchedulerConfig};
use orchestrator_memory::{MemoryConfig, MemoryStore, NewEntry, Tier};
use orchestrator_state::{Holder, Journal, OpenError};
use orchestrator_tools::{LintStore, ToolRegistry};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::Decision;
use super::dispatch::dispatch;
use super::error::MissionError;
use super::options::MissionOptions;
use super::prompts;
use super::shared::{RoleSlots, Shared};
use super::state::{ItemStatus, MissionState};
use super::stop::StopSignal;
use super::todo::TodoFile;
use crate::brief::{CheckName, CommanderBrief, PlannerBrief};
use crate::check::{Check, Scope, find_checks, with_package_checks};
use crate::event::{MissionEvent, Outcome};
use crate::git::{Git, ObjectId};
use crate::hook::Hooks;
use crate::model::LanguageModel;
use crate::native::NativeBackend;
use crate::plan::{Action, Plan, PlanRules};
use crate::receipt::Stage;
use crate::recorder::{Observer, Recorder};
use crate::report::DecisionReport;
use crate::repository::Repository;
use crate::role::Role;
use crate::verify::Verifier;
use crate::workspace::{Checkout, Workspace};

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
        Ok(ended) => ended.clone(),
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
    result?;
    recorded?;
    let state = recorder.state().clone();
    Ok(MissionSummary {
        outcome,
        reason,
        state,
        duration: started.elapsed(),
        receipts,
    })
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
    let folder = state_folder(&repository.root)?;
    let mission = mission_id();
    let holder = Holder::new(&mission);
    let journal_folder = folder.join("journal");
    let (journal, report) =
        Journal::open(&journal_folder, &holder).map_err(|error| match error {
            OpenError::Held { holder, .. } => MissionError::Held { holder },
            source => MissionError::Journal {
                folder: journal_folder.clone(),
                source,
            },
        })?;
    let recorder = Recorder::new(Arc::new(journal), observer);
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
    })
}

/// The folder for state in the repository. It ignores itself, so that nothing
/// of the user's has to say so.
fn state_folder(root: &Path) -> Result<PathBuf, MissionError> {
    let folder = root.join(".orchestrator");
    make_folder(&folder)?;
    let ignore = folder.join(".gitignore");
    if !ignore.exists() {
        std::fs::write(&ignore, "*\n").map_err(|source| MissionError::State {
            path: ignore.clone(),
            source,
        })?;
    }
    Ok(folder)
}

fn make_folder(path: &Path) -> Result<(), MissionError> {
    std::fs::create_dir_all(path).map_err(|source| MissionError::State {
        path: path.to_owned(),
        source,
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
) -> Result<(Outcome, String), MissionError> {
    let cancel = stop.token();
    let Opened {
        options,
        repository,
        git,
        mission,
        recorder,
        receipts,
        todo,
    } = opened;
    let workspace = Workspace::create(&repository, &options.cache, &mission, &git).await?;
    let verifier = Verifier::new(
        workspace.clone(),
        recorder.clone(),
        receipts,
        repository.head.clone(),
        // One more than there are Workers: the landing queue checks too.
        options.workers.saturating_add(1),
        options.check_timeout,
        cancel.clone(),
    );
    let mut memory = MemoryStore::new(MemoryConfig::default());
    memory.add(NewEntry::new(
        Tier::System,
        format!("The objective: {}", options.objective),
    ));
    let shared = Arc::new(Shared {
        backend: Arc::new(NativeBackend::new(model, Arc::new(Hooks::standard()?))),
        tools: ToolRegistry::builtin(&Arc::new(LintStore::new()))?,
        slots: RoleSlots::new(options.workers),
        memory: Mutex::new(memory),
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
    let scheduler = Scheduler::new(SchedulerConfig::new(shared.options.workers));
    let result = command(&shared, &scheduler).await;
    // Ends what is still running, and with it the processes and worktrees that
    // it holds. The workspace goes when the last of its holders does: here.
    scheduler.shutdown().await;
    shared.workspace.settled().await;
    // What was in work and was never judged is of no use to anyone.
    shared.workspace.drop_unjudged();
    let planned = shared.state().plans > 0;
    let edits = planned.then(|| shared.todo.close(&shared));
    let ended = result?;
    for note in edits.transpose()?.unwrap_or_default().notes {
        shared.record(&MissionEvent::HandEdited { note })?;
    }
    Ok(ended)
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

/// Has the Planner write items. The first time, the untouched repository has to
/// pass its own checks meanwhile.
async fn plan(shared: &Shared) -> Result<(), MissionError> {
    let tip = shared.tip();
    let checkout = shared.workspace.checkout("plan", &tip).await?;
    if shared.state().checks.is_none() {
        find(shared, &checkout).await?;
        // Side by side; but where the untouched repository does not pass, that
        // is the answer, whatever became of the plan.
        let (passed, planned) =
            tokio::join!(baseline(shared, &tip), write_plan(shared, &checkout, &tip));
        passed?;
        planned?;
    } else {
        write_plan(shared, &checkout, &tip).await?;
    }
    shared.todo.write(shared)
}

/// Finds the checks.
async fn find(shared: &Shared, checkout: &Checkout) -> Result<(), MissionError> {
    let given = &shared.options.checks;
    let mut checks = if given.is_empty() {
        find_checks(checkout.path())
    } else {
        given.iter().map(Check::repository).collect()
    };
    if checks.is_empty() && !shared.options.allow_unverified {
        return Err(MissionError::NoChecks);
    }
    if given.is_empty()
        && checks
            .iter()
            .any(|check| check.command.starts_with("cargo "))
    {
        let context = shared.context(checkout.worktree());
        let answer = shared.tools.call("packages", &context, json!({})).await?;
        let packages: Vec<_> = answer["packages"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|package| package["name"].as_str().map(str::to_owned))
            .collect();
        checks = with_package_checks(checks, &packages);
    }
    shared.record(&MissionEvent::ChecksFound { checks })?;
    Ok(())
}

/// Runs the checks on the untouched repository: one that fails there could
/// prove nothing later.
async fn baseline(shared: &Shared, base: &ObjectId) -> Result<(), MissionError> {
    let checks = shared.state().repository_checks();
    let (verified, debris) = shared
        .verifier
        .clean(Stage::Baseline, base, &checks)
        .await?;
    if let Some(receipt) = verified.failure() {
        return Err(MissionError::Baseline {
            receipt: Box::new(receipt.clone()),
        });
    }
    let mut dropped = Vec::new();
    let mut rewritten = Vec::new();
    for line in &debris {
        // Two letters of status and a space stand before each path.
        let (Some(status), Some(path)) = (line.get(..2), line.get(3..)) else {
            continue;
        };
        if status == "??" || is_lock_file(path) {
            dropped.push(path.to_owned());
        } else {
            rewritten.push(path.to_owned());
        }
    }
    if !rewritten.is_empty() {
        let note = format!(
            "the checks change files that git tracks ({}); what they change is not kept",
            rewritten.join(", ")
        );
        shared.record(&MissionEvent::Noted { note })?;
    }
    // Set once: this runs once a mission.
    let _ = shared.by_products.set(dropped);
    Ok(())
}

/// Files that package managers bring up to date whenever they run.
fn is_lock_file(path: &str) -> bool {
    const NAMES: [&str; 6] = [
        "Cargo.lock",
        "package-lock.json",
        "pnpm-lock.yaml",
        "yarn.lock",
        "go.sum",
        "uv.lock",
    ];
    NAMES.contains(&path.rsplit('/').next().unwrap_or(path))
}

async fn write_plan(
    shared: &Shared,
    checkout: &Checkout,
    tip: &ObjectId,
) -> Result<(), MissionError> {
    let files = tree_files(shared, tip).await?;
    let (brief, taken, checks) = {
        let state = shared.state();
        let checks: Vec<_> = state.checks.iter().flatten().map(CheckName::from).collect();
        let names: BTreeSet<_> = checks.iter().map(|check| check.name.clone()).collect();
        let taken: BTreeSet<_> = state
            .items
            .iter()
            .map(|state| state.item.id.clone())
            .collect();
        let brief = PlannerBrief {
            objective: shared.options.objective.clone(),
            iteration: state.plans,
            next_id: u32::try_from(state.items.len())
                .unwrap_or(u32::MAX)
                .saturating_add(1),
            checks,
            globs: shared.options.globs.clone(),
            languages: shared.options.languages.clone(),
            waived: state.waived_parts(),
            apart: state.left_out(),
        };
        (brief, taken, names)
    };
    let may_change_checks = objective_names_checks(&brief.objective);
    let accept = move |plan: &Plan| {
        let names_checks = plan
            .items
            .iter()
            .all(|item| matches!(item.action, Action::Rewrite { .. } | Action::Rename { .. }));
        let rules = PlanRules {
            taken: &taken,
            files: &files,
            checks: &checks,
            // A rewrite or a rename is of code by its shape or name, wherever
            // that stands: half of it would not build.
            may_change_checks: may_change_checks || names_checks,
        };
        plan.validate(&rules).map_err(|error| error.to_string())
    };
    let prompt = prompts::planner(&brief);
    let plan: Plan = shared
        .ask(Role::Planner, None, checkout.worktree(), prompt, accept)
        .await?;
    if let Some(reason) = plan.cannot {
        return Err(MissionError::Refused { reason });
    }
    let Plan { items, notes, .. } = plan;
    shared.record(&MissionEvent::PlanReady {
        iteration: brief.iteration,
        items,
        notes,
    })?;
    Ok(())
}

/// Whether an objective says that tests or settings may change.
fn objective_names_checks(objective: &str) -> bool {
    let objective = objective.to_lowercase();
    ["test", "benches", "lint settings", "ci "]
        .iter()
        .any(|word| objective.contains(word))
}

async fn tree_files(shared: &Shared, commit: &ObjectId) -> Result<BTreeSet<String>, MissionError> {
    let git = shared.workspace.git();
    let list = git
        .run(&[
            "ls-tree",
            "-r",
            "-z",
            "--name-only",
            "--full-tree",
            commit.as_str(),
        ])
        .await?;
    Ok(list
        .split('\0')
        .filter(|path| !path.is_empty())
        .map(str::to_owned)
        .collect())
}

/// Has the whole result checked in a clean checkout.
async fn verify(shared: &Shared) -> Result<(), MissionError> {
    let commit = shared.tip();
    let checks = shared.state().repository_checks();
    let untouched = commit == shared.repository.head;
    let (receipts, passed) = if untouched {
        // The baseline was this very check of this very commit.
        let state = shared.state();
        let baseline = state
            .receipts
            .values()
            .filter(|r| r.stage == Stage::Baseline);
        (baseline.map(|receipt| receipt.id).collect(), true)
    } else {
        let (verified, _) = shared
            .verifier
            .clean(Stage::Mission, &commit, &checks)
            .await?;
        let passed = verified.failure().is_none();
        (
            verified.receipts.iter().map(|receipt| receipt.id).collect(),
            passed,
        )
    };
    shared.record(&MissionEvent::MissionVerified {
        commit,
        receipts,
        passed,
    })?;
    Ok(())
}

/// Seals the mission and brings the result to the user's branch.
///
/// From here on it takes milliseconds, or seconds where git has filters to run;
/// and half of it would be worse than either end. So nothing stops it: it has
/// git commands of its own, and a task of its own, which runs on where the
/// mission's future is dropped.
async fn seal(shared: &Arc<Shared>) -> Result<(), MissionError> {
    let Some(sealing) = shared.stop.begin_seal() else {
        return Err(MissionError::interrupted());
    };
    let shared = Arc::clone(shared);
    let sealed = tokio::spawn(async move {
        let result = seal_and_deliver(&shared).await;
        drop(sealing);
        result
    });
    match sealed.await {
        Ok(result) => result,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // Only a runtime that goes away cancels it.
        Err(_) => Err(MissionError::interrupted()),
    }
}

async fn seal_and_deliver(shared: &Shared) -> Result<(), MissionError> {
    let commit = shared.tip();
    let git = Git::new(&shared.repository.root, CancellationToken::new());
    let tree = git
        .object(&["rev-parse", "--verify", &format!("{commit}^{{tree}}")])
        .await?;
    let sealed = {
        let state = shared.state();
        let items = |status| state.items.iter().filter(move |item| item.status == status);
        MissionEvent::Sealed {
            commit: commit.clone(),
            tree,
            landed: items(ItemStatus::Landed)
                .map(|item| item.item.id.clone())
                .collect(),
            waived: items(ItemStatus::Waived)
                .map(|item| {
                    (
                        item.item.id.clone(),
                        item.reason.clone().unwrap_or_default(),
                    )
                })
                .collect(),
            receipts: state
                .verified
                .as_ref()
                .map(|check| check.receipts.clone())
                .unwrap_or_default(),
            unverified: state
                .checks
                .iter()
                .flatten()
                .all(|c| c.scope != Scope::Repository),
        }
    };
    shared.record(&sealed)?;
    let delivered = deliver(shared, &git, &commit).await?;
    shared.record(&delivered)?;
    Ok(())
}

async fn deliver(
    shared: &Shared,
    git: &Git,
    commit: &ObjectId,
) -> Result<MissionEvent, MissionError> {
    let repository = &shared.repository;
    let own = repository.branch.clone().unwrap_or_default();
    if *commit == repository.head {
        return Ok(MissionEvent::Delivered {
            branch: own,
            waits_because: None,
        });
    }
    let obstacle = match repository.obstacle(git).await? {
        Some(obstacle) => Some(obstacle),
        None => {
            let merged = git
                .attempt(&["merge", "--ff-only", "--quiet", commit.as_str()])
                .await?;
            (!merged.success).then(|| merged.stderr.trim().to_owned())
        }
    };
    let result = shared.workspace.result_ref();
    Ok(match obstacle {
        None => {
            git.run(&["update-ref", "-d", &result]).await?;
            MissionEvent::Delivered {
                branch: own,
                waits_because: None,
            }
        }
        waits_because => MissionEvent::Delivered {
            branch: result.trim_start_matches("refs/heads/").to_owned(),
            waits_because,
        },
    })
}

//! One attempt at one item: session, commit, checks, review.

use orchestrator_memory::{NewEntry, Tier};
use orchestrator_tools::ToolError;
use serde_json::{Value, json};

use super::error::MissionError;
use super::prompts;
use super::shared::Shared;
use super::state::ItemStatus;
use crate::brief::{ReviewerBrief, WorkerBrief};
use crate::check::{Check, Scope};
use crate::event::MissionEvent;
use crate::git::{FileChange, ObjectId};
use crate::locked::holds_checks;
use crate::plan::{Action, PlanItem};
use crate::receipt::{Receipt, Stage};
use crate::report::{Change, Verdict, WorkReport};
use crate::role::Role;
use crate::workspace::Checkout;

/// A change that passed its checks and its review.
#[derive(Debug, Clone)]
pub(super) struct Work {
    pub(super) item: PlanItem,
    pub(super) attempt: u32,
    pub(super) commit: ObjectId,
    pub(super) kept: String,
    pub(super) report: WorkReport,
}

/// How an attempt ended.
pub(super) enum Attempt {
    /// It may land.
    Ready(Box<Work>),
    /// It failed.
    Rejected(Box<Rejection>),
    /// Nothing is left to do for the item.
    Unneeded(String),
    /// The Worker says that the item cannot be done.
    Cannot(String),
    /// It was given up before a Worker took it.
    Skipped,
}

/// Why an attempt failed.
#[derive(Debug, Clone, Default)]
pub(super) struct Rejection {
    pub(super) reason: String,
    pub(super) receipt: Option<u32>,
    pub(super) applied: Vec<Change>,
    /// The ref that keeps the attempt, and its commit, if it changed anything.
    pub(super) work: Option<(String, ObjectId)>,
}

/// Makes one attempt at an item on the result as it stands now.
pub(super) async fn attempt(shared: &Shared, id: &str) -> Result<Attempt, MissionError> {
    let (item, number, failures) = {
        let state = shared.state();
        let item = state
            .item(id)
            .filter(|item| item.status == ItemStatus::Pending);
        let Some(item) = item else {
            return Ok(Attempt::Skipped);
        };
        (item.item.clone(), item.attempts + 1, item.failures.clone())
    };
    // The dispatcher takes the edit up and writes the waiver down.
    if shared.todo.gives_up(shared, id) {
        return Ok(Attempt::Skipped);
    }
    let base = shared.tip();
    shared.record(&MissionEvent::TaskStarted {
        task: item.id.clone(),
        attempt: number,
        base: base.clone(),
    })?;
    let checkout = shared
        .workspace
        .checkout(&format!("{id}-{number}"), &base)
        .await?;

    let brief = WorkerBrief {
        item: item.clone(),
        attempt: number,
        failures,
    };
    let prompt = prompts::worker(&brief);
    let worked = shared
        .ask::<WorkReport>(Role::Worker, Some(id), checkout.worktree(), prompt, |_| {
            Ok(())
        })
        .await;
    let report = match worked {
        Ok(report) => report,
        Err(MissionError::Session { source, .. }) if source.is_the_agents() => {
            let reason = source.to_string();
            return Ok(Attempt::Rejected(Box::new(Rejection {
                reason,
                ..Rejection::default()
            })));
        }
        Err(error) => return Err(error),
    };
    if let Some(reason) = report.cannot {
        return Ok(Attempt::Cannot(reason));
    }
    judge(
        shared,
        &checkout,
        Submission {
            item,
            number,
            base,
            report,
        },
    )
    .await
}

struct Submission {
    item: PlanItem,
    number: u32,
    base: ObjectId,
    report: WorkReport,
}

/// Commits what the Worker left in its worktree, and judges that: by its files,
/// by its checks, and by the Reviewer, in this order.
async fn judge(
    shared: &Shared,
    checkout: &Checkout,
    submission: Submission,
) -> Result<Attempt, MissionError> {
    let Submission {
        item,
        number,
        base,
        report,
    } = submission;
    let by_products = shared
        .by_products
        .get()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let tree = checkout.write_tree(by_products).await?;
    let before = format!("{base}^{{tree}}");
    if tree
        == shared
            .workspace
            .git()
            .object(&["rev-parse", "--verify", &before])
            .await?
    {
        return Ok(match nothing_left(shared, checkout, &item).await? {
            Some(reason) => Attempt::Unneeded(reason),
            None => Attempt::Rejected(Box::new(Rejection {
                reason: "the Worker changed nothing".to_owned(),
                ..Rejection::default()
            })),
        });
    }
    let commit = shared
        .workspace
        .commit_tree(&tree, &base, &message(shared, &item))
        .await?;
    let kept = shared.workspace.work_ref(&item.id, number);
    shared.workspace.set_ref(&kept, &commit).await?;
    let files = checkout.changes(&base, &commit).await?;
    shared.record(&MissionEvent::WorkDone {
        task: item.id.clone(),
        attempt: number,
        commit: commit.clone(),
        kept: kept.clone(),
        files: files.clone(),
        summary: report.summary.clone(),
    })?;
    let rejected = |reason: String, receipt: Option<u32>| {
        Ok(Attempt::Rejected(Box::new(Rejection {
            reason,
            receipt,
            applied: report.applied.clone(),
            work: Some((kept.clone(), commit.clone())),
        })))
    };

    if let Some(reason) = out_of_bounds(&item, &files) {
        return rejected(reason, None);
    }
    if let Some(receipt) = unit_failure(shared, &item, &base, &commit).await? {
        let reason = format!("`{}` fails with it ({})", receipt.command, receipt.ending);
        return rejected(reason, Some(receipt.id));
    }

    let brief = ReviewerBrief {
        item: item.clone(),
        from: base.clone(),
        to: commit.clone(),
        files: files.clone(),
    };
    let prompt = prompts::reviewer(&brief);
    let worktree = checkout.worktree();
    let verdict = shared
        .ask::<Verdict>(Role::Reviewer, Some(&item.id), worktree, prompt, |_| Ok(()))
        .await?;
    shared.record(&MissionEvent::Reviewed {
        task: item.id.clone(),
        attempt: number,
        approved: verdict.approved,
        findings: verdict.findings.clone(),
    })?;
    if !verdict.approved {
        let findings: Vec<_> = verdict
            .findings
            .into_iter()
            .map(|finding| finding.text)
            .collect();
        return rejected(
            format!("the Reviewer vetoed it: {}", findings.join("; ")),
            None,
        );
    }
    Ok(Attempt::Ready(Box::new(Work {
        item,
        attempt: number,
        commit,
        kept,
        report,
    })))
}

/// The orchestrator's own look at what changed, before anything is run.
fn out_of_bounds(item: &PlanItem, files: &[FileChange]) -> Option<String> {
    let stray: Vec<_> = files
        .iter()
        .filter(|change| !item.files.iter().any(|file| file.as_str() == change.path))
        .map(|change| change.path.as_str())
        .collect();
    if stray.is_empty() {
        return None;
    }
    let what = if stray.iter().any(|path| holds_checks(path)) {
        "files that hold checks"
    } else {
        "files"
    };
    Some(format!(
        "it changes {what} that the item does not name: {}",
        stray.join(", ")
    ))
}

/// Runs the item's checks on its change: the receipt of the one that fails, if
/// one does.
///
/// The baseline runs the repository's checks, not those of single packages. So
/// a package's check that fails is held against the commit before the change:
/// if it fails there too, it proves nothing, and the repository's checks judge.
async fn unit_failure(
    shared: &Shared,
    item: &PlanItem,
    base: &ObjectId,
    commit: &ObjectId,
) -> Result<Option<Receipt>, MissionError> {
    let task = Some(item.id.as_str());
    let checks = checks_of(shared, item);
    let verified = shared
        .verifier
        .warm(Stage::Unit, task, commit, &checks)
        .await?;
    let Some(failure) = verified.failure() else {
        return Ok(None);
    };
    let of_package = checks
        .iter()
        .find(|check| check.name == failure.check && check.scope != Scope::Repository);
    let Some(check) = of_package else {
        return Ok(Some(failure.clone()));
    };
    let before = std::slice::from_ref(check);
    if shared
        .verifier
        .warm(Stage::Unit, task, base, before)
        .await?
        .failure()
        .is_none()
    {
        return Ok(Some(failure.clone()));
    }
    let note = format!(
        "`{}` fails without any change too; the checks of the whole repository judge instead",
        check.command
    );
    shared.record(&MissionEvent::Noted { note })?;
    let checks = shared.state().repository_checks();
    let verified = shared
        .verifier
        .warm(Stage::Unit, task, commit, &checks)
        .await?;
    Ok(verified.failure().cloned())
}

fn checks_of(shared: &Shared, item: &PlanItem) -> Vec<Check> {
    let state = shared.state();
    let known = state.checks.iter().flatten();
    known
        .filter(|check| item.checks.contains(&check.name))
        .cloned()
        .collect()
}

/// Why nothing is left to do for an item, found out by the orchestrator's own
/// tools in the Worker's worktree; `None` where something is, or where only
/// words say what there was to do.
async fn nothing_left(
    shared: &Shared,
    checkout: &Checkout,
    item: &PlanItem,
) -> Result<Option<String>, MissionError> {
    let globs: Vec<_> = item
        .files
        .iter()
        .map(|file| globset_escape(file.as_str()))
        .collect();
    let (tool, arguments) = match &item.action {
        Action::ApplySuggestions {
            package,
            lint,
            request,
            only,
        } => (
            "suggestions",
            json!({"package": package, "lint": lint, "request": request, "files": item.files, "only": only}),
        ),
        Action::Rewrite { pattern, .. } => {
            ("ast_search", json!({"pattern": pattern, "globs": globs}))
        }
        Action::Rename { from, .. } => ("identifier_search", json!({"name": from, "globs": globs})),
        Action::Instruction { .. } => return Ok(None),
    };
    let context = shared.context(checkout.worktree());
    let left = match shared.tools.call(tool, &context, arguments).await {
        Ok(left) => left,
        Err(ToolError::Cancelled) => return Err(MissionError::interrupted()),
        // Not known to be nothing.
        Err(_) => return Ok(None),
    };
    let nothing = left.get("matches").and_then(Value::as_u64) == Some(0);
    Ok(nothing.then(|| format!("`{tool}` finds nothing left to change")))
}

/// A glob that matches exactly one path.
fn globset_escape(path: &str) -> String {
    let mut glob = String::with_capacity(path.len());
    for c in path.chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '\\') {
            glob.push('[');
            glob.push(c);
            glob.push(']');
        } else {
            glob.push(c);
        }
    }
    glob
}

fn message(shared: &Shared, item: &PlanItem) -> String {
    let mission = shared.workspace.mission();
    format!("{}\n\nMission: {mission}\nTask: {}", item.title, item.id)
}

/// Keeps a failure for those who work on the same files later.
pub(super) fn remember_rejection(shared: &Shared, item: &str, rejection: &Rejection) {
    let state = shared.state();
    let Some(state) = state.item(item) else {
        return;
    };
    let files: Vec<_> = state.item.files.iter().map(ToString::to_string).collect();
    let text = format!(
        "{} ({}) was rejected: {}",
        state.item.title,
        files.join(", "),
        rejection.reason
    );
    shared
        .memory
        .remember(NewEntry::new(Tier::Mission, text).source("verification"));
}

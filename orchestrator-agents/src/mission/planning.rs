//! Planning: the checks, the baseline, and the Planner's items.

use std::collections::BTreeSet;

use serde_json::json;

use super::error::MissionError;
use super::prompts;
use super::shared::Shared;
use crate::brief::{CheckName, PlannerBrief};
use crate::check::{Check, find_checks, with_package_checks};
use crate::event::MissionEvent;
use crate::git::ObjectId;
use crate::hook::PlanReady;
use crate::plan::{Action, Plan, PlanRules};
use crate::receipt::Stage;
use crate::role::Role;
use crate::workspace::Checkout;

/// Has the Planner write items. The first time, the untouched repository has to
/// pass its own checks meanwhile.
pub(super) async fn plan(shared: &Shared) -> Result<(), MissionError> {
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
    let step = PlanReady {
        iteration: brief.iteration,
        items: items.clone(),
    };
    if let Some(reason) = shared.is_refused(&shared.hooks.plan_ready, step).await? {
        return Err(MissionError::Refused { reason });
    }
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

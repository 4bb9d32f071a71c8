//! The end of a mission: the check of the whole, the seal, the delivery.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::error::MissionError;
use super::shared::Shared;
use super::state::ItemStatus;
use crate::check::Scope;
use crate::event::MissionEvent;
use crate::git::{Git, ObjectId};
use crate::receipt::Stage;

/// Has the whole result checked in a clean checkout.
pub(super) async fn verify(shared: &Shared) -> Result<(), MissionError> {
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
pub(super) async fn seal(shared: &Arc<Shared>) -> Result<(), MissionError> {
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

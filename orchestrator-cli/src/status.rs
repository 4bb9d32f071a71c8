//! `orchestrator status`: the last mission on a repository.

use std::path::Path;
use std::process::ExitCode;

use orchestrator_agents::{MissionEvent, MissionState, Outcome};

use crate::args::StatusArguments;
use crate::exit::Failure;
use crate::journal::{journal_folder, records};
use crate::summary;

pub(crate) fn run(arguments: &StatusArguments) -> Result<ExitCode, Failure> {
    let folder = journal_folder(&arguments.repo)?;
    let state = last_mission(&folder)?;
    let running = state.ended.is_none() && is_held(&folder);
    if arguments.json {
        let value = serde_json::json!({"running": running, "state": state});
        summary::put(&format!("{value}\n"));
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = match &state.ended {
        Some((outcome, reason)) => summary::text(&state, *outcome, reason, None),
        None if running => summary::running(&state),
        None => {
            let reason = "it was killed before it could end";
            summary::text(&state, Outcome::Interrupted, reason, None)
        }
    };
    if let Some(home) = folder.parent() {
        let receipts = home.join("receipts").join(&state.mission);
        text.push_str(&format!("Receipts: {}\n", receipts.display()));
    }
    summary::put(&text);
    Ok(ExitCode::SUCCESS)
}

/// The state that the last mission's events add up to.
fn last_mission(folder: &Path) -> Result<MissionState, Failure> {
    let mut state = MissionState::default();
    let mut before = None;
    for record in records(folder)? {
        let record =
            record.map_err(|error| Failure::other("cannot read the journal further", &error))?;
        let event: MissionEvent = record.decode().map_err(|error| {
            Failure::other(
                &format!("record {} is of another version", record.seq),
                &error,
            )
        })?;
        if matches!(event, MissionEvent::MissionOpened { .. }) && state.plans > 0 {
            before = Some(std::mem::take(&mut state));
        }
        state.apply(&event);
    }
    // An objective that was refused did nothing: what counts is what was done.
    if let (Some(mut last), Some((Outcome::Refused, _)), 0) = (before, &state.ended, state.plans) {
        last.notes.push(format!(
            "a later objective was refused: {}",
            state.objective
        ));
        return Ok(last);
    }
    if state.mission.is_empty() {
        return Err(Failure::usage("no mission has run on this repository yet"));
    }
    Ok(state)
}

/// Whether a process holds the journal's lock.
fn is_held(folder: &Path) -> bool {
    let file = std::fs::File::open(folder.join("lock"));
    file.is_ok_and(|file| {
        matches!(
            file.try_lock_shared(),
            Err(std::fs::TryLockError::WouldBlock)
        )
    })
}

//! `eval AREA`: how good what is chosen is.

use crate::run::{Result, cargo};

/// Measures an area; an error where a target is missed.
pub(crate) fn eval(area: &str, rest: &[String]) -> Result {
    let mut command = cargo();
    command.args([
        "run",
        "--quiet",
        "--release",
        "--package",
        "orchestrator-eval",
    ]);
    command.args(["--", area]);
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        command.arg(word);
        if word == "--data"
            && let Some(folder) = words.next()
        {
            // By the folder that the chore was called in, not by the workspace.
            let folder = std::path::absolute(folder)
                .map_err(|error| format!("cannot find {folder}: {error}"))?;
            command.arg(folder);
        }
    }
    let status = command
        .status()
        .map_err(|error| format!("cannot start cargo: {error}"))?;
    match status.code() {
        Some(0) => Ok(()),
        Some(1) => Err(format!("eval {area}: not every target is met")),
        _ => Err(format!("eval {area} failed ({status})")),
    }
}

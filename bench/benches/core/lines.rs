//! What is measured: one module for each kind of line.

mod admission;
mod controls;
mod graphs;
mod latency;
mod low;
mod spawn;
mod waiting;
mod work;

use orchestrator_bench::{Arguments, Bout, Line, Peer, Result, versioned};

/// Everything that is measured in rounds.
pub(crate) fn bouts() -> Vec<Bout<'static>> {
    let mut bouts = spawn::bouts();
    bouts.extend(work::bouts());
    bouts.extend(graphs::bouts());
    bouts.extend(latency::bouts());
    bouts.extend(waiting::bouts());
    bouts
}

/// Everything else.
///
/// # Errors
/// What cannot be measured.
pub(crate) fn alone(arguments: &Arguments) -> Result<Vec<Line>> {
    let mut lines = admission::lines(arguments)?;
    lines.extend(low::lines(arguments)?);
    lines.extend(controls::lines(arguments)?);
    Ok(lines)
}

/// A peer whose contestants' names begin as it is called.
fn peer(name: &'static str, target: f64) -> Peer {
    Peer {
        name,
        entrants: name,
        target,
    }
}

/// What a contestant does and with which package, as in `JoinSet, tokio 1.54.1`.
fn with(how: &str, package: &str) -> String {
    format!("{how}, {}", versioned(package))
}

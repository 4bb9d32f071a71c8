//! kill -9 at any moment: what was acknowledged is there, once, in its place.
//!
//! The moment is a number of acknowledgements, not a time, so it does not depend on how busy the
//! machine is; where exactly the writer's threads are then is chance. A vault lives several lives:
//! it is recovered, written and killed again, and what was acknowledged in any life must be there.

mod campaign;

use std::path::Path;

use crate::child::{Child, TrialError};
use crate::line::Line;
use crate::vault::Kind;

pub use campaign::{Campaign, Strike, Toll};

/// Kills writers of a vault, and counts what is lost or wrong afterwards.
///
/// # Errors
/// [`TrialError`] when a trial could not be made.
pub fn survives(
    program: &Path,
    kind: Kind,
    iterations: usize,
    seed: u64,
) -> Result<Line, TrialError> {
    let toll = killed(program, kind, 8, iterations, seed)?;
    let name = format!("kill -9: {}", kind.name());
    Ok(toll.line(&name, seed))
}

/// The control: a writer that acknowledges what is still in its own memory, and must be caught.
///
/// # Errors
/// [`TrialError`] when a trial could not be made.
pub fn control(program: &Path, iterations: usize, seed: u64) -> Result<Line, TrialError> {
    let toll = killed(program, Kind::Buffered, 1, iterations, seed)?;
    Ok(toll.control("kill -9: acknowledged out of a buffer", seed))
}

/// The control of the checkpoints: a store that drops its journal too early. A kill that falls between
/// the two must find it out; it is killed until one does, `iterations` times at most.
///
/// # Errors
/// [`TrialError`] when a trial could not be made.
pub fn control_of_checkpoints(
    program: &Path,
    iterations: usize,
    seed: u64,
) -> Result<Line, TrialError> {
    const AT_ONCE: usize = 10;
    let name = "kill -9: journal dropped before its checkpoint is there";
    let mut tried = 0;
    while tried < iterations {
        let seed = seed + tried as u64;
        let toll = killed(program, Kind::StoreEarlyRetain, 8, AT_ONCE, seed)?;
        if toll.caught() > 0 {
            let note = format!("after {tried} iterations: {}", toll.note(seed));
            return Ok(Line::control(name, 1, 1, 100.0, note));
        }
        tried += AT_ONCE;
    }
    let note = format!("{tried} iterations, seed {seed}, and nothing was seen");
    Ok(Line::control(name, 0, 1, 100.0, note))
}

fn killed(
    program: &Path,
    kind: Kind,
    lives: u64,
    iterations: usize,
    seed: u64,
) -> Result<Toll, TrialError> {
    let folder = tempfile::tempdir().map_err(TrialError::process("making a folder"))?;
    let mut campaign = Campaign::new(kind, folder.path(), lives, seed);
    campaign.run(iterations, |strike: &Strike| {
        let mut child = Child::start(program, &strike.orders)?;
        child.wait_for(strike.moment)?;
        child.kill()
    })
}

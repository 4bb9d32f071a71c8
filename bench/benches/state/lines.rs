//! What is measured: one module for each kind of line.

mod commits;
mod controls;
pub(crate) mod journal;
mod reads;
mod verify;

use std::path::Path;
use std::time::Duration;

use orchestrator_bench::{Arguments, Better, Bout, Disk, Line, Result, Store, versioned};

/// How long a contestant on the disk is measured in a round.
const ON_DISK: Duration = Duration::from_millis(500);

/// How long a contestant in memory is measured in a round.
const IN_MEMORY: Duration = Duration::from_millis(200);

/// How many counters there are where it says 1,000 keys.
const KEYS: u64 = 1_000;

/// Opens a contestant's store in a folder of its own, with so many counters.
type Open = fn(&Path, u64) -> Result<Box<dyn Store>>;

/// Everything that is measured in rounds.
pub(crate) fn bouts(disk: &Disk) -> Vec<Bout<'_>> {
    let baseline = |name| Bout::new(name, "µs", Better::Less, Vec::new());
    let mut bouts = vec![
        baseline("baseline: fdatasync after an overwrite")
            .enter("disk", || disk.overwrite(ON_DISK / 2)),
        baseline("baseline: fdatasync after an append").enter("disk", || disk.append(ON_DISK / 2)),
    ];
    bouts.extend(reads::bouts(disk));
    bouts.extend(commits::bouts(disk));
    bouts.extend(journal::bouts(disk));
    bouts
}

/// How noisy the disk is: where others sync as well, it is that which takes the time, and no
/// processor's clock shows it.
fn probe(disk: &Disk) -> Result<f64> {
    disk.overwrite(ON_DISK / 10)
}

/// Everything else.
///
/// # Errors
/// What cannot be measured.
pub(crate) fn alone(disk: &Disk, arguments: &Arguments) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    if arguments.wants(verify::NAME) {
        lines.push(verify::line(disk, arguments.rounds)?);
    }
    lines.extend(controls::lines(disk, arguments)?);
    Ok(lines)
}

/// A package in one of several configurations, as in `imbl 7.0.2 (OrdMap)`.
fn variant(package: &str, how: &str) -> String {
    format!("{} ({how})", versioned(package))
}

//! A power cut: an ext4 disk in a file is shut down under a writer, with all that was not synced.
//!
//! kill -9 cannot show a missing fsync, because the system still has what the dead process wrote.
//! This can: the `EXT4_IOC_SHUTDOWN` of ext4 with `NOLOGFLUSH` throws away everything that has not
//! reached the disk, and the next mount recovers as after a power cut. The writer is stopped before,
//! and killed only then, so that nothing it does falls between.
//!
//! All of it happens in a mount namespace of its own, on a disk in a memory file system that only
//! this namespace has. It ends with the last process in it. So whatever happens to this program, also
//! Ctrl-C and kill -9, no mount, no loop device and no image is left behind.

mod disk;

use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::child::{Child, TrialError};
use crate::kill::{Campaign, Strike, Toll};
use crate::line::Line;
use crate::vault::Kind;
use disk::Disk;

/// The hidden word of the command line that makes a process the one inside the namespace.
pub const WORD: &str = "__power";

/// What is tried.
struct Trial {
    name: &'static str,
    kind: Kind,
    /// Whether the writer is stopped before the cut. Otherwise the cut may fall into a sync.
    stopped: bool,
    wanted: Wanted,
    /// How many iterations are made at least and at most, however many are asked for.
    bounds: (usize, usize),
}

/// What has to come of it.
enum Wanted {
    /// Nothing is lost.
    Nothing,
    /// A control: acknowledged entries are lost in 99 % of the iterations.
    Losses,
    /// A control: something is lost or damaged in at least so many percent of the iterations.
    Damage(f64),
}

const TRIALS: [Trial; 10] = [
    Trial {
        name: "power cut: journal",
        kind: Kind::Journal,
        stopped: true,
        wanted: Wanted::Nothing,
        bounds: (1, usize::MAX),
    },
    Trial {
        name: "power cut: journal, in the middle of its syncs",
        kind: Kind::Journal,
        stopped: false,
        wanted: Wanted::Nothing,
        bounds: (1, usize::MAX),
    },
    Trial {
        name: "power cut: store",
        kind: Kind::Store,
        stopped: true,
        wanted: Wanted::Nothing,
        bounds: (1, usize::MAX),
    },
    Trial {
        name: "power cut: store, in the middle of its syncs",
        kind: Kind::Store,
        stopped: false,
        wanted: Wanted::Nothing,
        bounds: (1, usize::MAX),
    },
    Trial {
        name: "power cut: store that writes checkpoints",
        kind: Kind::StoreCheckpoint,
        stopped: true,
        wanted: Wanted::Nothing,
        bounds: (10, 300),
    },
    Trial {
        name: "power cut: store that writes checkpoints, in the middle of its syncs",
        kind: Kind::StoreCheckpoint,
        stopped: false,
        wanted: Wanted::Nothing,
        bounds: (10, 300),
    },
    Trial {
        name: "power cut: checkpoints without fsync",
        kind: Kind::StoreUnsyncedCheckpoint,
        stopped: true,
        wanted: Wanted::Damage(10.0),
        bounds: (10, 300),
    },
    Trial {
        name: "power cut: journal without fsync",
        kind: Kind::JournalNoSync,
        stopped: true,
        wanted: Wanted::Losses,
        bounds: (1, usize::MAX),
    },
    Trial {
        name: "power cut: store without fsync",
        kind: Kind::StoreNoSync,
        stopped: true,
        wanted: Wanted::Losses,
        bounds: (1, usize::MAX),
    },
    Trial {
        name: "power cut: acknowledged without fsync",
        kind: Kind::NoSync,
        stopped: true,
        wanted: Wanted::Losses,
        bounds: (1, usize::MAX),
    },
];

/// Cuts the power of writers, so many times each, and counts what is lost or wrong afterwards. Where
/// that is not possible, the lines say so.
///
/// # Errors
/// [`TrialError`] when a trial could not be made although disks can be.
pub fn measure(program: &Path, iterations: usize, seed: u64) -> Result<Vec<Line>, TrialError> {
    if let Some(why) = impossible() {
        let skipped = |trial: &Trial| Line::skipped(trial.name, why.clone());
        return Ok(TRIALS.iter().map(skipped).collect());
    }
    let output = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "--"])
        .arg(program)
        .args([WORD, &iterations.to_string(), &seed.to_string()])
        .stdin(Stdio::null())
        .output()
        .map_err(TrialError::process("starting unshare"))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    let failed = || TrialError::Command {
        command: "unshare --mount".to_owned(),
        said: errors.trim().to_owned(),
    };
    if !output.status.success() {
        return Err(failed());
    }
    let lines: Option<Vec<Line>> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).ok())
        .collect();
    lines
        .filter(|lines| lines.len() == TRIALS.len())
        .ok_or_else(failed)
}

/// Why no disk can be made here, if none can.
fn impossible() -> Option<String> {
    if !rustix::process::getuid().is_root() {
        return Some("needs root".to_owned());
    }
    if !Path::new("/dev/loop-control").exists() {
        return Some("the system has no loop devices".to_owned());
    }
    ["unshare", "mount", "umount", "mkfs.ext4", "perl"]
        .into_iter()
        .find(|program| !there(program))
        .map(|program| format!("`{program}` is not installed"))
}

fn there(program: &str) -> bool {
    Command::new(program)
        .arg("-V")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok()
}

/// What the process inside the namespace does: the trials. It prints their lines as JSON.
///
/// # Errors
/// [`TrialError`] when a trial could not be made.
pub fn inside(program: &Path, iterations: usize, seed: u64) -> Result<(), TrialError> {
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))
        .map_err(|error| TrialError::process("binding the trials to their parent")(error.into()))?;
    let disk = Disk::create()?;
    for trial in &TRIALS {
        disk.format()?;
        let toll = trial.run(program, &disk, iterations, seed)?;
        disk.unmount()?;
        let line = match trial.wanted {
            Wanted::Nothing => toll.line(trial.name, seed),
            Wanted::Losses => toll.control(trial.name, seed),
            Wanted::Damage(target) => toll.sometimes(trial.name, target, seed),
        };
        let json = serde_json::to_string(&line).map_err(io::Error::other);
        json.and_then(|json| writeln!(io::stdout(), "{json}"))
            .map_err(TrialError::process("printing a line"))?;
    }
    Ok(())
}

impl Trial {
    fn run(
        &self,
        program: &Path,
        disk: &Disk,
        iterations: usize,
        seed: u64,
    ) -> Result<Toll, TrialError> {
        // What a control has lost, it has lost for all its lives.
        let lives = match self.wanted {
            Wanted::Losses => 1,
            Wanted::Nothing | Wanted::Damage(_) => 4,
        };
        let iterations = iterations.clamp(self.bounds.0, self.bounds.1);
        let mut campaign = Campaign::new(self.kind, disk.folder(), lives, seed);
        campaign.run(iterations, |strike: &Strike| {
            let mut child = Child::start(program, &strike.orders)?;
            child.wait_for(strike.moment)?;
            if self.stopped {
                child.stop()?;
            }
            disk.cut_power()?;
            // A stopped one is gone before it can notice. The other may have noticed: a sync that
            // failed must not have been acknowledged.
            let acks = child.kill()?;
            disk.unmount()?;
            disk.mount()?;
            Ok(acks)
        })
    }
}

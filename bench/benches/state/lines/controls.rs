//! Contestants that are broken on purpose: the measurement has to catch them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use orchestrator_bench::{Arguments, Disk, Line, Load, Result, Session, Store};

use super::KEYS;
use crate::ours;
use crate::peers::Durability;

const LOSES: &str = "a store that loses updates is refused";
const UNSYNCED: &str = "a durable commit without an fsync is seen";
const SYNCED: &str = "ours, one client: a durable commit is no faster than the disk";

/// The least share of a fast fdatasync that an honest durable commit can take. A commit of one
/// client waits for a whole one; half of it leaves room for a disk that changes its pace.
const SHARE: f64 = 0.5;

/// The controls' lines, and the check of ours that one of them is for.
pub(super) fn lines(disk: &Disk, arguments: &Arguments) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    if arguments.wants(LOSES) {
        let store = Forgetful(AtomicU64::new(0));
        let refused = Load::of_eight(1, time()).run("forgetful", &store).is_err();
        lines.push(Line::control(LOSES, refused));
    }
    if arguments.wants(UNSYNCED) {
        let took = alone(disk, Durability::None)?;
        lines.push(Line::control(UNSYNCED, took < disk.floor(time())? * SHARE));
    }
    if arguments.wants(SYNCED) {
        let took = alone(disk, Durability::Immediate)?;
        let fsync = disk.floor(time())?;
        lines.push(Line::at_least(SYNCED, took, "µs", fsync * SHARE, fsync));
    }
    Ok(lines)
}

fn time() -> Duration {
    Duration::from_millis(200)
}

/// The µs of a commit of ours with nobody else to share an fsync with.
fn alone(disk: &Disk, durability: Durability) -> Result<f64> {
    let folder = disk.folder()?;
    let store = ours::in_file(folder.path(), KEYS, durability)?;
    let load = Load {
        clients: 1,
        ..Load::of_eight(KEYS, time())
    };
    load.run("ours", &*store)
}

/// Reads and writes, each of them atomic, and nothing that holds them together.
struct Forgetful(AtomicU64);

impl Store for Forgetful {
    fn session(&self) -> Result<Box<dyn Session + '_>> {
        Ok(Box::new(Client(&self.0)))
    }

    fn sum(&self) -> Result<u64> {
        Ok(self.0.load(Ordering::SeqCst))
    }
}

struct Client<'a>(&'a AtomicU64);

impl Session for Client<'_> {
    fn increment(&mut self, _: u64) -> Result {
        let value = self.0.load(Ordering::SeqCst);
        // Others get their turn in between.
        std::thread::yield_now();
        self.0.store(value + 1, Ordering::SeqCst);
        Ok(())
    }

    fn read(&mut self, _: u64) -> Result<u64> {
        Ok(self.0.load(Ordering::SeqCst))
    }
}

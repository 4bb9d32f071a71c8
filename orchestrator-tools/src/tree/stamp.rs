//! By what a file or a folder is known to be as it was.

use std::fs::Metadata;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Longer than a tick of any clock that stamps files: 10 ms with the slowest of usual kernels.
const TICK: Duration = Duration::from_millis(25);

/// Where times have no fractions, as on FAT: the ticks are of one or two seconds.
const COARSE_TICK: Duration = Duration::from_secs(3);

/// What `stat` says, and whether it can be believed.
#[derive(Debug, Clone)]
pub(super) struct Stamp {
    identity: Identity,
    /// It could change and keep its stamp.
    is_racy: bool,
}

/// What is the same as long as nothing changes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Identity {
    size: u64,
    /// On Unix, when anything of it changed: unlike when it was modified, nobody can set that.
    changed: SystemTime,
    #[cfg(unix)]
    inode: (u64, u64),
}

impl Stamp {
    /// The stamp of what is at a path, and not of what a link there leads to; `None` where there is nothing.
    pub(super) fn of(path: &Path) -> Option<Self> {
        Self::new(&path.symlink_metadata().ok()?)
    }

    pub(super) fn new(found: &Metadata) -> Option<Self> {
        let identity = Identity::new(found)?;
        Some(Self {
            is_racy: is_racy(identity.changed, SystemTime::now()),
            identity,
        })
    }

    /// Whether what is at a path now is surely the same.
    pub(super) fn still_is_at(&self, path: &Path) -> bool {
        let now = || Identity::new(&path.symlink_metadata().ok()?);
        !self.is_racy && now().as_ref() == Some(&self.identity)
    }
}

impl Identity {
    #[cfg(unix)]
    fn new(found: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        let seconds = u64::try_from(found.ctime()).ok()?;
        let nanoseconds = u32::try_from(found.ctime_nsec()).ok()?;
        Some(Self {
            size: found.len(),
            changed: SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds),
            inode: (found.dev(), found.ino()),
        })
    }

    #[cfg(not(unix))]
    fn new(found: &Metadata) -> Option<Self> {
        Some(Self {
            size: found.len(),
            changed: found.modified().ok()?,
        })
    }
}

/// Whether what changed at a time may change once more, after it was looked at, and have the same time.
fn is_racy(changed: SystemTime, now: SystemTime) -> bool {
    let is_coarse = fraction(changed) == 0;
    let tick = if is_coarse { COARSE_TICK } else { TICK };
    // A time that is still to come says nothing.
    now.duration_since(changed).map_or(true, |age| age < tick)
}

fn fraction(time: SystemTime) -> u32 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.subsec_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_believed_a_tick_after_the_change() {
        let at = |millis| SystemTime::UNIX_EPOCH + Duration::from_millis(millis);
        let changed = at(100_001);
        for (now, expected) in [
            (100_001, true),
            (100_020, true),
            (100_026, false),
            (90_000, true),
        ] {
            assert_eq!(is_racy(changed, at(now)), expected, "{now}");
        }
        // Perhaps the times have no fractions.
        let whole = at(100_000);
        assert!(is_racy(whole, at(102_900)) && !is_racy(whole, at(103_000)));
    }
}

//! By what a file or a folder is known to be as it was.

use std::path::Path;
use std::time::{Duration, SystemTime};

/// Longer than a tick of any clock that stamps files: 10 ms with the slowest of usual kernels.
const TICK: Duration = Duration::from_millis(25);

/// Where times have no fractions, as on FAT: the ticks are of one or two seconds.
const COARSE_TICK: Duration = Duration::from_secs(3);

/// What `stat` says, and whether it can be believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp {
    identity: Identity,
    /// It could change and keep its stamp.
    is_racy: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Identity {
    size: u64,
    modified: Option<SystemTime>,
    #[cfg(unix)]
    inode: (u64, u64),
    /// When anything of it changed: unlike the other, nobody can set it.
    #[cfg(unix)]
    changed: (i64, i64),
}

impl Stamp {
    /// The stamp of what is at a path, and not of what a link there leads to; `None` where there is nothing.
    pub(super) fn of(path: &Path) -> Option<Self> {
        Some(Self::new(&path.symlink_metadata().ok()?, SystemTime::now()))
    }

    pub(super) fn new(found: &std::fs::Metadata, now: SystemTime) -> Self {
        let modified = found.modified().ok();
        let is_racy = newest(found, modified).is_none_or(|newest| is_racy(newest, now));
        Self {
            identity: Identity {
                size: found.len(),
                modified,
                #[cfg(unix)]
                inode: {
                    use std::os::unix::fs::MetadataExt;
                    (found.dev(), found.ino())
                },
                #[cfg(unix)]
                changed: {
                    use std::os::unix::fs::MetadataExt;
                    (found.ctime(), found.ctime_nsec())
                },
            },
            is_racy,
        }
    }

    /// Whether what had this stamp is surely the same, now that it has the other.
    pub(super) fn still_is(&self, now: &Self) -> bool {
        !self.is_racy && self.identity == now.identity
    }
}

/// Whether what changed at a time may change once more, after it was looked at, and have the same time.
fn is_racy(changed: SystemTime, now: SystemTime) -> bool {
    let is_coarse = fraction(changed) == 0;
    let tick = if is_coarse { COARSE_TICK } else { TICK };
    // A time that is still to come says nothing.
    now.duration_since(changed).map_or(true, |age| age < tick)
}

fn newest(found: &std::fs::Metadata, modified: Option<SystemTime>) -> Option<SystemTime> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let seconds = u64::try_from(found.ctime()).ok()?;
        let nanoseconds = u32::try_from(found.ctime_nsec()).ok()?;
        let changed = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds);
        Some(modified.map_or(changed, |modified| modified.max(changed)))
    }
    #[cfg(not(unix))]
    {
        _ = found;
        modified
    }
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

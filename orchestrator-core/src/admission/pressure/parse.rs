//! What the kernel's files say. Texts in, numbers out.

use super::MemoryUse;

/// The files of one control group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GroupTexts<'a> {
    pub(super) limit: &'a str,
    pub(super) used: &'a str,
    pub(super) stat: Option<&'a str>,
}

/// `memory.max`, `memory.current` and `memory.stat`; `None` without a limit.
pub(super) fn group_v2(texts: GroupTexts<'_>) -> Option<MemoryUse> {
    // `max` is no number.
    group(texts, "inactive_file")
}

/// `memory.limit_in_bytes`, `memory.usage_in_bytes` and `memory.stat`. Without a limit there is a
/// number near 2^63, which is more than any machine has: whoever calls compares.
pub(super) fn group_v1(texts: GroupTexts<'_>) -> Option<MemoryUse> {
    group(texts, "total_inactive_file")
}

fn group(texts: GroupTexts<'_>, inactive: &str) -> Option<MemoryUse> {
    let limit = texts.limit.trim().parse().ok()?;
    let used: u64 = texts.used.trim().parse().ok()?;
    let inactive = texts
        .stat
        .and_then(|stat| field(stat, inactive))
        .unwrap_or(0);
    Some(MemoryUse {
        used: used.saturating_sub(inactive),
        limit,
    })
}

/// `/proc/meminfo`, whose kB are units of 1024.
pub(super) fn machine(meminfo: &str) -> Option<MemoryUse> {
    let limit = field(meminfo, "MemTotal:")?.checked_mul(1024)?;
    let free = field(meminfo, "MemAvailable:")?.checked_mul(1024)?;
    Some(MemoryUse {
        used: limit.saturating_sub(free),
        limit,
    })
}

/// The number after a name, on a line of its own.
fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| {
        let mut words = line.split_ascii_whitespace();
        (words.next()? == name).then(|| words.next()?.parse().ok())?
    })
}

/// The paths of our control groups in `/proc/self/cgroup`: of version 2, and of version 1's memory
/// controller.
pub(super) fn groups(text: &str) -> (Option<&str>, Option<&str>) {
    let (mut v2, mut v1) = (None, None);
    for line in text.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(number), Some(controllers), Some(path)) =
            (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        if number == "0" && controllers.is_empty() {
            v2 = Some(path);
        } else if controllers.split(',').any(|name| name == "memory") {
            v1 = Some(path);
        }
    }
    (v2, v1)
}

//! Where the readings come from.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    MemoryUse,
    parse::{self, GroupTexts},
};

/// Reads how much memory is in use. A few small files at most: it is called between two tasks.
pub trait MemorySource: Send + Sync {
    /// The present reading; `None` if there is none to be had.
    fn read(&self) -> Option<MemoryUse>;
}

/// The limits that Linux sets: of the control group that we are in (version 2, else version 1) or
/// one around it, whichever is nearest to its limit; else the machine's memory. On another
/// operating system, nothing.
#[derive(Debug, Clone)]
pub struct SystemMemory {
    root: PathBuf,
}

impl Default for SystemMemory {
    fn default() -> Self {
        Self::at("/")
    }
}

impl SystemMemory {
    /// Reads `proc` and `sys` in another folder than `/`.
    #[must_use]
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    fn text(&self, path: impl AsRef<Path>) -> Option<String> {
        fs::read_to_string(self.root.join(path)).ok()
    }

    /// The tightest of a group and those around it.
    fn tightest(
        &self,
        mount: &str,
        group: &str,
        names: [&str; 2],
        parse: impl Fn(GroupTexts<'_>) -> Option<MemoryUse>,
    ) -> Option<MemoryUse> {
        let mount = Path::new(mount);
        let inside = Path::new(group.trim_start_matches('/'));
        // In a container the path can be one that only the host knows. The mount itself, which
        // is the last of the ancestors, is the container's then.
        inside
            .ancestors()
            .filter_map(|path| {
                let folder = mount.join(path);
                parse(GroupTexts {
                    limit: &self.text(folder.join(names[0]))?,
                    used: &self.text(folder.join(names[1]))?,
                    stat: self.text(folder.join("memory.stat")).as_deref(),
                })
            })
            .max_by_key(|reading| {
                let limit = u128::from(reading.limit.max(1));
                u128::from(reading.used) * 1_000_000 / limit
            })
    }
}

impl MemorySource for SystemMemory {
    fn read(&self) -> Option<MemoryUse> {
        let machine = self
            .text("proc/meminfo")
            .and_then(|text| parse::machine(&text));
        let groups = self.text("proc/self/cgroup").unwrap_or_default();
        let (v2, v1) = parse::groups(&groups);
        // A limit that is not below what the machine has limits nothing; version 1 says
        // "unlimited" so.
        let total = machine.map_or(u64::MAX / 2, |its| its.limit);
        let limits = |texts: GroupTexts<'_>, parse: fn(GroupTexts<'_>) -> Option<MemoryUse>| {
            parse(texts).filter(|its| its.limit < total)
        };
        v2.and_then(|group| {
            let names = ["memory.max", "memory.current"];
            self.tightest("sys/fs/cgroup", group, names, |texts| {
                limits(texts, parse::group_v2)
            })
        })
        .or_else(|| {
            let names = ["memory.limit_in_bytes", "memory.usage_in_bytes"];
            self.tightest("sys/fs/cgroup/memory", v1?, names, |texts| {
                limits(texts, parse::group_v1)
            })
        })
        .or(machine)
    }
}

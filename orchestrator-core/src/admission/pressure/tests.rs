//! The texts of the kernel, the files, and what the gauge makes of the readings.

use std::{fs, path::Path};

use super::{
    parse::{GroupTexts, group_v1, group_v2, groups, machine},
    *,
};
use crate::admission::testing::rounds;

#[test]
fn the_texts_of_both_versions_and_of_the_machine() {
    let texts = |limit, used, stat| GroupTexts { limit, used, stat };
    let usage = |used, limit| Some(MemoryUse { used, limit });
    let stat2 = "anon 10\nfile 70\ninactive_file 60\nactive_file 10\n";
    let stat1 = "inactive_file 1\ntotal_inactive_file 60\n";
    assert_eq!(
        group_v2(texts("200\n", "100\n", Some(stat2))),
        usage(40, 200)
    );
    assert_eq!(group_v2(texts("200\n", "100\n", None)), usage(100, 200));
    assert_eq!(group_v2(texts("200\n", "50\n", Some(stat2))), usage(0, 200));
    assert_eq!(group_v2(texts("max\n", "100\n", Some(stat2))), None);
    assert_eq!(group_v2(texts("", "", None)), None);
    assert_eq!(
        group_v1(texts("200\n", "100\n", Some(stat1))),
        usage(40, 200)
    );
    let meminfo = "MemTotal:       1000 kB\nMemFree:  1 kB\nMemAvailable:    250 kB\n";
    assert_eq!(machine(meminfo), usage(750 * 1024, 1000 * 1024));
    assert_eq!(machine("MemTotal: 5 kB\n"), None);
    assert_eq!(machine("MemTotal: x kB\nMemAvailable: 1 kB"), None);
}

#[test]
fn our_groups() {
    let mixed = "12:cpu,cpuacct:/x\n5:memory:/docker/a:b\n0::/user.slice\n";
    assert_eq!(groups(mixed), (Some("/user.slice"), Some("/docker/a:b")));
    assert_eq!(groups("0::/\n"), (Some("/"), None));
    assert_eq!(groups("nonsense\n\n"), (None, None));
}

fn machine_with(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a folder");
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    root
}

fn read(files: &[(&str, &str)]) -> Option<(u64, u64)> {
    let root = machine_with(files);
    let reading = SystemMemory::at(root.path()).read()?;
    Some((reading.used, reading.limit))
}

#[test]
fn the_group_first_then_the_machine_then_nothing() {
    const INFO: (&str, &str) = ("proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 400 kB\n");
    let whole = Some((600 * 1024, 1000 * 1024));
    assert_eq!(read(&[]), None);
    assert_eq!(read(&[INFO]), whole);

    // The tightest of the groups around ours.
    let v2 = [
        INFO,
        ("proc/self/cgroup", "0::/a/b\n"),
        ("sys/fs/cgroup/a/b/memory.max", "max\n"),
        ("sys/fs/cgroup/a/b/memory.current", "10\n"),
        ("sys/fs/cgroup/a/memory.max", "5000\n"),
        ("sys/fs/cgroup/a/memory.current", "4000\n"),
        ("sys/fs/cgroup/a/memory.stat", "inactive_file 500\n"),
        ("sys/fs/cgroup/memory.max", "9000\n"),
        ("sys/fs/cgroup/memory.current", "4500\n"),
    ];
    assert_eq!(read(&v2), Some((3500, 5000)));

    // A path that only the host knows.
    let host = [
        INFO,
        ("proc/self/cgroup", "0::/docker/unseen\n"),
        ("sys/fs/cgroup/memory.max", "9000\n"),
        ("sys/fs/cgroup/memory.current", "4500\n"),
    ];
    assert_eq!(read(&host), Some((4500, 9000)));

    let v1 = |limit| {
        read(&[
            INFO,
            ("proc/self/cgroup", "5:memory:/x\n1:name=systemd:/\n"),
            ("sys/fs/cgroup/memory/x/memory.limit_in_bytes", limit),
            ("sys/fs/cgroup/memory/x/memory.usage_in_bytes", "300\n"),
        ])
    };
    assert_eq!(v1("400\n"), Some((300, 400)));
    assert_eq!(v1("9223372036854771712\n"), whole);
}

#[cfg(target_os = "linux")]
#[test]
fn this_machine_can_be_read() {
    let reading = SystemMemory::default().read().expect("Linux says");
    assert!(reading.limit > 0 && reading.used > 0, "{reading:?}");
}

/// Looks back for the last reading outside of the band between the two shares.
fn told_again(readings: &[Option<u64>], above: u64, below: u64) -> bool {
    for reading in readings.iter().rev() {
        match reading {
            None => return false,
            Some(used) if *used > above => return true,
            Some(used) if *used < below => return false,
            Some(_) => {}
        }
    }
    false
}

#[test]
fn the_gauge_is_what_the_readings_say() {
    for seed in 0..rounds(1_000, 100_000) {
        let mut random = fastrand::Rng::with_seed(seed);
        let (above, below) = (random.u8(50..=90), random.u8(40..=90));
        let mut gauge = PressureGauge::new(above, below);
        let below = below.min(above);
        let mut readings = Vec::new();
        for _ in 0..40 {
            let used = (random.u8(0..12) > 0).then(|| random.u64(35..=100));
            readings.push(used);
            let level = gauge.observe(used.map(|used| MemoryUse { used, limit: 100 }));
            let high = told_again(&readings, above.into(), below.into());
            assert_eq!(level.is_high(), high, "{seed}: {readings:?}");
            assert_eq!(level == PressureLevel::Unknown, used.is_none());
        }
    }
}

/// Without the second share, readings around the first let work in and hold it back by turns.
#[test]
fn hysteresis_has_one_change_where_a_single_share_has_six() {
    let changes = |below| {
        let mut gauge = PressureGauge::new(80, below);
        let levels = [79, 81, 79, 81, 79, 81, 79].map(|used| {
            let reading = MemoryUse { used, limit: 100 };
            gauge.observe(Some(reading)).is_high()
        });
        levels.windows(2).filter(|pair| pair[0] != pair[1]).count()
    };
    assert_eq!((changes(75), changes(80)), (1, 6));
}

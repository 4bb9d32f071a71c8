//! A folder on the disk that the measurements write to, and what that disk can do.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::Result;

/// A temporary folder under the workspace's `target`, which goes away with it. The system's own
/// temporary folder is often in memory, where an fsync costs nothing.
#[derive(Debug)]
pub struct Disk(TempDir);

impl Disk {
    /// Makes the folder.
    ///
    /// # Errors
    /// When it cannot be made, or lies in memory.
    pub fn new() -> Result<Self> {
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
        fs::create_dir_all(&target)?;
        let folder = tempfile::Builder::new()
            .prefix("bench-")
            .tempdir_in(target)?;
        let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
        let path = folder.path().canonicalize()?;
        if let Some(kind) = kind_of(&mounts, &path)
            && ["tmpfs", "ramfs", "overlay"].contains(&kind)
        {
            let path = path.display();
            return Err(format!("{path} is on {kind}; durability needs a disk").into());
        }
        Ok(Self(folder))
    }

    /// A new, empty folder for one contestant in one round. It is removed when it is dropped.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn folder(&self) -> Result<TempDir> {
        Ok(tempfile::tempdir_in(self.0.path())?)
    }

    /// The µs of an fdatasync after overwriting 256 bytes of a file that is there already.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn overwrite(&self, time: Duration) -> Result<f64> {
        Ok(mean(&self.overwrites(time)?))
    }

    /// The µs that such an fdatasync cannot go much below: one in ten is faster. Others on the
    /// machine make the mean several times as long, but hardly this.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn floor(&self, time: Duration) -> Result<f64> {
        let mut times = self.overwrites(time)?;
        times.sort_by(f64::total_cmp);
        Ok(times[times.len() / 10])
    }

    fn overwrites(&self, time: Duration) -> Result<Vec<f64>> {
        let folder = self.folder()?;
        let path = folder.path().join("baseline");
        fs::write(&path, vec![0_u8; 1 << 20])?;
        let file = OpenOptions::new().write(true).open(path)?;
        file.sync_all()?;
        each(time, |number| {
            file.write_all_at(&[number as u8; 256], (number % 4096) * 256)?;
            Ok(file.sync_data()?)
        })
    }

    /// The µs of an fdatasync after appending 256 bytes, so that the file's length has to become
    /// durable too.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn append(&self, time: Duration) -> Result<f64> {
        let folder = self.folder()?;
        let mut file = File::create(folder.path().join("baseline"))?;
        let times = each(time, |number| {
            file.write_all(&[number as u8; 256])?;
            Ok(file.sync_data()?)
        })?;
        Ok(mean(&times))
    }
}

/// Repeats a step for some time, and at least once; the µs of each.
fn each(time: Duration, mut step: impl FnMut(u64) -> Result) -> Result<Vec<f64>> {
    let started = Instant::now();
    let mut times = Vec::new();
    while started.elapsed() < time || times.is_empty() {
        let before = Instant::now();
        step(times.len() as u64)?;
        times.push(before.elapsed().as_secs_f64() * 1e6);
    }
    Ok(times)
}

#[expect(clippy::cast_precision_loss, reason = "a count of fsyncs in a second")]
fn mean(times: &[f64]) -> f64 {
    times.iter().sum::<f64>() / times.len() as f64
}

/// The kind of file system that a path is on: that of the longest mount point above it.
fn kind_of<'a>(mounts: &'a str, path: &Path) -> Option<&'a str> {
    let points = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        Some((PathBuf::from(words.next()?), words.next()?))
    });
    points
        .filter(|(point, _)| path.starts_with(point))
        .max_by_key(|(point, _)| point.components().count())
        .map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::kind_of;

    #[test]
    fn the_innermost_mount_counts() {
        let mounts = "d / ext4 rw 0 0\nt /tmp tmpfs rw 0 0\nd /tmp/real ext4 rw 0 0\n";
        for (path, kind) in [
            ("/work", "ext4"),
            ("/tmp/x", "tmpfs"),
            ("/tmp/real/x", "ext4"),
        ] {
            assert_eq!(kind_of(mounts, Path::new(path)), Some(kind));
        }
        assert_eq!(kind_of("", Path::new("/work")), None);
    }
}

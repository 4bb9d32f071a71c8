//! How fast a journal is verified, beside the hash alone over the same bytes.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

use orchestrator_bench::{Disk, Line, Result, median};

use crate::ours;

/// What the line is called.
pub(super) const NAME: &str = "verify a journal of batched records";

/// What it has to reach, in GB/s.
const TARGET: f64 = 1.0;

/// Verifies one journal several times, from the page cache: it is the checking that is measured,
/// not the disk.
pub(super) fn line(disk: &Disk, rounds: usize) -> Result<Line> {
    let folder = disk.folder()?;
    let records = ours::fill_journal(folder.path())?;
    let bytes = size(folder.path())?;
    let (mut rates, mut limits) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let started = Instant::now();
        let found = ours::verify(folder.path())?;
        rates.push(rate(bytes, started));
        if found != records {
            return Err(format!("{NAME}: {records} records, but it has seen {found}").into());
        }
        let started = Instant::now();
        hash_alone(folder.path())?;
        limits.push(rate(bytes, started));
    }
    let (ours, limit) = (median(rates), median(limits));
    Ok(Line::at_least(NAME, ours, "GB/s", TARGET, limit))
}

/// Lets BLAKE3 alone go over the bytes of all files, reading included.
fn hash_alone(folder: &Path) -> Result {
    let mut buffer = vec![0; 1 << 20];
    for path in files(folder)? {
        let (mut file, mut hasher) = (File::open(path)?, blake3::Hasher::new());
        loop {
            let count = file.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            hasher.update(&buffer[..count]);
        }
        std::hint::black_box(hasher.finalize());
    }
    Ok(())
}

fn size(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for path in files(folder)? {
        bytes += fs::metadata(path)?.len();
    }
    Ok(bytes)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

#[expect(clippy::cast_precision_loss, reason = "a size to be read by people")]
fn rate(bytes: u64, started: Instant) -> f64 {
    bytes as f64 / started.elapsed().as_secs_f64() / 1e9
}

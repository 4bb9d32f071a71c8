//! How fast a journal is verified, beside the hash alone over the same bytes.

use std::fs;
use std::path::Path;
use std::time::Instant;

use orchestrator_bench::{Disk, Line, Result};

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
    let (mut best, mut hash) = (0_f64, 0_f64);
    for _ in 0..rounds {
        let started = Instant::now();
        let found = ours::verify(folder.path())?;
        best = best.max(rate(bytes, started));
        if found != records {
            return Err(format!("{NAME}: {records} records, but it has seen {found}").into());
        }
        hash = hash.max(hash_alone(folder.path())?);
    }
    Ok(Line::at_least(NAME, best, "GB/s", TARGET, hash))
}

/// The rate at which BLAKE3 alone goes over the bytes of all files, in GB/s, reading included.
fn hash_alone(folder: &Path) -> Result<f64> {
    let mut bytes = 0;
    let started = Instant::now();
    for path in files(folder)? {
        let content = fs::read(path)?;
        bytes += content.len() as u64;
        std::hint::black_box(blake3::hash(&content));
    }
    Ok(rate(bytes, started))
}

fn size(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for path in files(folder)? {
        bytes += fs::metadata(path)?.len();
    }
    Ok(bytes)
}

fn files(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
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

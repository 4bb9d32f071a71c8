//! Reading a checkpoint's file, and finding what is wrong with it.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde_json::value::RawValue;

use super::{FORMAT, Foot, Head};
use crate::Digest;
use crate::store::durable::Staged;
use crate::store::error::OpenStoreError;

/// A checkpoint that was read.
pub(in crate::store) struct Loaded {
    pub(in crate::store) digest: Digest,
    pub(in crate::store) staged: Staged,
}

/// Reads a checkpoint of a version.
pub(in crate::store) fn load(version: u64, path: PathBuf) -> Result<Loaded, OpenStoreError> {
    match read(&path) {
        Ok((found, digest, staged)) if found == version => Ok(Loaded { digest, staged }),
        Ok(_) => Err(OpenStoreError::Checkpoint {
            path,
            reason: "it shows another version than its name says".to_owned(),
        }),
        Err(reason) => Err(OpenStoreError::Checkpoint { path, reason }),
    }
}

/// Reads a checkpoint whole. The error says what is wrong with it.
fn read(path: &Path) -> Result<(u64, Digest, Staged), String> {
    let file = File::open(path).map_err(|error| format!("it cannot be read: {error}"))?;
    let mut lines = BufReader::new(file);
    let mut hasher = blake3::Hasher::new();
    let mut line = Vec::new();
    let mut next = |line: &mut Vec<u8>| {
        line.clear();
        match lines.read_until(b'\n', line) {
            Ok(_) if line.pop() == Some(b'\n') => Ok(()),
            Ok(_) => Err("it ends too early".to_owned()),
            Err(error) => Err(format!("it cannot be read: {error}")),
        }
    };
    next(&mut line)?;
    let head: Head =
        serde_json::from_slice(&line).map_err(|_| "its first line is not a head".to_owned())?;
    if head.format != FORMAT {
        return Err(format!("its format is `{}`, not `{FORMAT}`", head.format));
    }
    hasher.update(&line).update(b"\n");
    let mut staged = Staged::new();
    let mut rows = 0;
    loop {
        next(&mut line)?;
        if line.first() == Some(&b'{') {
            break;
        }
        let row: Option<(String, &RawValue, &RawValue, u64)> = serde_json::from_slice(&line).ok();
        let (table, key, value, version) =
            row.ok_or_else(|| format!("its line {} is not a row", rows + 2))?;
        let value = (version, value.get().to_owned());
        staged
            .entry(table)
            .or_default()
            .insert(key.get().to_owned(), value);
        hasher.update(&line).update(b"\n");
        rows += 1;
    }
    let foot: Foot =
        serde_json::from_slice(&line).map_err(|_| "its last line is not a foot".to_owned())?;
    if foot.rows != rows || foot.digest != Digest::from_bytes(*hasher.finalize().as_bytes()) {
        return Err("its rows are not those that were written".to_owned());
    }
    hasher.update(&line).update(b"\n");
    let mut rest = Vec::new();
    match lines.read_until(b'\n', &mut rest) {
        Ok(0) => {}
        _ => return Err("something stands behind its end".to_owned()),
    }
    Ok((
        head.version,
        Digest::from_bytes(*hasher.finalize().as_bytes()),
        staged,
    ))
}

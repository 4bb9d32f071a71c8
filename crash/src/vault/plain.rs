//! Lines in a file that nobody makes durable: the control.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::{Entry, Kept, Vault, VaultError};

/// The file in the vault's folder.
const FILE: &str = "lines";

/// A file that is open for appending.
pub(super) struct PlainVault {
    end: Mutex<End>,
    folder: PathBuf,
}

struct End {
    file: BufWriter<File>,
    position: u64,
}

impl PlainVault {
    /// With a buffer of so many bytes, which a killed process takes with it.
    pub(super) fn open(folder: &Path, buffer: usize) -> Result<Self, VaultError> {
        let position = kept(folder)?.len() as u64;
        let open = || {
            fs::create_dir_all(folder)?;
            let mut options = OpenOptions::new();
            options.append(true).create(true).open(folder.join(FILE))
        };
        let file = open().map_err(VaultError::at("opening", folder))?;
        Ok(Self {
            end: Mutex::new(End {
                file: BufWriter::with_capacity(buffer, file),
                position,
            }),
            folder: folder.to_owned(),
        })
    }
}

impl Vault for PlainVault {
    fn put(&self, entry: &Entry) -> Result<u64, VaultError> {
        let at = VaultError::at::<io::Error>;
        let mut line =
            serde_json::to_vec(entry).map_err(VaultError::at("encoding for", &self.folder))?;
        line.push(b'\n');
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        let written = end.file.write_all(&line);
        written.map_err(at("writing into", &self.folder))?;
        end.position += 1;
        Ok(end.position)
    }
}

/// Reads up to the first line that is not whole. What was never there is empty.
pub(super) fn kept(folder: &Path) -> Result<Vec<Kept>, VaultError> {
    let bytes = match fs::read(folder.join(FILE)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(VaultError::at("reading", folder)(error)),
    };
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    Ok(lines
        .map_while(|line| serde_json::from_slice(line.strip_suffix(b"\n")?).ok())
        .zip(1..)
        .map(|(entry, position)| Kept { position, entry })
        .collect())
}

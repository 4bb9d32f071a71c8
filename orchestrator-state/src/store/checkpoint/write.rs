//! Writing a checkpoint's file: as a whole, and durable before anything relies on it.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use tempfile::NamedTempFile;

use super::{CheckpointError, FORMAT, Foot, Head, failed, file_name, list};
use crate::Digest;
use crate::atomic::{Steps, parent, sweep};
use crate::store::durable::StagedTable;
use crate::store::table::AnyCore;

/// What a checkpoint consists of, without the store's lock.
pub(super) struct Source {
    pub(super) cores: Vec<Arc<dyn AnyCore>>,
    pub(super) staged: Vec<(String, Arc<StagedTable>)>,
}

/// A checkpoint that is to be written.
pub(super) struct New<'s> {
    pub(super) steps: &'s dyn Steps,
    /// Where the checkpoints are.
    pub(super) folder: PathBuf,
    pub(super) version: u64,
    /// Whether it is made durable, as it has to be.
    pub(super) synced: bool,
}

impl New<'_> {
    /// Writes the file and makes it durable. Says how many rows it has, and its digest.
    pub(super) fn write(&self, source: &Source) -> Result<(u64, Digest), CheckpointError> {
        let Self { steps, folder, .. } = self;
        let path = folder.join(file_name(self.version));
        // Where there is no checkpoint yet, the folder's own name may not be durable either.
        let is_first = list(folder).map_err(failed("listing", folder))?.is_empty();
        steps
            .create_folder(folder)
            .map_err(failed("creating", folder))?;
        if is_first {
            steps
                .sync_folder(parent(folder))
                .map_err(failed("syncing", parent(folder)))?;
        }
        // What a crash has left of others: nobody else writes here.
        sweep(folder);
        let file = steps
            .create(folder, true)
            .map_err(failed("creating", &path))?;
        let mut sheet = Sheet::new(*steps, file);
        let rows = lines(&mut sheet, self.version, source).map_err(failed("writing", &path))?;
        sheet.flush().map_err(failed("writing", &path))?;
        let digest = sheet.digest();
        if self.synced {
            steps
                .sync(sheet.file.as_file())
                .map_err(failed("syncing", &path))?;
        }
        steps
            .rename(sheet.file, &path)
            .map_err(failed("renaming", &path))?;
        if self.synced {
            steps
                .sync_folder(folder)
                .map_err(failed("syncing", folder))?;
        }
        Ok((rows, digest))
    }
}

/// The file that is being written: gathers, hashes and writes what passes.
struct Sheet<'s> {
    steps: &'s dyn Steps,
    file: NamedTempFile,
    hasher: blake3::Hasher,
    gathered: Vec<u8>,
}

impl<'s> Sheet<'s> {
    /// How many bytes are written at a time.
    const PART: usize = 64 << 10;

    fn new(steps: &'s dyn Steps, file: NamedTempFile) -> Self {
        Self {
            steps,
            file,
            hasher: blake3::Hasher::new(),
            gathered: Vec::with_capacity(2 * Self::PART),
        }
    }

    fn digest(&self) -> Digest {
        Digest::from_bytes(*self.hasher.finalize().as_bytes())
    }
}

impl Write for Sheet<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hasher.update(bytes);
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= Self::PART {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        // What fails is not tried again: the file is given up.
        let gathered = std::mem::take(&mut self.gathered);
        self.steps.write(self.file.as_file_mut(), &gathered)?;
        self.gathered = gathered;
        self.gathered.clear();
        Ok(())
    }
}

fn lines(out: &mut Sheet<'_>, version: u64, source: &Source) -> io::Result<u64> {
    let head = Head {
        format: FORMAT.to_owned(),
        version,
    };
    serde_json::to_writer(&mut *out, &head)?;
    out.write_all(b"\n")?;
    let mut rows = 0;
    for core in &source.cores {
        let table = serde_json::to_string(core.name())?;
        core.export(version, &mut |key, value, version| {
            rows += 1;
            writeln!(out, "[{table},{key},{value},{version}]")
        })?;
    }
    for (name, staged) in &source.staged {
        let table = serde_json::to_string(name)?;
        for (key, (version, value)) in staged.iter() {
            rows += 1;
            writeln!(out, "[{table},{key},{value},{version}]")?;
        }
    }
    let foot = Foot {
        rows,
        digest: out.digest(),
    };
    serde_json::to_writer(&mut *out, &foot)?;
    out.write_all(b"\n")?;
    Ok(rows)
}

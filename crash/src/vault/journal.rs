//! The journal as a vault.

use std::path::Path;

use orchestrator_state::{Durability, Holder, Journal, JournalConfig, verify};

use super::{Entry, Kept, Vault, VaultError};

/// A journal that is open for writing.
pub(super) struct JournalVault {
    journal: Journal,
    folder: std::path::PathBuf,
}

impl JournalVault {
    pub(super) fn open(folder: &Path, durability: Durability) -> Result<Self, VaultError> {
        let mut config = JournalConfig::default().with_durability(durability);
        if durability == Durability::Immediate {
            // Small segments, so that the strikes fall into their beginnings as well. Each one that
            // is finished is synced, which would save the control.
            config = config.with_segment_bytes(16 << 10);
        }
        let (journal, _) = config
            .open(folder, &Holder::new("crash"))
            .map_err(VaultError::at("opening the journal in", folder))?;
        Ok(Self {
            journal,
            folder: folder.to_owned(),
        })
    }
}

impl Vault for JournalVault {
    fn put(&self, entry: &Entry) -> Result<u64, VaultError> {
        let bytes = serde_json::to_vec(entry)
            .map_err(VaultError::at("encoding for the journal in", &self.folder))?;
        self.journal
            .append_bytes("entry", &bytes)
            .map_err(VaultError::at("appending to the journal in", &self.folder))
    }
}

/// Recovers, verifies and reads.
pub(super) fn kept(folder: &Path) -> Result<Vec<Kept>, VaultError> {
    drop(JournalVault::open(folder, Durability::Immediate)?);
    let verified = verify(folder).map_err(VaultError::at("verifying the journal in", folder))?;
    let kept: Vec<Kept> = Journal::read(folder)
        .map_err(VaultError::at("reading the journal in", folder))?
        .map(|record| {
            let record = record.map_err(VaultError::at("reading the journal in", folder))?;
            let entry = record
                .decode()
                .map_err(VaultError::at("reading an entry of", folder))?;
            Ok(Kept {
                position: record.seq,
                entry,
            })
        })
        .collect::<Result<_, VaultError>>()?;
    // Everything that is appended is a record, so no number is left out.
    let dense = kept.iter().zip(1..).all(|(kept, n)| kept.position == n);
    if kept.len() as u64 != verified.records || !dense {
        let told = format!("{} were verified, {} read", verified.records, kept.len());
        return Err(VaultError::at("comparing the records of", folder)(told));
    }
    Ok(kept)
}

//! The backend in a folder of a real disk, with a sync for each acknowledgement.

use std::sync::Arc;

use tempfile::TempDir;

use crate::backend::{LocalBackend, ManualClock};
use crate::conformance::Subject;
use crate::{Holder, JournalConfig, StoreConfig};

pub(super) fn open(folder: &TempDir, clock: &ManualClock) -> LocalBackend {
    // So small that each opening goes through checkpoints and more than one segment.
    let journal = JournalConfig::default().with_segment_bytes(4_096);
    let config = StoreConfig::default()
        .with_journal(journal)
        .with_checkpoint_bytes(6_000);
    let opened = LocalBackend::open(folder, &Holder::new("test"), config, clock.clone());
    opened.unwrap().0
}

fn fresh() -> Subject {
    let folder = tempfile::tempdir().unwrap();
    let clock = ManualClock::default();
    let backend = Arc::new(open(&folder, &clock));
    // The folder is there for as long as the hand on the clock.
    Subject::with_advance(backend, move |by| {
        let _folder = &folder;
        clock.advance(by);
    })
}

crate::conformance!(fresh);

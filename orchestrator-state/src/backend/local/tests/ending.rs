//! The disk breaks down when nobody is committing: those who wait are told all the same.

use std::task::Poll;
use std::time::Instant;

use serde_json::json;

use super::breakdown::fragile::{Break, Fragile};
use super::*;
use crate::backend::EventLog;
use crate::{Durability, Holder, JournalConfig, StoreConfig};

#[test]
fn a_background_sync_that_fails_ends_every_wait() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), ManualClock::default());
    let medium = Fragile::whole(Break::Refused);
    let journal = JournalConfig::default()
        .with_durability(Durability::Batched(Duration::ZERO))
        .with_medium(medium.clone());
    let config = StoreConfig::default().with_journal(journal);
    let opened = LocalBackend::open(&folder, &Holder::new("test"), config, clock);
    let backend = opened.unwrap().0;
    let (events, tasks) = (CountWakes::new(), CountWakes::new());
    let mut event = backend.wait_for_events(0);
    let mut task = backend.wait_for_task("q", Readiness::Idle);
    assert!(poll_once(event.as_mut(), &events).is_pending());
    assert!(poll_once(task.as_mut(), &tasks).is_pending());
    // The write succeeds, so the commit is acknowledged; the sync behind it does not.
    medium.break_after(1);
    let commit = Commit::new().put("a", json!(1));
    let outcome = block_on(backend.commit(commit)).unwrap();
    assert!(outcome.committed().is_some(), "{outcome:?}");
    let begun = Instant::now();
    while events.count() == 0 || tasks.count() == 0 {
        assert!(begun.elapsed() < Duration::from_secs(30), "nobody is told");
        std::thread::yield_now();
    }
    let event = poll_once(event.as_mut(), &events);
    let failed = matches!(event, Poll::Ready(Err(BackendError::Failed { .. })));
    assert!(failed, "{event:?}");
    let task = poll_once(task.as_mut(), &tasks);
    let failed = matches!(task, Poll::Ready(Err(BackendError::Failed { .. })));
    assert!(failed, "{task:?}");
}

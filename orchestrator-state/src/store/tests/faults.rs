//! EIO and ENOSPC at every step of a checkpoint, of the retention behind it, and of an opening: the
//! error says what happened, the store goes on or stops as it has to, and nothing acknowledged is lost.

mod world;

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::io;

use tempfile::TempDir;

use super::*;
use crate::atomic::faulty::{EIO, ENOSPC, Faulty};
use crate::{Durability, Holder, OpenError, RetainError};
use world::{KEYS, World, checkpoints, copy, files, journal, reopen};

/// The error of the system that is behind another.
fn code(error: &(dyn Error + 'static)) -> Option<i32> {
    let mut error = Some(error);
    while let Some(one) = error {
        if let Some(io) = one.downcast_ref::<io::Error>() {
            return io.raw_os_error();
        }
        error = one.source();
    }
    None
}

/// Whether the step that failed is one of the journal itself, after which it has to stop.
fn stops(told: &CheckpointError) -> bool {
    match told {
        CheckpointError::Store(_) => true,
        CheckpointError::Retain(error) => matches!(error, RetainError::Stopped(_)),
        _ => false,
    }
}

/// Whether an error of a checkpoint is the one that a failed step should give.
fn fits(step: &str, told: &CheckpointError) -> bool {
    if step.starts_with("journal") {
        // The last step of retention is on the journal's folder, and stops nothing.
        let removed = matches!(told, CheckpointError::Retain(RetainError::Remove { .. }));
        return stops(told) || step == "journal: sync_folder" && removed;
    }
    match told {
        CheckpointError::Io { step: named, .. } => matches!(
            (*named, step),
            ("creating", "create_folder" | "create")
                | ("syncing", "sync" | "sync_folder")
                | ("writing", "write")
                | ("renaming", "rename")
                | ("removing", "remove")
        ),
        CheckpointError::Retain(RetainError::Note(_)) => step != "remove",
        CheckpointError::Retain(RetainError::Remove { .. }) => step == "remove",
        _ => false,
    }
}

/// What a failed checkpoint must leave behind. `again`: whether another is written by the same store.
fn look(mut world: World, step: &str, error: i32, again: bool) -> Result<(), String> {
    let Err(told) = world.store.checkpoint() else {
        return Err("nothing was told".to_owned());
    };
    if !fits(step, &told) {
        return Err(format!("told {told:?}"));
    }
    // After a stop, what is told may be the stop; the cause is told by the call that met it.
    if code(&told) != Some(error) && !stops(&told) {
        return Err(format!("the system's word is missing in {told:?}"));
    }
    match (world.commit(99, 99), stops(&told)) {
        (Ok(()), false) => {}
        (Err(UpdateError::Store(StoreError::Stopped { .. })), true) => {}
        (other, _) => return Err(format!("after {told:?}: {other:?}")),
    }
    let goes_on = again && !stops(&told);
    if goes_on {
        let written = world.store.checkpoint();
        written.map_err(|error| format!("the next checkpoint: {error:?}"))?;
        world.commit(98, 98).map_err(|error| error.to_string())?;
    }
    let (folder, acknowledged) = world.close();
    if goes_on {
        // Whatever was dropped, it was dropped behind two checkpoints.
        let newest = checkpoints(folder.path()).pop().ok_or("no checkpoint")?;
        let kept = fs::read(&newest).unwrap();
        fs::remove_file(&newest).unwrap();
        drop(reopen(folder.path(), &acknowledged).map_err(|e| format!("one back: {e}"))?);
        fs::write(&newest, kept).unwrap();
    }
    let store = reopen(folder.path(), &acknowledged)?;
    let written = store.checkpoint();
    written.map_err(|error| format!("a checkpoint after it: {error:?}"))?;
    drop(store);
    let left = checkpoints(folder.path()).len();
    if left > 2 {
        return Err(format!("{left} checkpoints"));
    }
    reopen(folder.path(), &acknowledged).map(drop)
}

/// Lets every step of a checkpoint fail, in both ways. Gives the steps, and what was wrong after any of them.
fn walk(before: u64, config: fn() -> StoreConfig) -> (Vec<&'static str>, Vec<String>) {
    let (start, acknowledged) = World::with_checkpoints(before, config()).close();
    let world = || {
        let folder = tempfile::tempdir().unwrap();
        copy(start.path(), folder.path());
        let mut world = World::open(folder, config(), acknowledged.clone());
        world.commit(97, 97).unwrap();
        world
    };
    let first = world();
    first.disk.arm(usize::MAX, EIO);
    first.store.checkpoint().unwrap();
    let steps = first.disk.seen();
    let mut wrong = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        for (error, again) in [(EIO, false), (ENOSPC, true)] {
            let world = world();
            world.disk.arm(at, error);
            if let Err(what) = look(world, step, error, again) {
                wrong.push(format!("error {error} at step {at}, `{step}`: {what}"));
            }
        }
    }
    (steps, wrong)
}

#[test]
fn a_checkpoint_that_fails_at_any_step_costs_nothing() {
    let mut all = BTreeSet::new();
    for before in [0, 2] {
        let (steps, wrong) = walk(before, StoreConfig::default);
        assert!(wrong.is_empty(), "{wrong:#?}");
        all.extend(steps);
    }
    let expected = [
        "create",
        "create_folder",
        "journal: open",
        "journal: set_len",
        "journal: sync",
        "journal: sync_folder",
        "journal: write",
        "owner",
        "permissions",
        "remove",
        "rename",
        "sync",
        "sync_folder",
        "write",
    ];
    assert_eq!(all.into_iter().collect::<Vec<_>>(), expected);
}

/// The control: a store that drops its journal before the checkpoint is there does not survive the same.
#[test]
#[cfg(feature = "seeded-bugs")]
fn control_a_journal_that_is_dropped_too_early_is_missed_at_the_same_steps() {
    let config = || StoreConfig::default().with_seeded_bug(SeededBug::EarlyRetain);
    let (_, wrong) = walk(1, config);
    let gone = wrong.iter().filter(|what| what.contains("Gap"));
    assert!(gone.count() >= 5, "{wrong:#?}");
}

/// A folder in which an opening has everything to do: a torn record to cut off, a segment to remove that
/// was dropped, a checkpoint to remove that nothing vouches for, and one to write.
fn crashed() -> (TempDir, Vec<(u32, u64)>) {
    let mut world = World::with_checkpoints(3, StoreConfig::default());
    let old = tempfile::tempdir().unwrap();
    let segments = world.folder.path().join("segments");
    copy(&segments, old.path());
    world.store.checkpoint().unwrap();
    for key in 0..KEYS {
        world.commit(key, 100).unwrap();
    }
    // The file is there then, and half of its record.
    world.disk.arm_first("journal: write", EIO);
    world.store.checkpoint().unwrap_err();
    let crashed = tempfile::tempdir().unwrap();
    copy(world.folder.path(), crashed.path());
    assert_eq!(checkpoints(crashed.path()).len(), 3);
    let first = files(old.path()).remove(0);
    let back = crashed
        .path()
        .join("segments")
        .join(first.file_name().unwrap());
    assert!(!back.exists());
    fs::copy(&first, back).unwrap();
    (crashed, world.acknowledged.clone())
}

#[test]
fn an_opening_that_fails_at_any_step_changes_nothing_that_counts() {
    let (crashed, acknowledged) = crashed();
    let (mut all, mut goes_on) = (BTreeSet::new(), BTreeSet::new());
    for error in [EIO, ENOSPC] {
        for at in 0.. {
            let folder = tempfile::tempdir().unwrap();
            copy(crashed.path(), folder.path());
            let disk = Faulty::failing(at, error);
            // Another durability has the anchor written anew.
            let journal = journal(&disk).with_durability(Durability::None);
            let config = StoreConfig::default()
                .with_journal(journal)
                .with_checkpoint_bytes(10);
            let opened = config.open(folder.path(), &Holder::new("test"));
            let steps = disk.seen();
            let Some(step) = steps.get(at) else {
                drop(opened.unwrap());
                // The list of what was dropped is durable before it is relied on.
                let removed = steps.iter().position(|step| *step == "remove").unwrap();
                assert!(
                    steps[..removed].contains(&"journal: sync_folder"),
                    "{steps:?}"
                );
                all.extend(steps);
                break;
            };
            let told = match opened {
                // All was read, and the new checkpoint is not needed.
                Ok((store, report)) => {
                    let table: Table<u32, u64> = store.table("numbers").unwrap();
                    assert_eq!(rows(&store.snapshot(), &table), acknowledged, "`{step}`");
                    put(&store, &table, [(0, Some(100))]);
                    let source = report.checkpoint.unwrap().unwrap_err();
                    assert!(!stops(&source), "`{step}`: {source:?}");
                    goes_on.insert(*step);
                    // Its error is looked at with the others.
                    let folder = folder.path().to_owned();
                    OpenStoreError::NewCheckpoint { folder, source }
                }
                Err(told) => {
                    let checkpoint = matches!(&told, OpenStoreError::NewCheckpoint { source, .. } if !stops(source));
                    assert!(!checkpoint, "`{step}`: {told:?}");
                    told
                }
            };
            let fits = match &told {
                OpenStoreError::Journal {
                    source: OpenError::Anchor(_) | OpenError::Io { .. },
                    ..
                }
                | OpenStoreError::Io { .. } => true,
                OpenStoreError::NewCheckpoint { source, .. } => fits(step, source),
                _ => false,
            };
            assert!(fits, "`{step}`: {told:?}");
            let stopped =
                matches!(&told, OpenStoreError::NewCheckpoint { source, .. } if stops(source));
            assert!(stopped || code(&told) == Some(error), "`{step}`: {told:?}");
            let after = reopen(folder.path(), &acknowledged);
            if let Err(what) = after {
                panic!("error {error} at step {at}, `{step}`: {what}");
            }
        }
    }
    for step in ["remove", "rename", "journal: sync_folder", "journal: sync"] {
        assert!(all.contains(step), "{all:?}");
    }
    // The steps of a checkpoint alone leave a store that is open.
    for step in ["create", "write", "sync", "rename"] {
        assert!(goes_on.contains(step), "{goes_on:?}");
    }
}

#[test]
fn what_a_dead_writer_has_left_goes_with_the_next_checkpoint() {
    let world = World::with_checkpoints(1, StoreConfig::default());
    let folder = world.folder.path().join("checkpoints");
    let left = folder.join(".orchestrator-abc123.tmp");
    let other = folder.join("notes.txt");
    fs::write(&left, "half").unwrap();
    fs::write(&other, "mine").unwrap();
    world.store.checkpoint().unwrap();
    assert!(!left.exists() && other.exists());
}

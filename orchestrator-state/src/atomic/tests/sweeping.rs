//! Temporary files of dead writers go, those in use and those of others stay.

use std::fs::{self, File};

use super::*;
use crate::atomic::stale;

#[test]
fn only_what_is_ours_and_dead_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str| {
        let path = folder.path().join(name);
        fs::write(&path, "x").unwrap();
        path
    };
    put(".orchestrator-abc123.tmp");
    let in_use = File::open(put(".orchestrator-inuse1.tmp")).unwrap();
    in_use.lock().unwrap();
    for other in [
        ".orchestrator-abc123.tmp.bak",
        ".orchestrator-short.tmp",
        ".orchestrator-ab_123.tmp",
        "orchestrator-abc123.tmp",
    ] {
        put(other);
    }
    fs::create_dir(folder.path().join(".orchestrator-folder.tmp")).unwrap();

    stale::sweep(folder.path());
    let left = names(folder.path());
    assert_eq!(left.len(), 6, "{left:?}");
    assert!(!left.contains(&".orchestrator-abc123.tmp".to_owned()));

    drop(in_use);
    stale::sweep(folder.path());
    assert_eq!(names(folder.path()).len(), 5);
}

#[test]
fn the_first_write_in_a_folder_sweeps_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".orchestrator-abc123.tmp"), "x").unwrap();
    atomic_write(folder.path().join("a"), b"a").unwrap();
    assert_eq!(names(folder.path()), ["a"]);
}

/// Writers lose no file to sweepers that run all the time.
#[test]
fn sweepers_and_writers_do_not_disturb_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                stale::sweep(folder.path());
            }
        });
        let writers: Vec<_> = ["a", "b"]
            .into_iter()
            .map(|name| {
                let path = folder.path().join(name);
                scope.spawn(move || {
                    (0..100u32).try_for_each(|round| atomic_write(&path, &round.to_le_bytes()))
                })
            })
            .collect();
        let results: Vec<_> = writers.into_iter().map(|writer| writer.join()).collect();
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        for result in results {
            result.unwrap().unwrap();
        }
    });
    assert_eq!(names(folder.path()), ["a", "b"]);
}

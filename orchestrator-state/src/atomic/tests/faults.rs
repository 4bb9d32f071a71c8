//! EIO and ENOSPC at every step: the old content or the new, never a mixture, and nothing left.

use std::fs::{self, File};
use std::io;

use super::*;
use crate::atomic::faulty::{EIO, ENOSPC, Faulty};

const STEPS: [&str; 7] = [
    "create",
    "owner",
    "permissions",
    "write",
    "sync",
    "rename",
    "sync_folder",
];

#[test]
fn the_steps_come_in_the_order_that_is_safe() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    fs::write(&path, "old").unwrap();
    let steps = Faulty::default();
    replace(&steps, &path, b"new").unwrap();
    assert_eq!(steps.seen(), STEPS);
}

#[test]
fn an_error_at_any_step_leaves_the_old_or_the_new() {
    for error in [EIO, ENOSPC] {
        for existing in [true, false] {
            let steps: &[&str] = if existing {
                &STEPS
            } else {
                &["create", "write", "sync", "rename", "sync_folder"]
            };
            for (at, name) in steps.iter().enumerate() {
                let folder = tempfile::tempdir().unwrap();
                let path = folder.path().join("a");
                if existing {
                    fs::write(&path, "old").unwrap();
                }
                let faulty = Faulty::failing(at, error);
                let failed = replace(&faulty, &path, b"new").unwrap_err();
                let source = std::error::Error::source(&failed).unwrap();
                let source = source.downcast_ref::<io::Error>().unwrap();
                assert_eq!(source.raw_os_error(), Some(error), "{name}");

                let now = fs::read(&path).ok();
                if failed.is_written() {
                    assert_eq!(*name, "sync_folder");
                    assert_eq!(now.as_deref(), Some(&b"new"[..]));
                } else {
                    assert_eq!(now.as_deref(), existing.then_some(&b"old"[..]), "{name}");
                }
                let expected: &[&str] = if now.is_some() { &["a"] } else { &[] };
                assert_eq!(names(folder.path()), expected, "{name}");
                // Fail stop: nothing was tried again, and nothing after it was tried at all.
                assert_eq!(faulty.seen().len(), at + 1, "{name}");
            }
        }
    }
}

/// The control: an overwrite in place, under the same fault, is caught by the same look.
#[test]
fn control_an_overwrite_in_place_is_torn_by_the_same_fault() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    fs::write(&path, "old content").unwrap();
    let faulty = Faulty::failing(0, ENOSPC);
    let mut file = File::create(&path).unwrap();
    faulty.write(&mut file, b"new content").unwrap_err();
    let now = fs::read(&path).unwrap();
    assert!(now != b"old content" && now != b"new content");
}

#[test]
fn a_new_name_that_is_taken_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    fs::write(&path, "old").unwrap();
    let like = fs::metadata(&path).unwrap();
    match create_new(&path, b"new", &like).unwrap_err() {
        AtomicWriteError::NotWritten { step, source, .. } => {
            assert_eq!(step, WriteStep::Rename);
            assert_eq!(source.kind(), io::ErrorKind::AlreadyExists);
        }
        other => panic!("{other}"),
    }
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["a"]);
}

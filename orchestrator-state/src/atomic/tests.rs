//! Atomic writes of real files.

mod faults;
#[cfg(unix)]
mod keeping;
#[cfg(target_os = "linux")]
mod kill;
mod sweeping;

use std::fs;
use std::path::Path;

use super::*;

/// The names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_is_created_and_replaced_and_nothing_else_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("todo.md");
    atomic_write(&path, b"one").unwrap();
    atomic_write(&path, b"two").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"two");
    assert_eq!(names(folder.path()), ["todo.md"]);
}

#[test]
fn what_is_in_the_way_is_named_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("todo.md");
    fs::create_dir(&path).unwrap();
    for path in [path.clone(), path.join(".."), Path::new("..").to_owned()] {
        let error = atomic_write(&path, b"one").unwrap_err();
        assert!(error.to_string().contains("it is a folder"), "{error}");
    }
    assert_eq!(names(folder.path()), ["todo.md"]);
    let error = atomic_write("", b"one").unwrap_err();
    assert!(error.to_string().contains("an empty path"), "{error}");
}

#[test]
fn a_missing_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    match atomic_write(missing.join("todo.md"), b"one").unwrap_err() {
        AtomicWriteError::NoFolder { folder, .. } => assert_eq!(folder, missing),
        other => panic!("{other}"),
    }
    fs::write(&missing, "a file").unwrap();
    let error = atomic_write(missing.join("todo.md"), b"one").unwrap_err();
    assert!(!error.is_written(), "{error}");
    assert_eq!(fs::read(&missing).unwrap(), b"a file");
}

/// Root may write in every ordinary folder; in this one nobody may.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_takes_no_files_is_an_error_that_names_the_step() {
    match atomic_write("/proc/todo.md", b"one").unwrap_err() {
        AtomicWriteError::NotWritten { step, .. } => assert_eq!(step, WriteStep::Create),
        other => panic!("{other}"),
    }
}

/// The tests of a crate run in its folder, so a bare name is a file there.
#[test]
fn a_bare_name_is_in_the_current_folder() {
    let name = format!("bare-{}.tmp", std::process::id());
    atomic_write(&name, b"one").unwrap();
    let read = fs::read(std::env::current_dir().unwrap().join(&name)).unwrap();
    fs::remove_file(&name).unwrap();
    assert_eq!(read, b"one");
}

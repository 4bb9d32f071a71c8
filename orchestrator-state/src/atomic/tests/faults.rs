//! EIO and ENOSPC at every step: the old content or the new, never a mixture, and nothing left.

use std::cell::{Cell, RefCell};
use std::fs::{self, File, Metadata, Permissions};
use std::io;

use tempfile::NamedTempFile;

use super::*;

const EIO: i32 = 5;
const ENOSPC: i32 = 28;

/// The real steps, of which the one with a given number fails.
struct Faulty {
    fails: usize,
    error: i32,
    count: Cell<usize>,
    seen: RefCell<Vec<&'static str>>,
}

impl Faulty {
    fn new(fails: usize, error: i32) -> Self {
        Self {
            fails,
            error,
            count: Cell::new(0),
            seen: RefCell::new(Vec::new()),
        }
    }

    fn step(&self, name: &'static str) -> io::Result<()> {
        self.seen.borrow_mut().push(name);
        if self.count.replace(self.count.get() + 1) == self.fails {
            return Err(io::Error::from_raw_os_error(self.error));
        }
        Ok(())
    }
}

impl Steps for Faulty {
    fn create(&self, folder: &Path, private: bool) -> io::Result<NamedTempFile> {
        self.step("create")?;
        System.create(folder, private)
    }
    fn give_owner(&self, file: &File, like: &Metadata) -> io::Result<bool> {
        self.step("owner")?;
        System.give_owner(file, like)
    }
    fn give_permissions(&self, file: &File, permissions: Permissions) -> io::Result<()> {
        self.step("permissions")?;
        System.give_permissions(file, permissions)
    }
    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        // What a full disk does: some of the bytes, then the error.
        if let Err(error) = self.step("write") {
            System.write(file, &bytes[..bytes.len() / 2])?;
            return Err(error);
        }
        System.write(file, bytes)
    }
    fn sync(&self, file: &File) -> io::Result<()> {
        self.step("sync")?;
        System.sync(file)
    }
    fn rename(&self, file: NamedTempFile, target: &Path) -> io::Result<()> {
        self.step("rename")?;
        System.rename(file, target)
    }
    fn rename_new(&self, file: NamedTempFile, target: &Path) -> io::Result<()> {
        self.step("rename_new")?;
        System.rename_new(file, target)
    }
    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.step("sync_folder")?;
        System.sync_folder(folder)
    }
}

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
    let steps = Faulty::new(usize::MAX, EIO);
    replace(&steps, &path, b"new").unwrap();
    assert_eq!(*steps.seen.borrow(), STEPS);
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
                let faulty = Faulty::new(at, error);
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
                assert_eq!(faulty.seen.borrow().len(), at + 1, "{name}");
            }
        }
    }
}

/// The control: an overwrite in place, under the same fault, is caught by the same look.
#[test]
fn an_overwrite_in_place_is_torn_by_the_same_fault() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    fs::write(&path, "old content").unwrap();
    let faulty = Faulty::new(0, ENOSPC);
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

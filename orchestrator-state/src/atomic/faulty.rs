//! The real steps, of which one fails on purpose.

use std::fs::{File, Metadata, Permissions};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::NamedTempFile;

use super::{Steps, System};

pub(crate) const EIO: i32 = 5;
pub(crate) const ENOSPC: i32 = 28;

/// The real steps, of which the one with a given number fails, once. A copy shares the count, and may
/// count what is done by other ways than these steps, too.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faulty(Arc<Mutex<Plan>>);

#[derive(Debug, Default)]
struct Plan {
    /// Which step fails, and how.
    fails: Option<(Which, i32)>,
    seen: Vec<&'static str>,
}

#[derive(Debug)]
enum Which {
    Number(usize),
    FirstOf(&'static str),
}

impl Faulty {
    /// Fails at a step, counted from 0.
    pub(crate) fn failing(at: usize, error: i32) -> Self {
        let faulty = Self::default();
        faulty.arm(at, error);
        faulty
    }

    /// From now on: fails at a step, counted from 0.
    pub(crate) fn arm(&self, at: usize, error: i32) {
        self.plan(Which::Number(at), error);
    }

    /// From now on: fails at the first step of a name.
    pub(crate) fn arm_first(&self, name: &'static str, error: i32) {
        self.plan(Which::FirstOf(name), error);
    }

    fn plan(&self, which: Which, error: i32) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Plan {
            fails: Some((which, error)),
            seen: Vec::new(),
        };
    }

    /// The steps since it was armed.
    pub(crate) fn seen(&self) -> Vec<&'static str> {
        let plan = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        plan.seen.clone()
    }

    /// Counts a step, which fails if its turn has come.
    pub(crate) fn step(&self, name: &'static str) -> io::Result<()> {
        let mut plan = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = match plan.fails {
            Some((Which::Number(at), _)) => at == plan.seen.len(),
            Some((Which::FirstOf(first), _)) => first == name && !plan.seen.contains(&name),
            None => false,
        };
        plan.seen.push(name);
        match plan.fails {
            Some((_, error)) if is_due => Err(io::Error::from_raw_os_error(error)),
            _ => Ok(()),
        }
    }
}

impl Steps for Faulty {
    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        self.step("create_folder")?;
        System.create_folder(folder)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.step("remove")?;
        System.remove(path)
    }
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

//! A disk that breaks down when it is told to.

use std::cell::RefCell;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Disk, LogFile, Medium};

/// How a disk breaks down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) enum Break {
    /// The call fails and has done nothing.
    Refused,
    /// Of a write, half is there. Other calls have done nothing.
    Torn,
    /// The call has done all, and fails nevertheless.
    Done,
}

pub(super) const WAYS: [Break; 3] = [Break::Refused, Break::Torn, Break::Done];

/// A disk that breaks down at one of its calls, and for good.
#[derive(Debug, Clone)]
pub(in super::super) struct Fragile {
    how: Break,
    /// How many calls succeed still.
    left: Arc<AtomicU64>,
}

impl Fragile {
    /// One that works, until it is told otherwise.
    pub(in super::super) fn whole(how: Break) -> Self {
        let left = Arc::new(AtomicU64::new(u64::MAX));
        Self { how, left }
    }

    /// Breaks down at the call after so many from now on.
    pub(in super::super) fn break_after(&self, calls: u64) {
        self.left.store(calls + 1, Ordering::SeqCst);
    }

    /// Makes a call, or breaks down.
    fn call<T>(
        &self,
        whole: impl FnOnce() -> io::Result<T>,
        torn: impl FnOnce() -> io::Result<()>,
    ) -> io::Result<T>
    where
        T: Default,
    {
        const LAST: u64 = 1;
        let count = |left: u64| Some(left.saturating_sub(1));
        // It never refuses, and zero stays zero.
        let left = self
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, count);
        match left.unwrap_or(0) {
            0 => {}
            LAST => match self.how {
                Break::Refused => {}
                Break::Torn => torn()?,
                Break::Done => drop(whole()?),
            },
            _ => return whole(),
        }
        Err(io::Error::other("the disk is broken"))
    }
}

struct FragileFile(Box<dyn LogFile>, Fragile);

impl Medium for Fragile {
    fn open(&self, path: &Path) -> io::Result<Box<dyn LogFile>> {
        Ok(Box::new(FragileFile(Disk.open(path)?, self.clone())))
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        Disk.sync_folder(folder)
    }
}

impl LogFile for FragileFile {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        let Self(file, fragile) = self;
        let file = RefCell::new(file);
        fragile.call(
            || file.borrow_mut().write_at(offset, bytes),
            || {
                let half = &bytes[..bytes.len() / 2];
                file.borrow_mut().write_at(offset, half).map(drop)
            },
        )
    }

    fn set_len(&mut self, len: u64) -> io::Result<()> {
        let Self(file, fragile) = self;
        fragile.call(|| file.set_len(len), || Ok(()))
    }

    fn sync(&mut self) -> io::Result<()> {
        let Self(file, fragile) = self;
        fragile.call(|| file.sync(), || Ok(()))
    }
}

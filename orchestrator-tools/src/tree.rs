//! The files of a worktree, known from one call to the next and never trusted unseen.
//!
//! A tree is walked once. From then on each call looks at every folder (and each file that it is about)
//! again, by one `stat` each: what is as it was need not be read again. A folder that changed is listed
//! again; where an ignore file changed, all is walked again.
//!
//! A stamp is believed only once it is old. What changes twice within one tick of the clock may have the
//! same time both times, so what has changed less than a tick before it was looked at is looked at again
//! at the next call (git calls such entries racy, and does the same).

mod stamp;
mod walk;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use stamp::Stamp;
use walk::Listing;

use crate::worktree::Worktree;

/// Which files of a worktree there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct TreeOptions {
    /// Hidden files and folders too: those that begin with a dot. Never `.git`.
    pub hidden: bool,
    /// What `.gitignore` and its like leave out, too.
    pub ignored: bool,
}

impl TreeOptions {
    /// With hidden files.
    #[must_use]
    pub fn with_hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    /// With files that are ignored.
    #[must_use]
    pub fn with_ignored(mut self) -> Self {
        self.ignored = true;
        self
    }
}

/// Trees of worktrees, which keep what they know as long as they are used. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Trees {
    trees: Arc<Mutex<HashMap<(PathBuf, TreeOptions), Used>>>,
}

#[derive(Debug)]
struct Used {
    tree: Arc<Tree>,
    /// When it was used last, by the count of uses.
    last: u64,
}

/// So many are kept.
const TREES: usize = 32;

impl Trees {
    /// The tree of a worktree.
    #[must_use]
    pub fn of(&self, worktree: &Worktree, options: TreeOptions) -> Arc<Tree> {
        let mut trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
        let now = trees.values().map(|used| used.last).max().unwrap_or(0) + 1;
        let key = (worktree.root().to_owned(), options);
        if !trees.contains_key(&key) && trees.len() >= TREES {
            let oldest = trees.iter().min_by_key(|(_, used)| used.last);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                trees.remove(&oldest);
            }
        }
        let used = trees.entry(key).or_insert_with(|| Used {
            tree: Arc::new(Tree::new(worktree.clone(), options)),
            last: now,
        });
        used.last = now;
        Arc::clone(&used.tree)
    }
}

/// Files and what is in them, as they are at each call.
#[derive(Debug)]
pub struct Tree {
    worktree: Worktree,
    options: TreeOptions,
    listing: Mutex<Option<Listing>>,
    contents: Mutex<Contents>,
}

/// The paths of a tree, in the order of their components.
pub type Files = Arc<[Arc<Path>]>;

impl Tree {
    /// A tree of which nothing is known yet.
    #[must_use]
    pub fn new(worktree: Worktree, options: TreeOptions) -> Self {
        Self {
            worktree,
            options,
            listing: Mutex::default(),
            contents: Mutex::default(),
        }
    }

    /// The plain files that there are now, relative to the worktree. What cannot be read is left out, as are
    /// symbolic links.
    pub fn files(&self) -> Files {
        let mut listing = self.listing.lock().unwrap_or_else(PoisonError::into_inner);
        let listing = match listing.take() {
            Some(before) => listing.insert(before.again(self.worktree.root(), self.options)),
            None => listing.insert(Listing::walk(self.worktree.root(), self.options)),
        };
        listing.files()
    }

    /// What is in a file now; `None` where it cannot be read, or is larger than tools read.
    pub fn content(&self, path: &Arc<Path>) -> Option<Arc<[u8]>> {
        let full = self.worktree.root().join(path);
        let known = {
            let contents = self.contents.lock().unwrap_or_else(PoisonError::into_inner);
            contents.files.get(path).cloned()
        };
        // Looked at before it is read: what changes between the two is seen the next time.
        let now = Stamp::of(&full)?;
        if let Some(known) = known.filter(|known| known.stamp.still_is(&now)) {
            return Some(known.bytes);
        }
        let bytes: Arc<[u8]> = self.worktree.read_at(path).ok()?.into();
        let mut contents = self.contents.lock().unwrap_or_else(PoisonError::into_inner);
        contents.keep(path, now, &bytes);
        Some(bytes)
    }
}

/// So many bytes of contents are kept: 128 MiB.
const KEPT: usize = 128 << 20;

/// Of a file so many bytes at most: 4 MiB.
const KEPT_EACH: usize = 4 << 20;

#[derive(Debug, Default)]
struct Contents {
    files: HashMap<Arc<Path>, Content>,
    bytes: usize,
}

#[derive(Debug, Clone)]
struct Content {
    stamp: Stamp,
    bytes: Arc<[u8]>,
}

impl Contents {
    fn keep(&mut self, path: &Arc<Path>, stamp: Stamp, bytes: &Arc<[u8]>) {
        if bytes.len() > KEPT_EACH {
            if let Some(before) = self.files.remove(path) {
                self.bytes -= before.bytes.len();
            }
            return;
        }
        if self.bytes + bytes.len() > KEPT {
            // It is filled again by what is asked for.
            self.files.clear();
            self.bytes = 0;
        }
        let content = Content {
            stamp,
            bytes: Arc::clone(bytes),
        };
        self.bytes += bytes.len();
        if let Some(before) = self.files.insert(Arc::clone(path), content) {
            self.bytes -= before.bytes.len();
        }
    }
}

#[cfg(test)]
mod tests;

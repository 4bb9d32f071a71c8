//! The files of a worktree, known from one call to the next and never trusted unseen.
//!
//! A tree is walked once. From then on each call looks at every folder (and each file that it is about)
//! again, by one `stat` each: what is as it was need not be read again. A folder that changed is listed
//! again; where an ignore file changed, all is walked again.
//!
//! A stamp is believed only once it is old. What changes twice within one tick of the clock may have the
//! same time both times, so what has changed less than a tick before it was looked at is looked at again
//! at the next call (git calls such entries racy, and does the same).

mod about;
mod stamp;
mod walk;

use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cap_fs_ext::DirExt;
use cap_std::ambient_authority;
use cap_std::fs::Dir;

use about::About;
use stamp::Stamp;
use walk::Listing;

use crate::worktree::{Worktree, read_plain};

/// Which files of a worktree there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct TreeOptions {
    /// Hidden files and folders too: those that begin with a dot. Never `.git`.
    pub hidden: bool,
    /// What `.gitignore` and its like leave out, too.
    pub ignored: bool,
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

/// So many are kept, each with its contents: a mission has about as many worktrees at once.
const TREES: usize = 16;

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
    /// How many bytes of contents are kept.
    kept: Arc<AtomicUsize>,
}

/// The files of a tree, in the order of their paths, component by component.
pub type Files = Arc<[Arc<TreeFile>]>;

/// A file of a tree.
#[derive(Debug)]
pub struct TreeFile {
    path: Arc<Path>,
    full: PathBuf,
    content: Mutex<Option<Arc<Content>>>,
}

#[derive(Debug)]
struct Content {
    stamp: Stamp,
    bytes: Box<[u8]>,
    about: About,
    /// Where its bytes are counted as long as it is there.
    kept: Arc<AtomicUsize>,
}

impl Drop for Content {
    fn drop(&mut self) {
        self.kept.fetch_sub(self.bytes.len(), Ordering::Relaxed);
    }
}

/// What is in a file.
#[derive(Debug, Clone)]
pub struct TreeContent {
    content: Arc<Content>,
    is_known: bool,
}

impl std::ops::Deref for TreeContent {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.content.bytes
    }
}

impl TreeContent {
    /// Whether one of these texts may be in it. What is read for the first time may have anything.
    pub(crate) fn may_have_one_of(&self, texts: &[Vec<u8>]) -> bool {
        // The texts are in UTF-8, which a search makes of it.
        let is_utf16 = self.starts_with(b"\xff\xfe") || self.starts_with(b"\xfe\xff");
        if !self.is_known || is_utf16 {
            return true;
        }
        let grams = self.content.about.grams(self);
        texts.iter().any(|text| grams.may_have(text))
    }

    /// Whether it is known to have no zero byte.
    pub(crate) fn is_text(&self) -> bool {
        self.is_known && !self.content.about.has_zero(self)
    }
}

impl TreeFile {
    fn new(root: &Path, path: Arc<Path>) -> Self {
        Self {
            full: root.join(&path),
            path,
            content: Mutex::default(),
        }
    }

    /// Relative to the worktree.
    #[must_use]
    pub fn path(&self) -> &Arc<Path> {
        &self.path
    }

    fn content(&self) -> MutexGuard<'_, Option<Arc<Content>>> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tree {
    /// A tree of which nothing is known yet.
    #[must_use]
    pub fn new(worktree: Worktree, options: TreeOptions) -> Self {
        Self {
            worktree,
            options,
            listing: Mutex::default(),
            kept: Arc::default(),
        }
    }

    /// The plain files that there are now. What cannot be looked at is left out, as are symbolic links.
    pub fn files(&self) -> Files {
        let mut listing = self.listing.lock().unwrap_or_else(PoisonError::into_inner);
        let listing = match listing.take() {
            Some(before) => listing.insert(before.again(self.worktree.root(), self.options)),
            None => listing.insert(Listing::walk(self.worktree.root(), self.options)),
        };
        listing.files()
    }

    /// Reads files of it, best in their order.
    #[must_use]
    pub fn reader(&self) -> TreeReader<'_> {
        TreeReader {
            tree: self,
            folders: Vec::new(),
            buffer: Vec::new(),
        }
    }

    /// Forgets all contents: they are read again where they are asked for.
    fn forget(&self) {
        let listing = self.listing.lock().unwrap_or_else(PoisonError::into_inner);
        for file in listing.iter().flat_map(|listing| listing.files().to_vec()) {
            *file.content() = None;
        }
    }
}

/// So many bytes of contents are kept in a tree: 48 MiB.
const KEPT: usize = 48 << 20;

/// Of a file so many bytes at most: 4 MiB.
const KEPT_EACH: usize = 4 << 20;

/// Reads files of a tree, and keeps the folders open through which it has come to the last.
#[derive(Debug)]
pub struct TreeReader<'a> {
    tree: &'a Tree,
    /// From the root down; what each but the first is called in the one before it.
    folders: Vec<(OsString, Dir)>,
    buffer: Vec<u8>,
}

impl TreeReader<'_> {
    /// What is in a file now; `None` where it cannot be read, or is larger than tools read.
    pub fn read(&mut self, file: &TreeFile) -> Option<TreeContent> {
        let known = file.content().clone();
        if let Some(content) = known
            && content.stamp.still_is_at(&file.full)
        {
            let is_known = true;
            return Some(TreeContent { content, is_known });
        }
        self.go_to(file.path.parent()?).ok()?;
        let (_, folder) = self.folders.last()?;
        let name = file.path.file_name()?;
        let found = read_plain(folder, name, &file.path, &mut self.buffer).ok()?;
        let stamp = Stamp::new(&found)?;
        let size = self.buffer.len();
        let kept = self.tree.kept.fetch_add(size, Ordering::Relaxed) + size;
        let content = Arc::new(Content {
            stamp,
            bytes: self.buffer.as_slice().into(),
            about: About::default(),
            kept: Arc::clone(&self.tree.kept),
        });
        *file.content() = (size <= KEPT_EACH).then(|| Arc::clone(&content));
        if kept > KEPT {
            self.tree.forget();
        }
        let is_known = false;
        Some(TreeContent { content, is_known })
    }

    /// Opens the folders down to one, each in the one before it and through no link: there are none on the
    /// way to what a walk has found.
    fn go_to(&mut self, path: &Path) -> io::Result<()> {
        if self.folders.is_empty() {
            let root = self.tree.worktree.root();
            let root = Dir::open_ambient_dir(root, ambient_authority())?;
            self.folders.push((OsString::new(), root));
        }
        let open = self.folders.iter().skip(1).zip(path.iter());
        let same = open
            .take_while(|((name, _), wanted)| name == wanted)
            .count();
        self.folders.truncate(1 + same);
        for name in path.iter().skip(same) {
            if let Some((_, folder)) = self.folders.last() {
                let next = folder.open_dir_nofollow(name)?;
                self.folders.push((name.to_owned(), next));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

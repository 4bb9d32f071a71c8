//! Walking a tree, and walking again only what changed.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ignore::{DirEntry, WalkBuilder, WalkState};

use super::stamp::Stamp;
use super::{Files, TreeFile, TreeOptions};

/// The files by which others are left out. Where one comes, goes or changes, all may be different.
const IGNORE_FILES: [&str; 3] = [".gitignore", ".ignore", ".rgignore"];

#[derive(Debug, Clone)]
pub(super) struct Listing {
    /// Relative to the root, which is the empty path.
    folders: HashMap<Arc<Path>, Folder>,
    /// Ignore files outside the folders: those above the root, and git's own.
    outside: Vec<(PathBuf, Option<Stamp>)>,
    /// Where a repository is, at the root or above it: `.gitignore` counts only there.
    repositories: Vec<PathBuf>,
    files: Files,
}

#[derive(Debug, Clone, Default)]
struct Folder {
    /// `None`: it could not be looked at.
    stamp: Option<Stamp>,
    files: Vec<Arc<Path>>,
    /// Those that are there.
    ignore_files: Vec<(PathBuf, Stamp)>,
    is_repository: bool,
}

/// More than one in so many folders that changed is worth a walk of all.
const MANY: usize = 8;

impl Listing {
    /// All of a tree.
    pub(super) fn walk(root: &Path, options: TreeOptions) -> Self {
        let outside = match options.ignored {
            true => Vec::new(),
            false => stamps(outside(root)),
        };
        let mut listing = Self {
            folders: folders(root, Path::new(""), options, None),
            outside,
            repositories: repositories(root),
            files: Arc::new([]),
        };
        listing.list(root);
        listing
    }

    /// All of it, with what is known of files that are still there.
    fn walk_again(self, root: &Path, options: TreeOptions) -> Self {
        let mut listing = Self::walk(root, options);
        listing.files = merged(&self.files, &listing.files);
        listing
    }

    /// The same tree as it is now.
    pub(super) fn again(mut self, root: &Path, options: TreeOptions) -> Self {
        if self
            .outside
            .iter()
            .any(|(path, before)| has_changed(path, before.as_ref()))
            || self.repositories != repositories(root)
        {
            return self.walk_again(root, options);
        }
        let mut changed = Vec::new();
        for (path, folder) in &self.folders {
            let ignore_files = &folder.ignore_files;
            if ignore_files
                .iter()
                .any(|(path, before)| has_changed(path, Some(before)))
            {
                return self.walk_again(root, options);
            }
            let stamp = folder.stamp.as_ref();
            if !stamp.is_some_and(|stamp| stamp.still_is_at(&root.join(path))) {
                changed.push(Arc::clone(path));
            }
        }
        if changed.is_empty() {
            return self;
        }
        if changed.len() > 1 + self.folders.len() / MANY {
            return self.walk_again(root, options);
        }
        for path in changed {
            if !self.list_again(root, &path, options) {
                return self.walk_again(root, options);
            }
        }
        self.list(root);
        self
    }

    pub(super) fn files(&self) -> Files {
        Arc::clone(&self.files)
    }

    /// Lists one folder again; `false` where an ignore file has come.
    fn list_again(&mut self, root: &Path, path: &Arc<Path>, options: TreeOptions) -> bool {
        // It may have gone with the folder above it.
        let Some(before) = self.folders.remove(path) else {
            return true;
        };
        let mut now = folders(root, path, options, Some(1));
        let Some(folder) = now.remove(path) else {
            self.remove_beneath(path);
            return true;
        };
        let ignore_files = |folder: &Folder| {
            let paths = folder.ignore_files.iter().map(|(path, _)| path.clone());
            (paths.collect::<Vec<_>>(), folder.is_repository)
        };
        if ignore_files(&before) != ignore_files(&folder) {
            return false;
        }
        self.folders.insert(Arc::clone(path), folder);
        // What is a folder in it now: those that are known stay, for they are looked at themselves.
        let children: HashSet<Arc<Path>> = now.into_keys().collect();
        let known = self.children(path);
        for gone in known.iter().filter(|known| !children.contains(*known)) {
            self.folders.remove(gone);
            self.remove_beneath(gone);
        }
        for new in children.iter().filter(|child| !known.contains(child)) {
            self.folders.extend(folders(root, new, options, None));
        }
        true
    }

    /// The folders in a folder that are known.
    fn children(&self, path: &Path) -> Vec<Arc<Path>> {
        let beneath = self.folders.keys().filter(|key| key.parent() == Some(path));
        beneath.cloned().collect()
    }

    fn remove_beneath(&mut self, path: &Path) {
        self.folders
            .retain(|key, _| !key.starts_with(path) || &**key == path);
    }

    fn list(&mut self, root: &Path) {
        let folders = self.folders.values();
        let mut paths: Vec<&Arc<Path>> = folders.flat_map(|folder| &folder.files).collect();
        paths.sort_by_cached_key(|path| order(path));
        let new = paths
            .into_iter()
            .map(|path| Arc::new(TreeFile::new(root, Arc::clone(path))));
        self.files = merged(&self.files, &new.collect());
    }
}

/// The folders from one on, so many levels deep, with what is in them.
fn folders(
    root: &Path,
    path: &Path,
    options: TreeOptions,
    depth: Option<usize>,
) -> HashMap<Arc<Path>, Folder> {
    let start = root.join(path);
    let found: Mutex<Vec<Found>> = Mutex::default();
    let walk = WalkBuilder::new(&start)
        .standard_filters(!options.ignored)
        .hidden(!options.hidden)
        .max_depth(depth)
        .threads(if depth.is_some() { 1 } else { 0 })
        .filter_entry(|entry| entry.depth() == 0 || entry.file_name() != ".git")
        .build_parallel();
    walk.run(|| {
        let mut own = Own {
            found: Vec::new(),
            all: &found,
        };
        Box::new(move |entry| {
            if let Ok(entry) = entry
                && let Some(one) = Found::of(&entry, root, depth)
            {
                own.found.push(one);
            }
            WalkState::Continue
        })
    });
    let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut folders: HashMap<Arc<Path>, Folder> = HashMap::new();
    for one in found {
        match one {
            Found::Folder(path, found) => {
                let folder = folders.entry(path.into()).or_default();
                folder.stamp = found.stamp;
                if !options.ignored {
                    folder.ignore_files = found.ignore_files;
                    folder.is_repository = found.is_repository;
                }
            }
            Found::File(path) => {
                let folder = path.parent().unwrap_or(Path::new(""));
                let folder = folders.entry(folder.into()).or_default();
                folder.files.push(path.into());
            }
        }
    }
    folders
}

/// What orders paths as `Path` does, component by component, and is quicker to compare: nothing is less than
/// what ends a component.
fn order(path: &Path) -> Vec<u8> {
    let bytes = path.as_os_str().as_encoded_bytes().iter();
    bytes
        .map(|byte| {
            if std::path::is_separator(char::from(*byte)) {
                0
            } else {
                *byte
            }
        })
        .collect()
}

/// The new files, but those that were there before as they were.
fn merged(before: &Files, now: &Files) -> Files {
    let mut before = before.iter().peekable();
    let merged = now.iter().map(|new| {
        while before.next_if(|old| old.path() < new.path()).is_some() {}
        let same = before.next_if(|old| old.path() == new.path());
        Arc::clone(same.unwrap_or(new))
    });
    merged.collect()
}

enum Found {
    Folder(PathBuf, Folder),
    File(PathBuf),
}

impl Found {
    fn of(entry: &DirEntry, root: &Path, depth: Option<usize>) -> Option<Self> {
        let kind = entry.file_type()?;
        let path = entry.path().strip_prefix(root).ok()?.to_owned();
        if kind.is_file() {
            return Some(Self::File(path));
        }
        if !kind.is_dir() {
            return None;
        }
        if depth.is_some_and(|depth| entry.depth() == depth) {
            // It is only asked whether it is there.
            return Some(Self::Folder(path, Folder::default()));
        }
        let there = |name| {
            let path = entry.path().join(name);
            let stamp = Stamp::of(&path)?;
            Some((path, stamp))
        };
        let folder = Folder {
            // Before it is listed.
            stamp: Stamp::of(entry.path()),
            files: Vec::new(),
            ignore_files: IGNORE_FILES.into_iter().filter_map(there).collect(),
            is_repository: entry.path().join(".git").symlink_metadata().is_ok(),
        };
        Some(Self::Folder(path, folder))
    }
}

/// What one thread has found; it is handed over when the thread ends.
struct Own<'a> {
    found: Vec<Found>,
    all: &'a Mutex<Vec<Found>>,
}

impl Drop for Own<'_> {
    fn drop(&mut self) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.append(&mut self.found);
    }
}

fn stamps(paths: impl IntoIterator<Item = PathBuf>) -> Vec<(PathBuf, Option<Stamp>)> {
    let stamp = |path: PathBuf| {
        let stamp = Stamp::of(&path);
        (path, stamp)
    };
    paths.into_iter().map(stamp).collect()
}

fn has_changed(path: &Path, before: Option<&Stamp>) -> bool {
    match before {
        Some(before) => !before.still_is_at(path),
        None => path.symlink_metadata().is_ok(),
    }
}

fn repositories(root: &Path) -> Vec<PathBuf> {
    let git = root.ancestors().map(|folder| folder.join(".git"));
    git.filter(|git| git.symlink_metadata().is_ok()).collect()
}

/// Ignore files that count for a tree, outside its folders.
fn outside(root: &Path) -> Vec<PathBuf> {
    let above = root.ancestors().skip(1);
    let mut paths: Vec<PathBuf> = above
        .flat_map(|folder| IGNORE_FILES.map(|name| folder.join(name)))
        .collect();
    for git in repositories(root) {
        paths.push(common(&git).join("info/exclude"));
    }
    paths.extend(ignore::gitignore::gitconfig_excludes_path());
    paths
}

/// Where a repository keeps what its worktrees share: in a worktree, `.git` is a file that leads there.
fn common(git: &Path) -> PathBuf {
    let line = |path: &Path| std::fs::read_to_string(path).ok();
    let Some(its) =
        line(git).and_then(|text| Some(text.strip_prefix("gitdir:")?.trim().to_owned()))
    else {
        return git.to_owned();
    };
    let its = git.parent().unwrap_or(Path::new("")).join(its);
    match line(&its.join("commondir")) {
        Some(common) => its.join(common.trim()),
        None => its,
    }
}

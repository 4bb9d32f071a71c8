//! Where a path leads, found step by step from one open folder to the next.
//!
//! No name is looked up twice: each folder is opened by its name in the one before it, which is held open,
//! and never through a symbolic link. Links are read and followed here, as long as they stay beneath the
//! root. So whoever swaps folders and links meanwhile can make a step fail, but not lead it elsewhere.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Component, Path};

use cap_fs_ext::DirExt;
use cap_std::fs::Dir;

use super::path::{PathError, is_protected};

/// More links than that are a circle: as many as Linux follows.
const LINKS: usize = 40;

/// A name in a folder, which is held open.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) folder: Dir,
    pub(super) name: OsString,
}

/// What is done with folders on the way that are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    Fail,
    Create,
}

impl Place {
    /// Follows a path from the root of a worktree. What it leads to need not exist, but is no link where it
    /// does.
    pub(super) fn find(root: Dir, path: &Path, missing: Missing) -> Result<Self, PathError> {
        let (mut walk, mut rest) = Walk::new(root, path);
        while let Some(name) = rest.pop() {
            let is_last = rest.is_empty();
            match walk.step(&name, is_last, missing)? {
                Step::Down => {}
                Step::Link(target) => walk.follow(&name, &target, &mut rest)?,
                Step::There(place) => return Ok(place),
            }
        }
        Err(walk.folder())
    }
}

/// What is at a name.
enum Step {
    /// A folder, which is open now.
    Down,
    Link(std::path::PathBuf),
    There(Place),
}

struct Walk<'a> {
    path: &'a Path,
    /// From the root to where the walk is; never empty.
    folders: Vec<Dir>,
    links: usize,
}

impl<'a> Walk<'a> {
    /// At the root, with what is left of the way, the last first.
    fn new(root: Dir, path: &'a Path) -> (Self, Vec<OsString>) {
        let walk = Self {
            path,
            folders: vec![root],
            links: 0,
        };
        (walk, path.iter().rev().map(OsStr::to_owned).collect())
    }

    fn step(&mut self, name: &OsStr, is_last: bool, missing: Missing) -> Result<Step, PathError> {
        if name == ".." {
            // Only a link says so. Its own name is long passed.
            self.folders.pop();
            return match self.folders.is_empty() {
                true => Err(self.leaves(name)),
                false => Ok(Step::Down),
            };
        }
        if is_protected(&name.to_string_lossy()) {
            return Err(PathError::Protected {
                path: self.path.to_string_lossy().into_owned(),
                part: name.to_string_lossy().into_owned(),
            });
        }
        let folder = self.here()?;
        match folder.symlink_metadata(name) {
            Ok(found) if found.is_symlink() => {
                let target = folder.read_link_contents(name);
                return target.map(Step::Link).map_err(|error| self.io(error));
            }
            Ok(found) if found.is_dir() && !is_last => {}
            Ok(_) if is_last => return self.there(name),
            Ok(_) => {
                return Err(PathError::NotFound {
                    path: self.path.to_string_lossy().into_owned(),
                });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => match missing {
                _ if is_last => return self.there(name),
                Missing::Fail => {
                    return Err(PathError::NotFound {
                        path: self.path.to_string_lossy().into_owned(),
                    });
                }
                Missing::Create => match folder.create_dir(name) {
                    // Another has made it meanwhile.
                    Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                        return Err(self.io(error));
                    }
                    _ => {}
                },
            },
            Err(error) => return Err(self.io(error)),
        }
        let next = folder.open_dir_nofollow(name);
        self.folders.push(next.map_err(|error| self.io(error))?);
        Ok(Step::Down)
    }

    /// Puts what a link says before what is left of the way.
    fn follow(
        &mut self,
        name: &OsStr,
        target: &Path,
        rest: &mut Vec<OsString>,
    ) -> Result<(), PathError> {
        self.links += 1;
        if self.links > LINKS {
            return Err(self.leaves(name));
        }
        for component in target.components().rev() {
            match component {
                Component::Normal(part) => rest.push(part.to_owned()),
                Component::ParentDir => rest.push("..".into()),
                Component::CurDir => {}
                Component::RootDir | Component::Prefix(_) => return Err(self.leaves(name)),
            }
        }
        Ok(())
    }

    fn there(&mut self, name: &OsStr) -> Result<Step, PathError> {
        match self.folders.pop() {
            Some(folder) => Ok(Step::There(Place {
                folder,
                name: name.to_owned(),
            })),
            None => Err(self.leaves(name)),
        }
    }

    fn here(&self) -> Result<&Dir, PathError> {
        self.folders
            .last()
            .ok_or_else(|| self.leaves(OsStr::new("..")))
    }

    fn folder(&self) -> PathError {
        PathError::NotAFile {
            path: self.path.to_string_lossy().into_owned(),
            what: "a folder",
            instead: "name a file in it",
        }
    }

    fn leaves(&self, link: &OsStr) -> PathError {
        PathError::Leaves {
            path: self.path.to_string_lossy().into_owned(),
            link: link.to_string_lossy().into_owned(),
        }
    }

    fn io(&self, source: io::Error) -> PathError {
        PathError::Io {
            path: self.path.to_string_lossy().into_owned(),
            what: "follow",
            source,
        }
    }
}

//! What a user's repository is like, found out before anything is done to it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;

use crate::git::{Git, GitError, ObjectId};

/// A repository that a mission can work on.
#[derive(Debug, Clone)]
pub struct Repository {
    /// The top of the user's working tree.
    pub root: PathBuf,
    /// The commit that the mission starts from.
    pub head: ObjectId,
    /// The branch that is checked out, if any.
    pub branch: Option<String>,
    /// The files of the commit.
    pub files: BTreeSet<String>,
    /// What the user should know before the mission starts.
    pub notes: Vec<String>,
}

/// Why a repository cannot be worked on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RepositoryError {
    /// No git program.
    #[error("git is not installed, or not on PATH: install git 2.38 or newer")]
    GitMissing,
    /// A git that cannot merge without a working tree.
    #[error(
        "git {found} is too old: install git 2.38 or newer (`git merge-tree --write-tree` is needed)"
    )]
    GitTooOld {
        /// Its version.
        found: String,
    },
    /// The path does not exist.
    #[error("there is no folder {}", path.display())]
    NoFolder {
        /// The path as it was given.
        path: PathBuf,
    },
    /// No repository there.
    #[error("{} cannot be used as a git repository: {message}\nGive a folder in a repository with --repo, or run `git init` and commit.", path.display())]
    NotARepository {
        /// The path as it was given.
        path: PathBuf,
        /// What git said.
        message: String,
    },
    /// A repository without a working tree.
    #[error("{} is a bare repository: clone it, and give the clone with --repo", path.display())]
    Bare {
        /// The path as it was given.
        path: PathBuf,
    },
    /// A repository without a commit.
    #[error("{} has no commit yet: commit what the mission is to work on", root.display())]
    NoCommit {
        /// The top of the working tree.
        root: PathBuf,
    },
    /// Submodules are not carried over into worktrees.
    #[error("{} has submodules ({names}), which missions do not support: their content would be missing in every worktree. Run the mission inside the submodule, or on a repository without them.", root.display())]
    Submodules {
        /// The top of the working tree.
        root: PathBuf,
        /// The submodules.
        names: String,
    },
    /// A branch whose name keeps ours from existing.
    #[error("{} has a branch named `orchestrator`, so git cannot have branches `orchestrator/…`: rename it (git branch -m orchestrator NAME)", root.display())]
    BranchInTheWay {
        /// The top of the working tree.
        root: PathBuf,
    },
    /// git failed.
    #[error(transparent)]
    Git(GitError),
}

impl From<GitError> for RepositoryError {
    fn from(error: GitError) -> Self {
        if error.is_missing() {
            Self::GitMissing
        } else {
            Self::Git(error)
        }
    }
}

/// The oldest git with `merge-tree --write-tree`.
const OLDEST_GIT: (u32, u32) = (2, 38);

impl Repository {
    /// Looks at the repository that `path` is in.
    ///
    /// Nothing is changed. Uncommitted changes, a detached head and a shallow
    /// clone can be worked with: the mission works on the committed state, and
    /// [`notes`](Self::notes) says what follows from it.
    ///
    /// # Errors
    /// [`RepositoryError`] where a mission cannot work here.
    pub async fn inspect(path: &Path, cancel: &CancellationToken) -> Result<Self, RepositoryError> {
        if !path.is_dir() {
            return Err(RepositoryError::NoFolder {
                path: path.to_owned(),
            });
        }
        let git = Git::new(path, cancel.clone());
        check_version(&git).await?;
        let bare = git.attempt(&["rev-parse", "--is-bare-repository"]).await?;
        if !bare.success {
            let message = bare.stderr.trim().trim_start_matches("fatal: ").to_owned();
            return Err(RepositoryError::NotARepository {
                path: path.to_owned(),
                message,
            });
        }
        if bare.stdout == "true" {
            return Err(RepositoryError::Bare {
                path: path.to_owned(),
            });
        }
        let root = PathBuf::from(git.run(&["rev-parse", "--show-toplevel"]).await?);
        let git = git.at(&root);
        let head = git
            .attempt(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])
            .await?;
        if !head.success {
            return Err(RepositoryError::NoCommit { root });
        }
        let head = git
            .object(&["rev-parse", "--verify", "HEAD^{commit}"])
            .await?;
        let taken = ["show-ref", "--verify", "--quiet", "refs/heads/orchestrator"];
        if git.attempt(&taken).await?.success {
            return Err(RepositoryError::BranchInTheWay { root });
        }
        let files = tree_files(&git, &root, &head).await?;
        let branch = current_branch(&git).await?;
        let mut notes = Vec::new();
        if branch.is_none() {
            notes.push(
                "the head is detached: the result will wait on a branch of its own".to_owned(),
            );
        }
        let changes = uncommitted(&git).await?;
        if changes > 0 {
            notes.push(format!(
                "{changes} uncommitted {} not part of this mission, which works on commit {}; if \
                 the tree is not clean at the end, the result waits on a branch of its own",
                if changes == 1 {
                    "change is"
                } else {
                    "changes are"
                },
                head.short(),
            ));
        }
        if git.run(&["rev-parse", "--is-shallow-repository"]).await? == "true" {
            notes.push("this is a shallow clone: the history it lacks is not needed".to_owned());
        }
        if let Some(branch) = &branch
            && checked_out_elsewhere(&git, &root, branch).await?
        {
            notes.push(format!(
                "`{branch}` is checked out in another worktree too: the result will wait on a \
                 branch of its own"
            ));
        }
        Ok(Self {
            root,
            head,
            branch,
            files,
            notes,
        })
    }

    /// What keeps `branch` from being moved from the mission's first commit to
    /// its result right now; `None` where nothing does.
    ///
    /// # Errors
    /// [`GitError`] where git fails.
    pub async fn obstacle(&self, git: &Git) -> Result<Option<String>, GitError> {
        let Some(branch) = &self.branch else {
            return Ok(Some("the head was detached".to_owned()));
        };
        if current_branch(git).await?.as_ref() != Some(branch) {
            return Ok(Some(format!("`{branch}` is no longer checked out")));
        }
        let head = git
            .object(&["rev-parse", "--verify", "HEAD^{commit}"])
            .await?;
        if head != self.head {
            return Ok(Some(format!(
                "`{branch}` has moved to {} meanwhile",
                head.short()
            )));
        }
        if checked_out_elsewhere(git, &self.root, branch).await? {
            return Ok(Some(format!(
                "`{branch}` is checked out in another worktree too"
            )));
        }
        Ok(match uncommitted(git).await? {
            0 => None,
            1 => Some("the tree has an uncommitted change".to_owned()),
            changes => Some(format!("the tree has {changes} uncommitted changes")),
        })
    }
}

async fn check_version(git: &Git) -> Result<(), RepositoryError> {
    let output = git.run(&["--version"]).await?;
    let found = output.trim_start_matches("git version ").to_owned();
    let mut numbers = found
        .split('.')
        .map(|part| part.parse::<u32>().unwrap_or(0));
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if version < OLDEST_GIT {
        return Err(RepositoryError::GitTooOld { found });
    }
    Ok(())
}

async fn current_branch(git: &Git) -> Result<Option<String>, GitError> {
    let branch = git
        .attempt(&["symbolic-ref", "--quiet", "--short", "HEAD"])
        .await?;
    Ok(branch.success.then_some(branch.stdout))
}

async fn uncommitted(git: &Git) -> Result<usize, GitError> {
    let status = git
        .run(&["status", "--porcelain", "-z", "--no-renames"])
        .await?;
    Ok(status.split('\0').filter(|entry| !entry.is_empty()).count())
}

async fn checked_out_elsewhere(git: &Git, root: &Path, branch: &str) -> Result<bool, GitError> {
    let list = git.run(&["worktree", "list", "--porcelain"]).await?;
    let wanted = format!("branch refs/heads/{branch}");
    Ok(list.split("\n\n").any(|entry| {
        let mut lines = entry.lines();
        let path = lines.next().and_then(|line| line.strip_prefix("worktree "));
        path.is_some_and(|path| Path::new(path) != root) && lines.any(|line| line == wanted)
    }))
}

async fn tree_files(
    git: &Git,
    root: &Path,
    commit: &ObjectId,
) -> Result<BTreeSet<String>, RepositoryError> {
    let listing = git
        .run(&["ls-tree", "-r", "-z", "--full-tree", commit.as_str()])
        .await?;
    let mut files = BTreeSet::new();
    let mut submodules = Vec::new();
    for entry in listing.split('\0') {
        let Some((meta, path)) = entry.split_once('\t') else {
            continue;
        };
        if meta.starts_with("160000 ") {
            submodules.push(path);
        } else {
            files.insert(path.to_owned());
        }
    }
    if submodules.is_empty() {
        Ok(files)
    } else {
        let names = submodules.join(", ");
        Err(RepositoryError::Submodules {
            root: root.to_owned(),
            names,
        })
    }
}

//! The folders and refs of one mission.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError};

use orchestrator_tools::Worktree;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::git::{FileChange, Git, GitError, ObjectId};
use crate::repository::Repository;

/// Why a mission has no place to work in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkspaceError {
    /// A folder could not be made or read.
    #[error("could not {what} {}", path.display())]
    Io {
        /// What was to be done.
        what: &'static str,
        /// The path.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The cache folder lies in the repository itself.
    #[error(
        "the cache folder {} lies in the repository; set ORCHESTRATOR_CACHE_DIR to one outside",
        path.display()
    )]
    CacheInside {
        /// The cache folder.
        path: PathBuf,
    },
    /// git failed.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// Where one mission keeps its worktrees and builds, and the refs that keep its
/// commits.
///
/// The folder lies outside the user's repository, so that no build tool finds
/// the user's working tree when it looks for settings in the folders above.
/// Dropping the last clone removes the folder and every worktree in it; commits
/// stay under their refs.
#[derive(Debug, Clone)]
pub struct Workspace {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    root: PathBuf,
    folder: PathBuf,
    mission: String,
    git: Git,
    next: AtomicUsize,
    // `git worktree add` and `remove` write one shared folder; they run one at
    // a time.
    admin: Arc<tokio::sync::Mutex<()>>,
    // Worktrees that are being made.
    making: TaskTracker,
    // Paths that this process has put worktrees at.
    made: std::sync::Mutex<Vec<PathBuf>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        let made = std::mem::take(self.made.get_mut().unwrap_or_else(PoisonError::into_inner));
        for path in made {
            remove_worktree(&self.root, &path);
        }
        // What cannot be removed now is removed when the next mission starts.
        let _ = std::fs::remove_dir_all(&self.folder);
        if let Some(parent) = self.folder.parent() {
            let _ = std::fs::remove_dir(parent);
        }
    }
}

impl Workspace {
    /// Makes the folder of a mission below `cache`, after removing what dead
    /// missions on the same repository left there. The caller holds the
    /// repository's lock, so every other mission's folder is a dead one's.
    ///
    /// # Errors
    /// [`WorkspaceError`] where a folder cannot be made or git fails.
    pub async fn create(
        repository: &Repository,
        cache: &Path,
        mission: &str,
        git: &Git,
    ) -> Result<Self, WorkspaceError> {
        let io = |what, path: &Path| {
            let path = path.to_owned();
            move |source| WorkspaceError::Io { what, path, source }
        };
        let inside =
            std::path::absolute(cache).is_ok_and(|cache| cache.starts_with(&repository.root));
        if inside {
            return Err(WorkspaceError::CacheInside {
                path: cache.to_owned(),
            });
        }
        std::fs::create_dir_all(cache).map_err(io("make", cache))?;
        // git prints worktrees by their real paths.
        let cache = cache.canonicalize().map_err(io("find", cache))?;
        let parent = cache.join(repository_folder(&repository.root));
        remove_dead(git, &repository.root, &parent).await?;
        let folder = parent.join(mission);
        std::fs::create_dir_all(&folder).map_err(io("make", &folder))?;
        Ok(Self {
            inner: Arc::new(Inner {
                root: repository.root.clone(),
                folder,
                mission: mission.to_owned(),
                git: git.at(&repository.root),
                next: AtomicUsize::new(0),
                admin: Arc::default(),
                making: TaskTracker::new(),
                made: std::sync::Mutex::new(Vec::new()),
            }),
        })
    }

    /// The mission's id.
    #[must_use]
    pub fn mission(&self) -> &str {
        &self.inner.mission
    }

    /// git in the user's repository.
    #[must_use]
    pub fn git(&self) -> &Git {
        &self.inner.git
    }

    /// A folder for build output, named by what builds there.
    #[must_use]
    pub fn build_folder(&self, name: &str) -> PathBuf {
        self.inner.folder.join("build").join(name)
    }

    /// A worktree of its own at `commit`, for one writer or one reader. Never
    /// falls back to a shared one.
    ///
    /// # Errors
    /// [`GitError`] where git cannot make it.
    pub async fn checkout(&self, name: &str, commit: &ObjectId) -> Result<Checkout, GitError> {
        let number = self.inner.next.fetch_add(1, Ordering::Relaxed);
        let path = self
            .inner
            .folder
            .join("trees")
            .join(format!("{number:03}-{name}"));
        self.inner
            .made
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(path.clone());
        let checkout = Checkout {
            workspace: self.clone(),
            path,
        };
        // A git that is killed while it makes a worktree leaves its own folder
        // damaged, for the user too. So it runs to its end in a task of its own,
        // whatever becomes of this call.
        let git = Git::new(self.git().folder(), CancellationToken::new());
        let admin = Arc::clone(&self.inner.admin);
        let commit = commit.clone();
        let (send, made) = tokio::sync::oneshot::channel();
        self.inner.making.spawn(async move {
            let _admin = admin.lock().await;
            if send.is_closed() {
                return;
            }
            let path = checkout.path.to_string_lossy().into_owned();
            let added = git
                .run(&[
                    "worktree",
                    "add",
                    "--quiet",
                    "--detach",
                    &path,
                    commit.as_str(),
                ])
                .await;
            // Nobody waits any more: it is removed here, under the lock.
            let _ = send.send(added.map(|_| checkout));
        });
        made.await.unwrap_or_else(|_| {
            Err(GitError::Unexpected {
                command: "git worktree add".into(),
                output: "nothing".into(),
            })
        })
    }

    /// Waits until no worktree is being made.
    pub async fn settled(&self) {
        self.inner.making.close();
        self.inner.making.wait().await;
    }

    /// The ref that keeps one attempt's commit while it is being judged. It is
    /// no branch: nobody has to see it.
    #[must_use]
    pub fn work_ref(&self, task: &str, attempt: u32) -> String {
        format!("refs/orchestrator/{}/{task}-{attempt}", self.inner.mission)
    }

    /// The branch that keeps a rejected attempt for people to look at.
    #[must_use]
    pub fn rejected_ref(&self, task: &str, attempt: u32) -> String {
        format!(
            "refs/heads/orchestrator/rejected/{}/{task}-{attempt}",
            self.inner.mission
        )
    }

    /// Drops the refs of attempts that were never judged. Runs to its end also
    /// where the mission was cancelled.
    pub(crate) fn drop_unjudged(&self) {
        let prefix = format!("refs/orchestrator/{}/", self.inner.mission);
        for name in Git::read_blocking(
            &self.inner.root,
            &["for-each-ref", "--format=%(refname)", &prefix],
        )
        .lines()
        {
            Git::run_blocking(&self.inner.root, &["update-ref", "-d", name]);
        }
    }

    /// The ref that keeps what has landed: the branch on which the result waits
    /// where the user's branch cannot be moved.
    #[must_use]
    pub fn result_ref(&self) -> String {
        format!("refs/heads/orchestrator/{}", self.inner.mission)
    }

    /// Points a ref at a commit.
    ///
    /// # Errors
    /// [`GitError`] where git refuses.
    pub async fn set_ref(&self, name: &str, commit: &ObjectId) -> Result<(), GitError> {
        let reason = "orchestrator: keep work";
        self.git()
            .run(&["update-ref", "-m", reason, name, commit.as_str()])
            .await
            .map(drop)
    }

    /// Drops a ref whose commit is kept elsewhere.
    ///
    /// # Errors
    /// [`GitError`] where git refuses.
    pub async fn drop_ref(&self, name: &str) -> Result<(), GitError> {
        self.git().run(&["update-ref", "-d", name]).await.map(drop)
    }

    /// Commits a tree on top of `parent`, as the user where git knows who that
    /// is.
    ///
    /// # Errors
    /// [`GitError`] where git fails.
    pub async fn commit_tree(
        &self,
        tree: &ObjectId,
        parent: &ObjectId,
        message: &str,
    ) -> Result<ObjectId, GitError> {
        let git = self.git();
        let known = git.attempt(&["var", "GIT_COMMITTER_IDENT"]).await?.success;
        let mut arguments = Vec::new();
        if !known {
            arguments.extend([
                "-c",
                "user.name=orchestrator",
                "-c",
                "user.email=orchestrator@localhost",
            ]);
        }
        arguments.extend([
            "commit-tree",
            tree.as_str(),
            "-p",
            parent.as_str(),
            "-m",
            message,
        ]);
        git.object(&arguments).await
    }
}

/// A worktree, removed when the guard goes.
///
/// Not cloneable: two writers would share it.
#[derive(Debug)]
pub struct Checkout {
    workspace: Workspace,
    path: PathBuf,
}

impl Checkout {
    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder as tools see it.
    #[must_use]
    pub fn worktree(&self) -> Worktree {
        Worktree::new(&self.path)
    }

    fn git(&self) -> Git {
        self.workspace.git().at(&self.path)
    }

    /// Puts the worktree at another commit and removes everything that git does
    /// not know or ignore.
    ///
    /// # Errors
    /// [`GitError`] where git fails.
    pub async fn switch(&self, commit: &ObjectId) -> Result<(), GitError> {
        let git = self.git();
        git.run(&[
            "checkout",
            "--quiet",
            "--detach",
            "--force",
            commit.as_str(),
        ])
        .await?;
        git.run(&["clean", "-ffd", "--quiet"]).await.map(drop)
    }

    /// Whether tracked files stand as committed and nothing unknown lies about.
    /// Gives the first lines of what does not fit.
    ///
    /// # Errors
    /// [`GitError`] where git fails.
    pub async fn debris(&self) -> Result<Vec<String>, GitError> {
        let status = self
            .git()
            .run(&["status", "--porcelain", "-z", "--no-renames"])
            .await?;
        Ok(status
            .split('\0')
            .filter(|entry| !entry.is_empty())
            .map(str::to_owned)
            .collect())
    }

    /// The tree of everything in the worktree but `leave_out`: files that
    /// checks are known to drop.
    ///
    /// # Errors
    /// [`GitError`] where git fails.
    pub async fn write_tree(&self, leave_out: &[String]) -> Result<ObjectId, GitError> {
        let git = self.git();
        let excluded: Vec<_> = leave_out
            .iter()
            .map(|path| format!(":(exclude,literal){path}"))
            .collect();
        let mut arguments = vec!["add", "--all", "--", "."];
        arguments.extend(excluded.iter().map(String::as_str));
        git.run(&arguments).await?;
        git.object(&["write-tree"]).await
    }

    /// The files that differ between two commits.
    ///
    /// # Errors
    /// [`GitError`] where git fails.
    pub async fn changes(
        &self,
        from: &ObjectId,
        to: &ObjectId,
    ) -> Result<Vec<FileChange>, GitError> {
        self.git().changes(from, to).await
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        let mut made = self
            .workspace
            .inner
            .made
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        made.retain(|path| path != &self.path);
        drop(made);
        remove_worktree(&self.workspace.inner.root, &self.path);
    }
}

/// Removes a worktree, also a half-made one.
fn remove_worktree(root: &Path, path: &Path) {
    let text = path.to_string_lossy();
    let removed = Git::run_blocking(root, &["worktree", "remove", "--force", "--force", &text]);
    if !removed || path.exists() {
        let _ = std::fs::remove_dir_all(path);
        // With the folder gone git forgets the worktree, if it ever knew it.
        Git::run_blocking(root, &["worktree", "remove", "--force", "--force", &text]);
    }
}

/// Removes worktrees and folders that missions left which did not end in order.
/// Only those below `parent`: the user's own stale worktrees are the user's.
async fn remove_dead(git: &Git, root: &Path, parent: &Path) -> Result<(), WorkspaceError> {
    let list = git
        .at(root)
        .run(&["worktree", "list", "--porcelain"])
        .await?;
    for path in list
        .lines()
        .filter_map(|line| line.strip_prefix("worktree "))
        .map(Path::new)
    {
        if path.starts_with(parent) {
            remove_worktree(root, path);
        }
    }
    match std::fs::remove_dir_all(parent) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(WorkspaceError::Io {
            what: "remove",
            path: parent.to_owned(),
            source,
        }),
        _ => Ok(()),
    }
}

/// A name for a repository that is readable and its own.
fn repository_folder(root: &Path) -> String {
    let name = root
        .file_name()
        .map_or_else(|| "root".into(), |name| name.to_string_lossy());
    let hash = blake3::hash(root.as_os_str().as_encoded_bytes()).to_hex();
    format!("{name}-{}", &hash[..10])
}

/// The folder below which missions keep their worktrees:
/// `ORCHESTRATOR_CACHE_DIR`, else the user's cache folder, else the system's
/// temporary folder.
#[must_use]
pub fn cache_folder() -> PathBuf {
    let variable = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    if let Some(folder) = variable("ORCHESTRATOR_CACHE_DIR") {
        return folder;
    }
    let user = if cfg!(windows) {
        variable("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        variable("HOME").map(|home| home.join("Library/Caches"))
    } else {
        variable("XDG_CACHE_HOME").or_else(|| variable("HOME").map(|home| home.join(".cache")))
    };
    user.unwrap_or_else(std::env::temp_dir).join("orchestrator")
}

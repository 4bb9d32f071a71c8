//! A repository of a test's own.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::binary::orchestrator;
use crate::ran::Ran;

/// A temporary folder with a repository and a cache in it; gone with the test.
#[derive(Debug)]
pub struct Scene {
    folder: TempDir,
    root: PathBuf,
}

/// How a user's working tree stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stand {
    /// The branch that is checked out; `HEAD` where none is.
    pub branch: String,
    /// The commit that is checked out.
    pub commit: String,
    /// What git says about the tree.
    pub status: String,
    /// Every file's bytes, but for git's own and the orchestrator's.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Scene {
    /// A place without a repository.
    #[must_use]
    pub fn empty() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("orchestrator-test-")
            .tempdir()
            .expect("a temporary folder");
        // git prints real paths.
        let root = folder.path().canonicalize().expect("a real path");
        fs::create_dir_all(root.join("cache")).expect("a cache folder");
        fs::create_dir_all(root.join("repo")).expect("a folder");
        Self { folder, root }
    }

    /// A repository with these files in one commit on `main`.
    #[must_use]
    pub fn new(files: &[(&str, &str)]) -> Self {
        let scene = Self::empty();
        scene.git(&["init", "--quiet", "--initial-branch=main"]);
        for (path, text) in files {
            scene.write(path, text);
        }
        scene.commit("the beginning");
        scene
    }

    /// The folder that holds everything.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The repository.
    #[must_use]
    pub fn repo(&self) -> PathBuf {
        self.root.join("repo")
    }

    /// Writes a file of the repository.
    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.repo().join(path);
        fs::create_dir_all(path.parent().expect("a folder above")).expect("a folder");
        fs::write(path, text).expect("a file that can be written");
    }

    /// A file of the repository.
    #[must_use]
    #[track_caller]
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.repo().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Commits everything in the tree.
    pub fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
    }

    /// git in the repository.
    #[track_caller]
    pub fn git(&self, arguments: &[&str]) -> String {
        git(&self.repo(), arguments)
    }

    /// The program in the repository, in an environment that holds only what
    /// it cannot do without.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(orchestrator());
        command
            .args(arguments)
            .current_dir(self.repo())
            .env_clear()
            .env("ORCHESTRATOR_CACHE_DIR", self.root.join("cache"))
            .stdin(Stdio::null());
        for (name, value) in NO_SETTINGS {
            command.env(name, value);
        }
        // The toolchain too: what clippy finds depends on it.
        for name in [
            "PATH",
            "HOME",
            "CARGO_HOME",
            "RUSTUP_HOME",
            "RUSTUP_TOOLCHAIN",
        ] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
    }

    /// Runs the program in the repository.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Ran {
        self.command(arguments)
            .output()
            .expect("the program can be run")
            .into()
    }

    /// Runs a mission in the repository.
    pub fn task(&self, objective: &str, options: &[&str]) -> Ran {
        let arguments: Vec<_> = ["task", objective]
            .into_iter()
            .chain(options.iter().copied())
            .collect();
        self.run(&arguments)
    }

    /// How the user's working tree stands.
    #[must_use]
    pub fn stand(&self) -> Stand {
        let mut files = BTreeMap::new();
        let root = self.repo();
        collect(&root, &root, &mut files);
        Stand {
            branch: self.git(&["rev-parse", "--abbrev-ref", "HEAD"]),
            commit: self.git(&["rev-parse", "HEAD"]),
            status: self.git(&["status", "--porcelain", "--untracked-files=all"]),
            files,
        }
    }

    /// Every branch and its commit.
    #[must_use]
    pub fn branches(&self) -> BTreeMap<String, String> {
        let format = "--format=%(refname:short) %(objectname)";
        let list = self.git(&["for-each-ref", format, "refs/heads"]);
        let pair = |line: &str| {
            let (name, commit) = line.split_once(' ').expect("a name and a commit");
            (name.to_owned(), commit.to_owned())
        };
        list.lines().map(pair).collect()
    }

    /// A file as a branch or commit has it.
    #[track_caller]
    #[must_use]
    pub fn show(&self, commit: &str, path: &str) -> String {
        self.git(&["show", &format!("{commit}:{path}")])
    }

    /// What a mission has left behind: worktrees, and anything in the cache.
    #[must_use]
    pub fn leftovers(&self) -> Vec<String> {
        let worktrees = self.git(&["worktree", "list", "--porcelain"]);
        let mut left: Vec<_> = worktrees
            .lines()
            .filter(|line| line.starts_with("worktree "))
            .skip(1)
            .map(str::to_owned)
            .collect();
        let cache = fs::read_dir(self.root.join("cache")).expect("the cache folder");
        left.extend(cache.map(|entry| format!("{:?}", entry.expect("an entry").path())));
        left
    }

    /// Runs `log verify`: whether the journal is whole.
    #[must_use]
    pub fn journal_is_whole(&self) -> bool {
        self.run(&["log", "verify"]).code == Some(0)
    }

    /// Removes everything now, and fails where that cannot be done.
    pub fn close(self) {
        self.folder.close().expect("the folder can be removed");
    }
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("an entry").path();
        let name = path.strip_prefix(root).expect("below the root");
        if name == Path::new(".git") || name == Path::new(".orchestrator") {
            continue;
        }
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let bytes = fs::read(&path).expect("a readable file");
            files.insert(name.to_string_lossy().into_owned(), bytes);
        }
    }
}

const NO_SETTINGS: [(&str, &str); 2] = [
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_CONFIG_NOSYSTEM", "1"),
];

/// Runs git in `folder` as a user, whatever is configured on this machine.
/// Gives what it prints, without the last newline; fails where git does.
#[track_caller]
pub fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GIT_") {
            command.env_remove(name);
        }
    }
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "A User");
        command.env(format!("GIT_{role}_EMAIL"), "user@example.org");
    }
    let output = command
        .envs(NO_SETTINGS)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("git can be run");
    assert!(
        output.status.success(),
        "git {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout)
        .trim_end_matches('\n')
        .to_owned()
}

//! A check that waits for the test.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// How long something may take that takes a moment, before the test fails
/// instead of hanging.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Two named pipes: a check writes a line into one when it has come, and reads
/// a line from the other before it goes on. So the moment "while the check
/// runs" lasts as long as the test needs it.
#[derive(Debug)]
pub struct Gate {
    came: File,
    go: File,
    came_path: PathBuf,
    go_path: PathBuf,
}

/// What a check writes when it has come.
const HERE: &[u8; 5] = b"here\n";

impl Gate {
    /// A closed gate in a folder of its own, which is made where it is not
    /// there.
    #[must_use]
    pub fn new(folder: impl AsRef<Path>) -> Self {
        let folder = folder.as_ref();
        fs::create_dir_all(folder).expect("a folder");
        let pipe = |name: &str| {
            let path = folder.join(name);
            let made = Command::new("mkfifo").arg(&path).status();
            assert!(made.is_ok_and(|status| status.success()), "mkfifo failed");
            // Opened for both, a pipe never keeps its other side waiting in
            // `open`, and never comes to its end.
            let file = OpenOptions::new().read(true).write(true).open(&path);
            (file.expect("a pipe"), path)
        };
        let (came, came_path) = pipe("came");
        let (go, go_path) = pipe("go");
        Self {
            came,
            go,
            came_path,
            go_path,
        }
    }

    /// The line for the shell that comes, and waits to be let through.
    #[must_use]
    pub fn check(&self) -> String {
        format!(
            "echo here > '{}' && read go < '{}'",
            self.came_path.display(),
            self.go_path.display()
        )
    }

    /// Waits until a check has come.
    pub fn wait(&mut self) {
        let mut fds = [PollFd::new(&self.came, PollFlags::IN)];
        let patience = Timespec::try_from(PATIENCE).expect("a short time");
        let ready = poll(&mut fds, Some(&patience)).expect("a pipe can be waited for");
        assert_eq!(ready, 1, "no check came to the gate");
        let mut line = *HERE;
        self.came.read_exact(&mut line).expect("a line");
        assert_eq!(&line, HERE);
    }

    /// Lets one check through.
    pub fn pass(&mut self) {
        self.go.write_all(b"go\n").expect("room in the pipe");
    }

    /// Lets every check through from now on.
    pub fn open(&mut self) {
        // More than any mission here has checks, and less than a pipe holds.
        self.go
            .write_all(&b"go\n".repeat(500))
            .expect("room in the pipe");
    }
}

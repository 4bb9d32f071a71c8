//! Finding processes that a mission has left behind.

use std::fs;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

/// A variable that only one test's checks set: it stands in the command line of
/// the check and in the environment of whatever the check starts.
#[derive(Debug)]
pub struct Mark {
    value: String,
}

const VARIABLE: &str = "ORCHESTRATOR_TEST_MARK";

impl Mark {
    /// A mark that no other process has. `unique` is a name of the test's own,
    /// such as its temporary folder.
    #[must_use]
    pub fn new(unique: &str) -> Self {
        Self {
            value: format!("{VARIABLE}={}-{unique}", std::process::id()),
        }
    }

    /// The start of a line for the shell: marks it and all that it starts.
    #[must_use]
    pub fn check(&self) -> String {
        format!("export '{}';", self.value)
    }

    /// The command lines of the marked processes.
    #[must_use]
    pub fn processes(&self) -> Vec<String> {
        self.found().into_iter().map(|(_, line)| line).collect()
    }

    /// The marked processes that do not end. One that was killed a moment ago
    /// may still be going: for that the system is given a little time.
    #[must_use]
    pub fn left(&self) -> Vec<String> {
        let soon = Timespec {
            tv_sec: 2,
            tv_nsec: 0,
        };
        for (pid, _) in self.found() {
            // An error means that it is gone.
            if let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) {
                let mut fds = [PollFd::new(&process, PollFlags::IN)];
                let _ = poll(&mut fds, Some(&soon));
            }
        }
        self.processes()
    }

    fn found(&self) -> Vec<(Pid, String)> {
        let entries = fs::read_dir("/proc").expect("/proc");
        let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        numbers
            .filter_map(|number: i32| {
                let folder = format!("/proc/{number}");
                // Processes come and go while this looks.
                let text = |name: &str| {
                    let bytes = fs::read(format!("{folder}/{name}")).ok()?;
                    Some(String::from_utf8_lossy(&bytes).replace('\0', " "))
                };
                let line = text("cmdline")?;
                let marked = line.contains(&self.value) || text("environ")?.contains(&self.value);
                marked.then_some((Pid::from_raw(number)?, line))
            })
            .collect()
    }
}

//! A mission that is watched while it runs.

use std::ffi::OsStr;
use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::gate::PATIENCE;
use crate::ran::brief;
use crate::scene::Scene;

/// A mission under way, started with `--json`.
#[derive(Debug)]
pub struct Live {
    pid: Pid,
    lines: Receiver<Value>,
    seen: Vec<Value>,
    status: Receiver<ExitStatus>,
    stderr: Option<JoinHandle<String>>,
    signalled: Option<Instant>,
    over: bool,
}

/// A mission that was watched to its end.
#[derive(Debug)]
pub struct Ended {
    /// The exit code; none where a signal ended it.
    pub code: Option<i32>,
    /// Every event.
    pub events: Vec<Value>,
    /// Standard error.
    pub stderr: String,
    /// From the first signal to the end, where there was one.
    pub after_signal: Option<Duration>,
}

impl Live {
    /// Starts `orchestrator task OBJECTIVE --json OPTIONS` in the scene.
    #[must_use]
    pub fn start<S: AsRef<OsStr>>(scene: &Scene, objective: &str, options: &[S]) -> Self {
        let mut command = scene.command(&["task", objective, "--json"]);
        command.args(options);
        Self::of(command)
    }

    /// Starts a command that runs a mission with `--json`.
    #[must_use]
    pub fn of(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program can be run");
        let pid = Pid::from_child(&child);
        let stdout = child.stdout.take().expect("a pipe");
        let mut pipe = child.stderr.take().expect("a pipe");
        let (send_line, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let value = serde_json::from_str(&line)
                    .unwrap_or_else(|error| panic!("no JSON ({error}): {line}"));
                if send_line.send(value).is_err() {
                    return;
                }
            }
        });
        let stderr = std::thread::spawn(move || {
            let mut text = String::new();
            // What came until the pipe broke is what there is to show.
            let _ = pipe.read_to_string(&mut text);
            text
        });
        Self {
            pid,
            lines,
            seen: Vec::new(),
            status: wait_apart(child),
            stderr: Some(stderr),
            signalled: None,
            over: false,
        }
    }

    /// The next event; none when the program has closed its output.
    pub fn next_event(&mut self) -> Option<Value> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(event) => {
                self.seen.push(event.clone());
                Some(event)
            }
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("no event came after:\n{}", brief(&self.seen)),
        }
    }

    /// Waits for an event; fails where the program ends before it.
    #[track_caller]
    pub fn until(&mut self, name: &str, matches: impl Fn(&Value) -> bool) -> Value {
        while let Some(event) = self.next_event() {
            if event["event"] == name && matches(&event) {
                return event;
            }
        }
        panic!("no such `{name}` came:\n{}", brief(&self.seen));
    }

    /// Waits for the start of a check of a stage.
    #[track_caller]
    pub fn until_check(&mut self, stage: &str) -> Value {
        self.until("check_started", |event| event["stage"] == stage)
    }

    /// The mission's id, once it was told.
    #[track_caller]
    #[must_use]
    pub fn mission(&self) -> String {
        mission_of(&self.seen)
    }

    /// Sends what Ctrl-C sends.
    pub fn interrupt(&mut self) {
        self.signal(Signal::INT);
    }

    /// Sends SIGTERM.
    pub fn terminate(&mut self) {
        self.signal(Signal::TERM);
    }

    /// Sends what no program survives.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
    }

    fn signal(&mut self, signal: Signal) {
        self.signalled.get_or_insert_with(Instant::now);
        // A program that has just ended is no failure: its exit code tells.
        let _ = kill_process(self.pid, signal);
    }

    /// Waits for the end.
    #[must_use]
    pub fn end(mut self) -> Ended {
        while self.next_event().is_some() {}
        let status = self.status.recv_timeout(PATIENCE).expect("the end");
        self.over = true;
        let stderr = self.stderr.take().map(JoinHandle::join);
        Ended {
            code: status.code(),
            events: std::mem::take(&mut self.seen),
            stderr: stderr.and_then(Result::ok).unwrap_or_default(),
            after_signal: self.signalled.map(|when| when.elapsed()),
        }
    }
}

impl Drop for Live {
    /// Ends the mission of a test that has failed, in order, so that it leaves
    /// nothing behind.
    fn drop(&mut self) {
        if self.over {
            return;
        }
        self.terminate();
        if self.status.recv_timeout(PATIENCE).is_err() {
            let _ = kill_process(self.pid, Signal::KILL);
        }
    }
}

impl Ended {
    /// Fails unless the program ended with `code`.
    #[must_use]
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// The mission's id.
    #[track_caller]
    #[must_use]
    pub fn mission(&self) -> String {
        mission_of(&self.events)
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { events, stderr, .. } = self;
        write!(f, "\nstderr:\n{stderr}\nevents:\n{}", brief(events))
    }
}

#[track_caller]
fn mission_of(events: &[Value]) -> String {
    let opened = events
        .iter()
        .find(|event| event["event"] == "mission_opened");
    let id = opened.and_then(|event| event["mission"].as_str());
    id.expect("an opened mission").to_owned()
}

/// Waits for a child on a thread, so that the waiting can be given up.
fn wait_apart(mut child: Child) -> Receiver<ExitStatus> {
    let (send, status) = channel();
    std::thread::spawn(move || {
        if let Ok(ended) = child.wait() {
            let _ = send.send(ended);
        }
    });
    status
}

//! Real signals to a real process: the example program, which this binary plays when it is asked to.

use std::{
    io::{BufRead, BufReader, Lines},
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

#[path = "../../examples/shutdown.rs"]
mod program;

#[test]
#[ignore = "not a test: the program that the others start"]
fn play() {
    program::main();
}

struct Program {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Program {
    /// Started, and listening for signals.
    fn start(how: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            // With one thread it would print the test's name before our first line.
            .args(["--ignored", "--nocapture", "--exact", "--test-threads=2"])
            // The program takes the last argument; to the test binary it is a test to leave out.
            .args(["shutdown_process::play", "--skip", how])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut program = Self { child, lines };
        let _ = program.until("ready");
        program
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// What it says before this line.
    fn until(&mut self, last: &str) -> Vec<String> {
        let said = self.lines.by_ref().map(Result::unwrap);
        said.take_while(|line| line != last).collect()
    }

    /// Its report without times, and its code.
    fn end(&mut self) -> (Vec<String>, Option<i32>) {
        let mut said = self.until("over");
        // It is said beside the handlers, so its place is no matter.
        said.retain(|line| line != "stopping");
        for line in &mut said {
            for (start, end) in [("took ", ", "), ("after ", ", "), ("after ", ";")] {
                // A reason stands after `after` too: only what begins with a digit is a time.
                if let Some(from) = line.rfind(start).map(|at| at + start.len())
                    && line[from..].starts_with(|first: char| first.is_ascii_digit())
                {
                    let to = line[from..].find(end).map_or(line.len(), |at| from + at);
                    line.replace_range(from..to, "_");
                }
            }
        }
        (said, self.child.wait().unwrap().code())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // An error: it has ended, as it should.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn one_signal_ends_it_in_order() {
    for (signal, name) in [(Signal::TERM, "SIGTERM"), (Signal::INT, "SIGINT")] {
        let mut program = Program::start("well");
        program.signal(signal);
        let (said, code) = program.end();
        let first = format!("shutdown after {name}, took _");
        let expected = [
            "flushed",
            &first,
            "drain: done after _",
            "flush: done after _",
            "log: done after _",
        ];
        assert_eq!(said, expected);
        assert_eq!(code, Some(0));
    }
}

#[test]
fn the_second_signal_forces_it() {
    for (first, second, names) in [
        (Signal::TERM, Signal::INT, ["SIGTERM", "SIGINT"]),
        (Signal::INT, Signal::TERM, ["SIGINT", "SIGTERM"]),
    ] {
        let mut program = Program::start("hang");
        let began = Instant::now();
        program.signal(first);
        let _ = program.until("hanging");
        program.signal(second);
        let (said, code) = program.end();
        let [first, second] = names;
        let head = format!("shutdown after {first}, took _, forced by {second}");
        let rest = [
            &*head,
            "drain: done after _",
            "flush: forced after _, dropped",
            "log: not begun: the shutdown was forced",
        ];
        assert_eq!(said, rest);
        assert_eq!(code, Some(1));
        // The grace is two seconds.
        assert!(began.elapsed() < Duration::from_secs(1));
    }
}

#[test]
fn without_a_second_signal_the_grace_ends_it() {
    let mut program = Program::start("hang");
    let began = Instant::now();
    program.signal(Signal::TERM);
    let _ = program.until("hanging");
    let (said, code) = program.end();
    assert_eq!(said[2], "flush: not done after _, dropped");
    assert_eq!(code, Some(1));
    let took = began.elapsed();
    assert!((2..3).contains(&took.as_secs()), "{took:?}");
}

#[test]
fn a_blocked_runtime_ends_all_the_same() {
    let mut program = Program::start("block");
    let began = Instant::now();
    program.signal(Signal::TERM);
    let (said, code) = program.end();
    assert!(
        said.iter()
            .any(|line| line == "flush: not done after _, dropped; its thread is blocked"),
        "{said:?}"
    );
    assert_eq!(code, Some(1));
    let took = began.elapsed();
    assert!((2..3).contains(&took.as_secs()), "{took:?}");
}

#[test]
fn the_third_signal_ends_a_program_that_hangs_after_its_report() {
    let mut program = Program::start("stay");
    program.signal(Signal::INT);
    let _ = program.until("over");
    // Two that come together count as one, so how many it takes is the system's affair.
    while program.child.try_wait().unwrap().is_none() {
        program.signal(Signal::INT);
        std::thread::yield_now();
    }
    assert_eq!(program.child.wait().unwrap().code(), Some(128 + 2));
}

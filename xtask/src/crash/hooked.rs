//! Tests of the crates that belong to an area, in their long forms.
//!
//! A row names the tests and the variables that make them long. A test that has more to say than
//! whether it passed prints lines of its own: JSON objects in the form of all figures, with `name`
//! and `met`, each on one line of standard output.

use std::time::Instant;

use serde_json::{Value, json};

use crate::run::{Result, cargo};

/// Tests that are run as one figure.
pub(crate) struct Hooked {
    /// For `--only`.
    pub(crate) part: &'static str,
    name: &'static str,
    package: &'static str,
    /// Which of its test binaries, as cargo is told.
    target: &'static [&'static str],
    /// Which tests: the beginning, or any part, of their paths.
    tests: &'static str,
    /// What `cargo test … --` is told besides.
    flags: &'static [&'static str],
    /// What makes them long. Not set in the short form.
    variables: &'static [(&'static str, &'static str)],
}

/// The rows of the area `state`.
pub(crate) const HOOKED: [Hooked; 9] = [
    Hooked {
        part: "syscalls",
        name: "atomic writes: a kill and an error at every system call",
        package: "orchestrator-state",
        target: &["--lib"],
        tests: "atomic::tests::kill",
        flags: &[],
        variables: &[("ORCHESTRATOR_KILL", "all")],
    },
    Hooked {
        part: "flips",
        name: "journal of 64 KiB: every bit flip, every truncation, bad sectors",
        package: "orchestrator-state",
        target: &["--lib"],
        tests: "journal::tests::damage",
        flags: &[],
        variables: &[("ORCHESTRATOR_STATE_DAMAGE_BYTES", "65536")],
    },
    Hooked {
        part: "faults",
        name: "journal: EIO and ENOSPC at every write and fsync",
        package: "orchestrator-state",
        target: &["--lib"],
        tests: "journal::tests::faults",
        flags: &[],
        variables: &[],
    },
    Hooked {
        part: "faults",
        name: "atomic writes: an error at every step",
        package: "orchestrator-state",
        target: &["--lib"],
        tests: "atomic::tests::faults",
        flags: &[],
        variables: &[],
    },
    Hooked {
        part: "todo",
        name: "todo.md: 200 threads, every update kept once",
        package: "orchestrator-state",
        target: &["--lib"],
        tests: "todo::file::tests::threads",
        flags: &[],
        variables: &[("ORCHESTRATOR_TODO_THREADS", "200")],
    },
    Hooked {
        part: "todo",
        name: "todo.md: 16 processes of 100 threads, every update kept once",
        package: "orchestrator-state",
        target: &["--lib"],
        tests: "todo::file::tests::processes",
        flags: &[],
        variables: &[
            ("ORCHESTRATOR_TODO_PROCESSES", "16"),
            ("ORCHESTRATOR_TODO_THREADS", "100"),
        ],
    },
    Hooked {
        part: "todo",
        name: "todo.md: without the lock updates are lost, and that is seen",
        package: "orchestrator-state",
        target: &["--lib"],
        tests: "todo::file::tests::without_the_lock",
        flags: &[],
        variables: &[],
    },
    Hooked {
        part: "cancel",
        name: "tickets, commits and watchers: dropped at every await point",
        package: "orchestrator-crash",
        target: &["--test", "it"],
        tests: "cancel::",
        flags: &[],
        variables: &[],
    },
    Hooked {
        part: "cancel",
        name: "backend: every call dropped at every await point",
        package: "orchestrator-state",
        target: &["--lib"],
        tests: "dropped",
        flags: &[],
        variables: &[],
    },
];

impl Hooked {
    /// Runs the tests, and gives their figure after those that they printed themselves.
    pub(crate) fn run(&self, short: bool) -> Result<Vec<Value>> {
        let mut command = cargo();
        command
            .args(["test", "--package", self.package])
            .args(self.target);
        if !short {
            command
                .arg("--release")
                .envs(self.variables.iter().copied());
        }
        command.args(["--", "--nocapture", self.tests]);
        command.args(self.flags);
        let start = Instant::now();
        let output = command
            .output()
            .map_err(|error| format!("cannot start cargo: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let (mut lines, tally) = read(&text);
        let met = output.status.success() && tally.failed == 0 && tally.passed > 0;
        let mut note = format!(
            "{} tests in {:.1} s",
            tally.passed,
            start.elapsed().as_secs_f64()
        );
        if tally.passed + tally.failed == 0 {
            // A name that fits nothing passes as far as cargo is concerned.
            note = format!("no test of {} is named `{}`", self.package, self.tests);
            if !output.status.success() {
                let errors = String::from_utf8_lossy(&output.stderr);
                let last = errors.lines().last().unwrap_or_default();
                note = format!("{note}, or it does not compile: {last}");
            }
        } else if !met {
            note = format!("{note}; run: cargo test -p {} {}", self.package, self.tests);
        }
        lines.push(json!({
            "name": self.name, "ours": tally.failed, "unit": "failed tests", "target": 0,
            "met": met, "control": false, "note": note,
        }));
        Ok(lines)
    }
}

/// How many tests there were.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    passed: u64,
    failed: u64,
}

/// The figures and the results in what `cargo test` has printed.
fn read(text: &str) -> (Vec<Value>, Tally) {
    let mut figures = Vec::new();
    let mut tally = Tally::default();
    for line in text.lines() {
        if let Some(result) = line.strip_prefix("test result: ") {
            // "ok. 3 passed; 0 failed; 0 ignored; …"
            let count = |what: &str| {
                let before = result.split(what).next()?;
                before.split_whitespace().next_back()?.parse::<u64>().ok()
            };
            tally.passed += count(" passed;").unwrap_or(0);
            tally.failed += count(" failed;").unwrap_or(0);
        } else if let Some(figure) = figure(line) {
            figures.push(figure);
        }
    }
    (figures, tally)
}

fn figure(line: &str) -> Option<Value> {
    // The harness may have printed "test NAME ... " on the same line.
    let value: Value = serde_json::from_str(line.get(line.find('{')?..)?).ok()?;
    let whole = value["name"].is_string() && value["met"].is_boolean();
    whole.then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_and_results_are_found_among_other_words() {
        let text = "\nrunning 2 tests\ntest a ... {\"name\":\"flips\",\"met\":true}\nok\n\
            {\"name\":7}\n{ not json\ntest b ... FAILED\n\n\
            test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 9 filtered out\n\
            test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n";
        let (figures, tally) = read(text);
        assert_eq!(figures, [json!({"name": "flips", "met": true})]);
        let expected = Tally {
            passed: 4,
            failed: 1,
        };
        assert_eq!(tally, expected);
    }
}

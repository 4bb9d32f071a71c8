//! Tests of the crates that belong to an area, in their long forms.
//!
//! A row names the tests and the variables that make them long. A test that has more to say than
//! whether it passed prints lines of its own: JSON objects in the form of all figures, with `name`
//! and `met`, each on one line of standard output.

mod core;
mod rows;

use std::time::Instant;

use serde_json::{Value, json};

use self::core::CORE;
use crate::run::{Result, cargo};
use rows::HOOKED;

/// The tests of an area.
pub(crate) fn rows(area: &str) -> Option<&'static [Hooked]> {
    match area {
        "state" => Some(&HOOKED),
        "core" => Some(&CORE),
        _ => None,
    }
}

/// How the names of tests begin that are controls.
const CONTROL: &str = "control_";

/// Tests that are run as one figure.
pub(crate) struct Hooked {
    /// For `--only`.
    pub(crate) part: &'static str,
    name: &'static str,
    package: &'static str,
    /// Which of its test binaries, as cargo is told.
    target: &'static [&'static str],
    /// Which tests: the beginning, or any part, of their paths. Those whose names begin with
    /// [`CONTROL`] are left to the controls' rows.
    tests: &'static str,
    /// Whether these are controls: tests in which a broken version is caught, whose names say so.
    control: bool,
    /// What makes them long. Not set in the short form.
    variables: &'static [(&'static str, &'static str)],
    /// What the name of a figure has to begin with that they print in the long form, so that it is seen
    /// whether the variables have done what they are for. Empty where they print none.
    prints: &'static str,
}

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
        if !self.control {
            command.args(["--skip", CONTROL]);
        }
        let start = Instant::now();
        let output = command
            .output()
            .map_err(|error| format!("cannot start cargo: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let (mut lines, tally) = read(&text);
        let was_long = short || self.has_printed(&lines);
        let met = output.status.success() && tally.failed == 0 && tally.passed > 0 && was_long;
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
        } else if !was_long {
            note = format!("{note}, but none has printed `{} …`", self.prints);
        } else if !met {
            note = format!("{note}; run: cargo test -p {} {}", self.package, self.tests);
        }
        lines.push(self.line(&tally, met, &note));
        Ok(lines)
    }

    /// Whether the tests have printed the figure that says that they were long.
    fn has_printed(&self, figures: &[Value]) -> bool {
        let begins = |name: &str| name.starts_with(self.prints);
        self.prints.is_empty()
            || figures
                .iter()
                .filter_map(|f| f["name"].as_str())
                .any(begins)
    }

    /// Of a control, how much was caught counts; of the others, what has failed.
    fn line(&self, tally: &Tally, met: bool, note: &str) -> Value {
        let (ours, unit, target) = if self.control {
            let all = tally.passed + tally.failed;
            (tally.passed * 100 / all.max(1), "% caught", 100)
        } else {
            (tally.failed, "failed tests", 0)
        };
        json!({
            "name": self.name, "ours": ours, "unit": unit, "target": target,
            "met": met, "control": self.control, "note": note,
        })
    }
}

/// How many tests there were.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) passed: u64,
    pub(super) failed: u64,
}

/// The figures and the results in what `cargo test` has printed.
pub(super) fn read(text: &str) -> (Vec<Value>, Tally) {
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
    fn each_part_has_a_control_which_is_a_line_of_its_own() {
        for (row, all) in ["state", "core"]
            .iter()
            .filter_map(|area| rows(area))
            .flat_map(|all| all.iter().map(move |row| (row, all)))
        {
            let mut controls = all.iter().filter(|other| other.control);
            assert!(
                controls.any(|control| control.part == row.part),
                "{}",
                row.name
            );
            assert_eq!(row.control, row.tests.ends_with(CONTROL), "{}", row.name);
        }
        let control = HOOKED.iter().find(|row| row.control);
        for (passed, failed, ours) in [(2, 0, 100), (1, 1, 50), (0, 0, 0)] {
            let tally = Tally { passed, failed };
            let line = control.map(|row| row.line(&tally, ours == 100, ""));
            let line = line.unwrap_or_default();
            assert_eq!(
                (&line["ours"], &line["control"]),
                (&json!(ours), &json!(true))
            );
        }
    }

    #[test]
    fn a_long_form_that_was_not_long_is_seen() {
        let row = HOOKED.iter().find(|row| row.tests.ends_with("processes"));
        let has_printed = |name: &str| row.map(|row| row.has_printed(&[json!({ "name": name })]));
        let long = "todo.md: 16 processes of 100 threads";
        assert_eq!(has_printed(long), Some(true));
        let short = "todo.md: 16 processes of 4 threads";
        assert_eq!(has_printed(short), Some(false));
        // What a row promises in numbers is what it asks for.
        for row in HOOKED.iter().filter(|row| !row.prints.is_empty()) {
            for (variable, value) in row.variables {
                let said = row.prints.split(' ').any(|word| word == *value);
                assert!(
                    said || value.parse::<u32>().is_err(),
                    "{variable}: {}",
                    row.name
                );
            }
        }
    }

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

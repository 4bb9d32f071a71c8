//! `test` and `ci`.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::run::{Result, cargo, show, works};
use crate::{real, setup, weight};

/// What no test needs: it would build every database that ours is measured against.
const MEASURED: [&str; 2] = ["--exclude", "orchestrator-bench"];

/// Everything that has to hold before a change is taken.
pub(crate) fn test() -> Result {
    let mut times = Times::default();
    times.take("setup", setup::setup)?;
    times.take("format", || show(cargo().args(["fmt", "--all", "--check"])))?;
    times.take("lints", || {
        show(cargo().args([
            "clippy",
            "--workspace",
            "--all-targets",
            "--quiet",
            "--",
            "-D",
            "warnings",
        ]))
    })?;
    times.take("tests", tests)?;
    times.take("schedules", schedules)?;
    times.take("doctests", || {
        show(
            cargo()
                .args(["test", "--workspace", "--doc", "--quiet"])
                .args(MEASURED),
        )
    })?;
    times.take("documentation", || {
        show(
            cargo()
                .args(["doc", "--workspace", "--no-deps", "--quiet"])
                .env("RUSTDOCFLAGS", "-D warnings"),
        )
    })?;
    times.print();
    Ok(())
}

fn tests() -> Result {
    if works(Command::new("cargo").args(["nextest", "--version"])) {
        return show(
            cargo()
                .args(["nextest", "run", "--workspace"])
                .args(MEASURED),
        );
    }
    println!("cargo-nextest is not installed; the same tests run with cargo test");
    show(
        cargo()
            .args(["test", "--workspace", "--lib", "--bins", "--tests"])
            .args(MEASURED),
    )
}

/// What waits and wakes, under shuttle, which takes its primitives over. So all other tests of those
/// builds are left out.
fn schedules() -> Result {
    for package in [
        "orchestrator-state",
        "orchestrator-core",
        "orchestrator-pool",
    ] {
        show(cargo().args(["test", "--package", package, "--lib"]).args([
            "--features",
            "shuttle",
            "--quiet",
            "shuttle_",
        ]))?;
    }
    Ok(())
}

/// `test`, and what is slow.
pub(crate) fn ci() -> Result {
    test()?;
    let mut interrupts = cargo();
    interrupts
        .args([
            "test",
            "--package",
            "orchestrator-tests",
            "--test",
            "it",
            "--",
            "interrupt",
        ])
        .env("ORCHESTRATOR_INTERRUPTS", "50");
    show(&mut interrupts)?;
    weight::weight(false)?;
    real::real(&[])
}

/// How long each step took.
#[derive(Default)]
struct Times(Vec<(&'static str, Duration)>);

impl Times {
    fn take(&mut self, name: &'static str, step: impl FnOnce() -> Result) -> Result {
        let started = Instant::now();
        let result = step();
        self.0.push((name, started.elapsed()));
        result
    }

    fn print(&self) {
        println!();
        for (name, time) in &self.0 {
            println!("  {name:<14} {:>6.1} s", time.as_secs_f64());
        }
        let total: Duration = self.0.iter().map(|(_, time)| *time).sum();
        println!("  {:<14} {:>6.1} s", "all", total.as_secs_f64());
    }
}

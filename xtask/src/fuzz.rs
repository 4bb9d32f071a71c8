//! `fuzz [TARGET]`: any bytes for what reads files that others can write.
//!
//! It runs on the pinned stable compiler: without a sanitizer, which needs a nightly one and finds
//! little where `unsafe` is forbidden, nothing of it but the coverage counters is unstable.

mod seeds;

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::run::{Result, cargo, root, show, works};

/// What there is to run, as in `orchestrator-state/fuzz/Cargo.toml`.
const TARGETS: [&str; 3] = ["config", "journal", "todo"];

/// How long each runs unless something else is asked for.
const SECONDS: u64 = 60;

/// Runs one target or all of them; an error where one finds something.
pub(crate) fn fuzz(words: &[String]) -> Result {
    let (targets, seconds) = parse(words)?;
    if !works(cargo().args(["fuzz", "--version"])) {
        return Err("cargo-fuzz is missing; install it: cargo install cargo-fuzz".to_owned());
    }
    if !works(Command::new("c++").arg("--version")) {
        return Err(
            "a C++ compiler is missing, which libFuzzer is built with; install g++".to_owned(),
        );
    }
    let folder = root().join("orchestrator-state");
    for target in targets {
        let corpus = folder.join("fuzz/corpus").join(target);
        seeds::write(target, &corpus).map_err(|error| {
            format!(
                "the seeds of {target} were not written into `{}`: {error}",
                corpus.display()
            )
        })?;
        show(&mut command(target, seconds, &folder))?;
    }
    Ok(())
}

/// One target's run. What it has found stays in `fuzz/corpus` for the next one.
fn command(target: &str, seconds: u64, folder: &Path) -> Command {
    let mut command = cargo();
    command
        .current_dir(folder)
        .args(["fuzz", "run", "--sanitizer", "none", target, "--"])
        .arg(format!("-max_total_time={seconds}"))
        .args(["-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1"])
        .env("RUSTC_BOOTSTRAP", "1");
    let memory = Path::new("/dev/shm");
    if std::env::var_os("TMPDIR").is_none() && fs::metadata(memory).is_ok_and(|it| it.is_dir()) {
        // What is tried does not depend on the disk, and thousands of runs a second would wear it.
        command.env("TMPDIR", memory);
    }
    command
}

fn parse(words: &[String]) -> Result<(Vec<&str>, u64)> {
    let (mut targets, mut seconds) = (Vec::new(), SECONDS);
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        match word {
            "--seconds" => {
                let value = words.next().ok_or("--seconds needs a value")?;
                seconds = value
                    .parse()
                    .map_err(|_| format!("--seconds takes a number, not `{value}`"))?;
            }
            target if TARGETS.contains(&target) => targets.push(target),
            other => {
                let all = TARGETS.join(", ");
                return Err(format!("no target `{other}` to fuzz; there are: {all}"));
            }
        }
    }
    if targets.is_empty() {
        targets.extend(TARGETS);
    }
    Ok((targets, seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn targets_and_seconds_are_understood() {
        assert_eq!(parse(&[]), Ok((TARGETS.to_vec(), SECONDS)));
        let some = words("journal --seconds 5");
        assert_eq!(parse(&some), Ok((vec!["journal"], 5)));
        for bad in ["nothing", "--seconds", "--seconds x", "todo --loud"] {
            assert!(parse(&words(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_targets_are_those_of_the_package() {
        let manifest = root().join("orchestrator-state/fuzz/Cargo.toml");
        let manifest = fs::read_to_string(manifest).unwrap_or_default();
        let names: Vec<&str> = manifest
            .lines()
            .filter_map(|line| line.strip_prefix("name = \""))
            .map(|name| name.trim_end_matches('"'))
            .filter(|name| !name.starts_with("orchestrator"))
            .collect();
        assert_eq!(names, TARGETS);
    }

    #[test]
    fn every_target_has_seeds() {
        for target in TARGETS {
            assert!(
                seeds::all(target).is_ok_and(|all| all.len() > 3),
                "{target}"
            );
        }
    }
}

//! `crash AREA`: what must survive kills, power cuts, faults and eight clients at once.
//!
//! Figures come from three places: the program of the `crash` package, tests of the crates that
//! can run for longer than they do in `test` (see [`hooked`]), and ThreadSanitizer (see [`races`]).

mod hooked;
mod races;
mod report;

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::run::{Result, cargo};
use report::Report;

/// The parts of the program's figures, for `--only`; it knows the area `state` alone.
const PARTS: [&str; 4] = ["serializable", "register", "kill", "power"];

/// What was asked for.
struct Request<'a> {
    short: bool,
    json: bool,
    only: Option<&'a str>,
    /// What is handed on to the program.
    rest: Vec<&'a str>,
}

impl<'a> Request<'a> {
    fn parse(words: &'a [String]) -> Result<Self> {
        let mut request = Self {
            short: false,
            json: false,
            only: None,
            rest: Vec::new(),
        };
        let mut words = words.iter().map(String::as_str);
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} needs a value"));
            match word {
                "--short" => request.short = true,
                "--json" => request.json = true,
                "--only" => request.only = Some(value()?),
                "--seed" | "--count" => request.rest.extend([word, value()?]),
                _ => return Err(format!("crash: `{word}` is not understood")),
            }
        }
        Ok(request)
    }
}

/// Tries an area; an error where a target is missed.
pub(crate) fn crash(area: &str, words: &[String]) -> Result {
    let Some(all) = hooked::rows(area) else {
        return Err(format!("no area `{area}` to crash; there are: state, core"));
    };
    let own: &[&str] = if area == "state" { &PARTS } else { &[] };
    let request = Request::parse(words)?;
    let mut report = Report::new(request.json, request.short);
    let asked = |part: &str| request.only.is_none_or(|only| only == part);
    let hooked: Vec<_> = all.iter().filter(|row| asked(row.part)).collect();
    let runs_races = area == "core" && asked(races::PART);
    let runs_program = own.iter().any(|part| asked(part));
    if !runs_program && let Some(word) = request.rest.first() {
        return Err(format!(
            "crash: {word} is for {} of the area state",
            PARTS.join(", ")
        ));
    }
    if runs_program {
        program(area, &request, &mut report)?;
    } else if hooked.is_empty() && !runs_races {
        let mut parts: Vec<_> = own.to_vec();
        parts.extend(all.iter().map(|row| row.part));
        parts.extend((area == "core").then_some(races::PART));
        parts.dedup();
        return Err(format!("crash: --only takes one of {}", parts.join(", ")));
    }
    for row in hooked {
        for line in row.run(request.short)? {
            report.show(line);
        }
    }
    if runs_races {
        for line in races::lines(request.short)? {
            report.show(line);
        }
    }
    report.finish()
}

/// Runs the program and shows each of its lines when it comes.
fn program(area: &str, request: &Request<'_>, report: &mut Report) -> Result {
    let mut command = cargo();
    command
        .args(["run", "--release", "--quiet", "--package"])
        .args(["orchestrator-crash", "--", area]);
    if request.short {
        command.arg("--short");
    }
    if let Some(only) = request.only {
        command.args(["--only", only]);
    }
    command.args(&request.rest);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot start cargo: {error}"))?;
    if let Some(out) = child.stdout.take() {
        for line in BufReader::new(out).lines() {
            let line = line.map_err(|error| format!("cannot read orchestrator-crash: {error}"))?;
            let line = serde_json::from_str(&line)
                .map_err(|error| format!("orchestrator-crash printed `{line}`: {error}"))?;
            report.show(line);
        }
    }
    let status = child
        .wait()
        .map_err(|error| format!("cannot wait for orchestrator-crash: {error}"))?;
    // 1 means that a line has missed its target, which the report knows too.
    let told = status.success() || (status.code() == Some(1) && report.has_missed());
    if told {
        Ok(())
    } else {
        Err(format!("orchestrator-crash failed ({status})"))
    }
}

//! One mission on one crate, and what it came to.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::crates::Published;
use super::sequential::{self, clippy_suggestions};
use super::{CLIPPY, Repository};
use crate::run::Result;

/// What one mission did.
pub(super) struct Ran {
    pub(super) objective: String,
    pub(super) passes_before: bool,
    pub(super) passes_after: bool,
    /// Machine-applicable suggestions before and after; for a codemod, none.
    pub(super) suggestions: Option<(usize, usize)>,
    pub(super) items: usize,
    pub(super) landed: usize,
    pub(super) unneeded: usize,
    /// Items that were given up, with the reason.
    pub(super) waived: Vec<(String, String)>,
    pub(super) files: usize,
    pub(super) added: usize,
    pub(super) removed: usize,
    pub(super) exit: i32,
    pub(super) took: Duration,
    /// The same fixes one after another, without the orchestrator.
    pub(super) sequential: Option<Duration>,
}

/// Runs the program and looks at what it left, without believing it.
pub(super) fn run(program: &Path, repository: &Repository, objective: &str) -> Result<Ran> {
    let clippy = objective == CLIPPY;
    let before = sequential::Scratch::new(repository)?;
    let passes_before = before.test();
    let suggestions_before = if clippy {
        Some(clippy_suggestions(&before)?)
    } else {
        None
    };
    drop(before);
    let base = repository.git(&["rev-parse", "HEAD"])?;

    let started = Instant::now();
    let output = Command::new(program)
        .args(["task", objective, "--json", "--repo"])
        .arg(&repository.root)
        .env("ORCHESTRATOR_CACHE_DIR", &repository.cache)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cannot start {}: {error}", program.display()))?;
    let took = started.elapsed();
    let events: Vec<Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let of = |kind: &str| {
        events
            .iter()
            .filter(|event| event["event"] == kind)
            .collect::<Vec<_>>()
    };
    let items = of("plan_ready")
        .iter()
        .map(|event| event["items"].as_array().map_or(0, Vec::len))
        .sum();
    let text = |event: &Value, field: &str| event[field].as_str().unwrap_or_default().to_owned();
    let waived = of("task_waived")
        .iter()
        .map(|event| (title(&events, &text(event, "task")), text(event, "reason")))
        .collect();

    let after = sequential::Scratch::new(repository)?;
    let passes_after = after.test();
    let suggestions_after = if clippy {
        Some(clippy_suggestions(&after)?)
    } else {
        None
    };
    drop(after);
    let stat = repository.git(&["diff", "--numstat", &base, "HEAD"])?;
    let numbers: Vec<(usize, usize)> = stat
        .lines()
        .filter_map(|line| {
            let mut fields = line.split('\t');
            Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
        })
        .collect();
    let landed = of("task_landed").len();
    let sequential = if landed > 0 && passes_before {
        Some(sequential::replay(repository, &base, clippy)?)
    } else {
        None
    };
    Ok(Ran {
        objective: objective.to_owned(),
        passes_before,
        passes_after,
        suggestions: suggestions_before.zip(suggestions_after),
        items,
        landed,
        unneeded: of("task_unneeded").len(),
        waived,
        files: numbers.len(),
        added: numbers.iter().map(|(added, _)| added).sum(),
        removed: numbers.iter().map(|(_, removed)| removed).sum(),
        exit: output.status.code().unwrap_or(-1),
        took,
        sequential,
    })
}

fn title(events: &[Value], task: &str) -> String {
    events
        .iter()
        .filter_map(|event| event["items"].as_array())
        .flatten()
        .find(|item| item["id"] == task)
        .and_then(|item| item["title"].as_str())
        .unwrap_or(task)
        .to_owned()
}

impl Ran {
    pub(super) fn line(&self) -> String {
        format!(
            "exit {}; {} items, {} landed, {} waived; {} files +{} -{}; tests {} before, {} after; {:.0} s, one after another {}",
            self.exit,
            self.items,
            self.landed,
            self.waived.len(),
            self.files,
            self.added,
            self.removed,
            pass(self.passes_before),
            pass(self.passes_after),
            self.took.as_secs_f64(),
            self.sequential.map_or_else(
                || "-".to_owned(),
                |time| format!("{:.0} s", time.as_secs_f64())
            ),
        )
    }

    pub(super) fn json(&self, krate: &Published) -> Value {
        json!({
            "name": format!("{} {}: {}", krate.name, krate.version, self.objective),
            "ours": self.took.as_secs_f64(),
            "peer": self.sequential.map(|time| time.as_secs_f64()),
            "peer_name": "the same fixes one after another",
            "unit": "s",
            "ratio": self.sequential.map(|time| time.as_secs_f64() / self.took.as_secs_f64()),
            "target": "every crate that passes before passes after",
            "met": !self.passes_before || self.passes_after,
        })
    }
}

pub(super) const fn pass(passes: bool) -> &'static str {
    if passes { "pass" } else { "fail" }
}

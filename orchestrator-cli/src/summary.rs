//! What a person wants to read when a mission has ended.

use std::fmt::Write as _;
use std::time::Duration;

use console::style;
use orchestrator_agents::{
    ItemState, ItemStatus, MissionState, MissionSummary, Outcome, Receipt, SessionCounts, Stage,
};

use crate::progress::words::{counted, seconds};

/// Prints the summary on standard output, and where the receipts are if they
/// stay.
pub(crate) fn print(ended: &MissionSummary, stays: bool) {
    let mut text = text(
        &ended.state,
        ended.outcome,
        &ended.reason,
        Some(ended.duration),
    );
    let SessionCounts {
        new,
        same_lane,
        other_lane,
        ..
    } = ended.sessions;
    if same_lane + other_lane > 0 {
        let _ = writeln!(
            text,
            "Sessions: {new} opened, {} used again ({same_lane} where they were last used)",
            same_lane + other_lane,
        );
    }
    if stays {
        let _ = writeln!(text, "Receipts: {}", ended.receipts.display());
    }
    put(&text);
}

/// Writes to standard output. A reader that has gone away is no failure.
pub(crate) fn put(text: &str) {
    use std::io::Write as _;
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

/// A mission in words.
pub(crate) fn text(
    state: &MissionState,
    outcome: Outcome,
    reason: &str,
    duration: Option<Duration>,
) -> String {
    let mut text = String::from("\n");
    headline(&mut text, state, outcome, reason, duration);
    let _ = writeln!(text, "  {}", style(&state.objective).dim());
    for item in &state.items {
        item_lines(&mut text, state, item);
    }
    for note in &state.notes {
        let _ = writeln!(text, "  {}     {note}", style("note").dim());
    }
    totals(&mut text, state);
    checks(&mut text, state);
    result(&mut text, state, outcome);
    text
}

/// A mission that is under way, in words.
pub(crate) fn running(state: &MissionState) -> String {
    let open = state.count(ItemStatus::Pending)
        + state.count(ItemStatus::Running)
        + state.count(ItemStatus::Verified);
    let word = style("Running").cyan().bold();
    let done = state.items.len() - open;
    let mut text = format!(
        "\n{word} {}: {done} of {} settled\n",
        state.mission,
        counted(state.items.len(), "item", "items")
    );
    let _ = writeln!(text, "  {}", style(&state.objective).dim());
    for item in &state.items {
        item_lines(&mut text, state, item);
    }
    text
}

// Writing to a String cannot fail, so the results of `writeln!` are dropped.

fn headline(
    text: &mut String,
    state: &MissionState,
    outcome: Outcome,
    reason: &str,
    duration: Option<Duration>,
) {
    let word = match outcome {
        Outcome::Sealed => style("Sealed").green().bold(),
        Outcome::Unsealed => style("Not sealed").red().bold(),
        Outcome::Refused => style("Refused").red().bold(),
        Outcome::Interrupted => style("Interrupted").yellow().bold(),
        _ => style("Failed").red().bold(),
    };
    let took = duration.map(|duration| {
        format!(
            " in {}",
            seconds(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
        )
    });
    let _ = writeln!(
        text,
        "{word} {}{}: {reason}",
        state.mission,
        took.unwrap_or_default()
    );
}

fn item_lines(text: &mut String, state: &MissionState, item: &ItemState) {
    let (word, note) = match item.status {
        ItemStatus::Landed => (style("landed ").green(), changes(item)),
        ItemStatus::Unneeded => (style("nothing").dim(), String::new()),
        ItemStatus::Waived => (style("waived ").yellow(), String::new()),
        ItemStatus::Pending => (style("pending").dim(), String::new()),
        ItemStatus::Running | ItemStatus::Verified => (style("begun  ").dim(), String::new()),
    };
    let title = fitted(&item.item.title, console::measure_text_width(&note));
    let _ = writeln!(text, "  {word}  {:<4} {title}{note}", item.item.id);
    if let Some(reason) = &item.reason {
        let _ = writeln!(text, "                {reason}");
    }
    if item.status == ItemStatus::Waived {
        if let Some(receipt) = item.receipt.and_then(|id| state.receipts.get(&id)) {
            for line in first_words(receipt) {
                let _ = writeln!(text, "                {}", style(format!("│ {line}")).dim());
            }
            let _ = writeln!(
                text,
                "                receipt {:04}-{}",
                receipt.id, receipt.stage
            );
        }
        if let Some(kept) = &item.kept {
            let branch = kept.trim_start_matches("refs/heads/");
            let _ = writeln!(text, "                kept on the branch {branch}");
        }
    }
    if !item.left_out.is_empty() {
        let places: Vec<_> = item
            .left_out
            .iter()
            .map(|change| match change.line {
                Some(line) => format!("{}:{line}", change.file),
                None => change.file.clone(),
            })
            .collect();
        let _ = writeln!(text, "                left out: {}", places.join(", "));
    }
}

/// A title cut to what a terminal has room for beside the note behind it.
fn fitted(title: &str, note: usize) -> std::borrow::Cow<'_, str> {
    const BESIDE: usize = 16;
    const LEAST: usize = 30;
    let terminal = console::Term::stdout();
    if !terminal.is_term() {
        return title.into();
    }
    let room = usize::from(terminal.size().1)
        .saturating_sub(BESIDE + note)
        .max(LEAST);
    console::truncate_str(title, room, "…")
}

fn changes(item: &ItemState) -> String {
    let Some((_, files)) = &item.landed else {
        return String::new();
    };
    let added: usize = files.iter().map(|file| file.added).sum();
    let removed: usize = files.iter().map(|file| file.removed).sum();
    let changes = format!(
        "  {} +{added} −{removed}",
        counted(files.len(), "file", "files")
    );
    style(changes).dim().to_string()
}

/// The lines of a failed check's output that say most about what failed: the
/// compiler's errors and the tests' panics with the line after each, else the
/// last lines.
fn first_words(receipt: &Receipt) -> Vec<&str> {
    const MOST: usize = 4;
    let lines: Vec<&str> = receipt
        .tail
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let telling = |line: &str| {
        line.contains("panicked at")
            || line.starts_with("error[")
            || line.starts_with("error: ") && !line.starts_with("error: test failed")
            || line.contains("AssertionError")
            || line.starts_with("--- FAIL")
            || line.contains("Error:")
    };
    let mut words: Vec<&str> = Vec::new();
    for pair in lines.windows(2).filter(|pair| telling(pair[0])) {
        words.extend(pair);
    }
    if words.is_empty() {
        words = lines[lines.len().saturating_sub(MOST)..].to_vec();
    }
    words.dedup();
    words.truncate(MOST);
    words
}

fn totals(text: &mut String, state: &MissionState) {
    let mut files = std::collections::BTreeSet::new();
    let (mut added, mut removed) = (0, 0);
    for file in state
        .items
        .iter()
        .filter_map(|item| item.landed.as_ref())
        .flat_map(|l| &l.1)
    {
        files.insert(&file.path);
        added += file.added;
        removed += file.removed;
    }
    let _ = writeln!(
        text,
        "\n{} landed, {} waived, {} unneeded; {} changed, +{added} −{removed} lines",
        counted(state.count(ItemStatus::Landed), "item", "items"),
        state.count(ItemStatus::Waived),
        state.count(ItemStatus::Unneeded),
        counted(files.len(), "file", "files"),
    );
}

fn checks(text: &mut String, state: &MissionState) {
    let (reused, ran): (Vec<_>, Vec<_>) = state
        .receipts
        .values()
        .partition(|receipt| receipt.reused_from.is_some());
    if !ran.is_empty() {
        let time: u64 = ran.iter().map(|receipt| receipt.duration_ms).sum();
        let _ = writeln!(
            text,
            "{} ran in {}, {} answered by an earlier run on the same tree",
            counted(ran.len(), "check", "checks"),
            seconds(time),
            reused.len(),
        );
    }
    let Some(check) = &state.verified else { return };
    if check.receipts.is_empty() {
        let _ = writeln!(text, "{}", style("No check has proven this work.").yellow());
    }
    for receipt in check
        .receipts
        .iter()
        .filter_map(|id| state.receipts.get(id))
    {
        let how = if receipt.passed() {
            style("passed".to_owned()).green()
        } else {
            style(receipt.ending.to_string()).red()
        };
        let place = match receipt.stage {
            Stage::Baseline => "on the untouched commit",
            _ => "in a clean checkout of the result",
        };
        let took = seconds(receipt.duration_ms);
        let _ = writeln!(text, "Check `{}` {how} {place} ({took})", receipt.command);
    }
}

fn result(text: &mut String, state: &MissionState, outcome: Outcome) {
    let (Some(base), Some(tip)) = (&state.base, &state.tip) else {
        return;
    };
    if base == tip {
        let _ = writeln!(text, "Nothing was changed.");
        return;
    }
    let range = format!("git log --oneline {}..{}", base.short(), tip.short());
    match &state.delivered {
        Some((branch, None)) => {
            let _ = writeln!(text, "Branch `{branch}` now has it: {range}");
        }
        Some((branch, Some(reason))) => {
            let _ = writeln!(
                text,
                "{} on the branch `{branch}`, because {reason}.\nTake it with: git merge {branch}",
                style("The result waits").yellow()
            );
        }
        None if outcome == Outcome::Sealed => {}
        None => {
            let _ = writeln!(
                text,
                "What landed is kept on the branch `orchestrator/{}`: {range}",
                state.mission
            );
        }
    }
}

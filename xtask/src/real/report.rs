//! `docs/real-runs.md`.

use std::process::Command;

use super::crates::Published;
use super::mission::{Ran, pass};
use super::{CLIPPY, CODEMOD};
use crate::run::read;

/// The page.
pub(super) fn page(rows: &[(Published, Ran)]) -> String {
    let version = |program: &str| {
        read(Command::new(program).arg("--version"))
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    let mut page = format!(
        "# Real runs\n\n\
         Written by `cargo xtask real`. Each row is one mission, with the defaults, on a fresh \
         repository made of a published crate as cargo unpacks it. {processors} processors, {}, {}.\n\n\
         *Suggestions* are clippy's machine-applicable ones for libraries and programs, counted \
         before and after without the orchestrator's help; what is left was waived, overlaps, or \
         stands in files that hold checks. *Tests* are `cargo test` in fresh clones before and \
         after. *One after another* is the time of the same landed commits without the \
         orchestrator: test, run clippy, then each commit on top of the last with a test after \
         each. The orchestrator builds from nothing twice (the untouched repository and the \
         result, in clean checkouts), lints twice, and tests each change before and, unless it is \
         the same tree, after it is merged. On repositories of one small package that is about \
         twice the work; it has no room there to run apart what depends on one build.\n",
        version("rustc"),
        version("git"),
    );
    for (title, clippy) in [(CLIPPY, true), ("One codemod on each", false)] {
        page.push_str(&format!("\n## {title}\n\n"));
        if !clippy {
            page.push_str(&format!("Where nothing else is said: {CODEMOD}.\n\n"));
        }
        page.push_str(HEAD);
        for (krate, ran) in rows
            .iter()
            .filter(|(_, ran)| (ran.objective == CLIPPY) == clippy)
        {
            page.push_str(&row(krate, ran));
        }
        page.push_str(&totals(rows, clippy));
    }
    page.push_str("\n## What was waived, and why\n\n");
    let mut none = true;
    for (krate, ran) in rows {
        for (title, reason) in &ran.waived {
            none = false;
            page.push_str(&format!(
                "- {}: {title}: {}\n",
                krate.name,
                reason.lines().next().unwrap_or("")
            ));
        }
    }
    if none {
        page.push_str("Nothing.\n");
    }
    page
}

const HEAD: &str = "\
| crate | suggestions | items | landed | waived | unneeded | files | lines | tests | sealed | time | one after another |
|---|---|---|---|---|---|---|---|---|---|---|---|
";

fn row(krate: &Published, ran: &Ran) -> String {
    let suggestions = ran.suggestions.map_or_else(
        || "–".to_owned(),
        |(before, after)| format!("{before} → {after}"),
    );
    let sequential = ran.sequential.map_or_else(
        || "–".to_owned(),
        |time| format!("{:.0} s", time.as_secs_f64()),
    );
    let own = krate.codemod.filter(|codemod| *codemod == ran.objective);
    let own = own.map_or_else(String::new, |codemod| format!("<br>{codemod}"));
    format!(
        "| {} {}{own} | {suggestions} | {} | {} | {} | {} | {} | +{} −{} | {} → {} | {} | {:.0} s | {sequential} |\n",
        krate.name,
        krate.version,
        ran.items,
        ran.landed,
        ran.waived.len(),
        ran.unneeded,
        ran.files,
        ran.added,
        ran.removed,
        pass(ran.passes_before),
        pass(ran.passes_after),
        if ran.exit == 0 { "yes" } else { "no" },
        ran.took.as_secs_f64(),
    )
}

fn totals(rows: &[(Published, Ran)], clippy: bool) -> String {
    let of = || {
        rows.iter()
            .map(|(_, ran)| ran)
            .filter(move |ran| (ran.objective == CLIPPY) == clippy)
    };
    let sum = |number: fn(&Ran) -> usize| of().map(number).sum::<usize>();
    let both = || of().filter_map(|ran| Some((ran.took, ran.sequential?)));
    let took: f64 = both().map(|(took, _)| took.as_secs_f64()).sum();
    let sequential: f64 = both().map(|(_, time)| time.as_secs_f64()).sum();
    let ratio = if took > 0.0 {
        format!(
            " Where something landed: {took:.0} s against {sequential:.0} s one after another, a ratio of {:.2}.",
            sequential / took
        )
    } else {
        String::new()
    };
    format!(
        "\n{} items, {} landed, {} waived, {} unneeded; +{} −{} lines.{ratio}\n",
        sum(|ran| ran.items),
        sum(|ran| ran.landed),
        sum(|ran| ran.waived.len()),
        sum(|ran| ran.unneeded),
        sum(|ran| ran.added),
        sum(|ran| ran.removed),
    )
}

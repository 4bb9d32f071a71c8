//! `cargo xtask bench memory`, the line on size: what entries take beside their text.

#[path = "../memory/material.rs"]
mod material;

use std::process::ExitCode;

use orchestrator_bench::{Arguments, Line, Report, program};
use orchestrator_memory::{RankConfig, RecallWeights};

use self::material::{ENTRIES, Material};

const NAME: &str = "heap of 100,000 entries";

/// How many bytes for each of text.
const MOST: f64 = 2.5;

fn main() -> ExitCode {
    program("memory_size", || {
        let arguments = Arguments::of_process()?;
        let mut report = Report::new(&arguments);
        let material = Material::new();
        let texts: usize = material.texts.iter().map(String::len).sum();
        let mut kept = None;
        let heap = allocation_counter::measure(|| {
            kept = Some(material.store(RankConfig::default(), RecallWeights::default()));
        });
        if kept.is_none_or(|store| store.entries().count() < ENTRIES) {
            return Err("an entry was lost".into());
        }
        let share = heap.bytes_current as f64 / texts as f64;
        report.add(&Line::below(NAME, share, "x text", MOST, 1.0));
        Ok(report.finish())
    })
}

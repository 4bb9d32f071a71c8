//! `cargo xtask bench pool`, the lines on memory: what a mission's bookkeeping allocates, with the
//! pools and without.

mod plain;
mod pooled;
mod work;

use std::process::ExitCode;

use orchestrator_bench::{Arguments, Line, Report, Result, program};

use self::work::{TASKS, Work};

const COUNT: &str = "allocations of 100,000 tasks";
const PEAK: &str = "peak heap of 100,000 tasks";
const CONTROL: &str = "pools that are not used are seen";

/// How many of the allocations have to be saved, and of the peak.
const FEWER: f64 = 0.80;
const LOWER: f64 = 0.60;

fn main() -> ExitCode {
    program("pool_memory", run)
}

fn run() -> Result<ExitCode> {
    let arguments = Arguments::of_process()?;
    let mut report = Report::new(&arguments);
    let work = Work::new();
    let (plain, pooled) = (measured(&work, plain::run)?, measured(&work, pooled::run)?);
    let against = |name: &str, ours: f64, peer: f64, unit, saved: f64| {
        let peer = (peer, "the same without pools");
        let target = 1.0 / (1.0 - saved);
        Line::against(name.into(), (ours, unit), peer, peer.0 / ours, target)
    };
    let tasks = TASKS as f64;
    let each = [&pooled, &plain].map(|heap| heap.count_total as f64 / tasks);
    report.add(&against(COUNT, each[0], each[1], "each", FEWER));
    let mib = [&pooled, &plain].map(|heap| heap.bytes_max as f64 / 1_048_576.0);
    report.add(&against(PEAK, mib[0], mib[1], "MiB", LOWER));
    // Measured again, the plain version saves nothing.
    let again = measured(&work, plain::run)?;
    let saved = again.count_total as f64 / plain.count_total as f64;
    report.add(&Line::control(CONTROL, saved > 1.0 - FEWER));
    Ok(report.finish())
}

/// What a version allocates, which has to come to the same end.
fn measured(work: &Work, run: impl Fn(&Work) -> u64) -> Result<allocation_counter::AllocationInfo> {
    let mut digest = 0;
    let heap = allocation_counter::measure(|| digest = run(work));
    if digest != work.digest() {
        return Err("a version has lost a name, a status or a result".into());
    }
    if heap.bytes_current != 0 {
        let bytes = heap.bytes_current;
        return Err(format!("a version leaves {bytes} bytes behind").into());
    }
    Ok(heap)
}

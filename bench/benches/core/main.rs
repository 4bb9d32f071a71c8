//! `cargo xtask bench core`: the scheduler and the graphs beside what people would pick instead.

mod lines;
mod load;
mod ours;
mod peers;
mod pool;
mod shape;

use std::process::ExitCode;

use orchestrator_bench::{Arguments, Report, hold, program};

/// How often everything is measured, unless said otherwise: half a minute each.
const ROUNDS: usize = 5;

fn main() -> ExitCode {
    program("core", || {
        let arguments = Arguments::of_process_in(ROUNDS)?;
        let mut report = Report::new(&arguments);
        hold(lines::bouts(), &arguments, &mut report)?;
        for line in lines::alone(&arguments)? {
            report.add(&line);
        }
        Ok(report.finish())
    })
}

//! `cargo xtask bench hooks`: what a dispatch and a plan cost, beside the least that they could.

mod controls;
mod dispatch;
mod event;
mod plan;
mod usual;

use std::process::ExitCode;

use orchestrator_bench::{Arguments, Report, hold, program};

fn main() -> ExitCode {
    program("hooks", || {
        let arguments = Arguments::of_process()?;
        let mut report = Report::new(&arguments);
        let mut bouts = dispatch::bouts()?;
        bouts.extend(plan::bouts()?);
        hold(bouts, &arguments, &mut report)?;
        for line in controls::lines(&arguments) {
            report.add(&line);
        }
        Ok(report.finish())
    })
}

//! `cargo xtask bench state`: the store and the journal beside what people would pick instead.

mod lines;
mod ours;
mod peers;

use std::process::ExitCode;

use orchestrator_bench::{Arguments, Disk, Report, hold, program};

fn main() -> ExitCode {
    program("state", || {
        let arguments = Arguments::of_process()?;
        let disk = Disk::new()?;
        let mut report = Report::new(&arguments);
        hold(lines::bouts(&disk), &arguments, &mut report)?;
        for line in lines::alone(&disk, &arguments)? {
            report.add(&line);
        }
        Ok(report.finish())
    })
}

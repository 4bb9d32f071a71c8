//! `cargo xtask bench core`: the scheduler and the graphs beside what people would pick instead.

#![expect(
    clippy::print_stderr,
    reason = "progress and failures are for a person"
)]

mod lines;
mod load;
mod ours;
mod peers;
mod pool;
mod shape;

use std::process::ExitCode;

use orchestrator_bench::{Arguments, Report, Result};

/// How often everything is measured, unless said otherwise: half a minute each.
const ROUNDS: usize = 5;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("bench core: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<ExitCode> {
    let arguments = Arguments::of_process_in(ROUNDS)?;
    let mut report = Report::new(&arguments);
    let mut bouts = lines::bouts();
    bouts.retain(|bout| arguments.only.as_deref().is_none_or(|only| bout.has(only)));
    for round in 1..=arguments.rounds {
        for bout in &mut bouts {
            bout.round()?;
        }
        eprintln!("round {round} of {}", arguments.rounds);
    }
    for bout in &bouts {
        if arguments.details {
            eprint!("{}", bout.details());
        }
        for line in bout.lines() {
            report.add(&line);
        }
    }
    for line in lines::alone(&arguments)? {
        report.add(&line);
    }
    Ok(report.finish())
}

//! What all bench programs do.

#![expect(
    clippy::print_stderr,
    reason = "progress and failures are for a person"
)]

use std::process::ExitCode;

use crate::{Arguments, Bout, Report, Result};

/// Runs a program's body. An error is told on standard error, and the code is then 2.
pub fn program(name: &str, body: impl FnOnce() -> Result<ExitCode>) -> ExitCode {
    match body() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("bench {name}: {error}");
            ExitCode::from(2)
        }
    }
}

/// Holds the bouts that are asked for, all of them once in each round, and reports their lines.
///
/// # Errors
///
/// What a contestant could not do, or has done wrong.
pub fn hold(mut bouts: Vec<Bout<'_>>, arguments: &Arguments, report: &mut Report) -> Result {
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
    Ok(())
}

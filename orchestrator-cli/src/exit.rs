//! Failures, their words and their exit codes.

use std::error::Error;
use std::process::ExitCode;

use orchestrator_agents::{MissionError, Outcome, RepositoryError};

/// Bad usage, or an objective that is refused.
pub(crate) const USAGE: u8 = 2;
/// The mission ended without a seal.
pub(crate) const UNSEALED: u8 = 3;
/// The user stopped it.
pub(crate) const INTERRUPTED: u8 = 130;

/// Something to tell on standard error, and the exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code: USAGE,
        }
    }

    pub(crate) fn interrupted(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code: INTERRUPTED,
        }
    }

    /// A failure with everything that caused it.
    pub(crate) fn other(what: &str, error: &dyn Error) -> Self {
        Self {
            message: format!("{what}: {}", chain(error)),
            code: 1,
        }
    }

    #[expect(clippy::print_stderr, reason = "this is where failures are told")]
    pub(crate) fn report(&self) -> ExitCode {
        eprintln!("error: {}", self.message);
        ExitCode::from(self.code)
    }
}

impl From<MissionError> for Failure {
    fn from(error: MissionError) -> Self {
        let code = match &error {
            MissionError::Refused { .. } | MissionError::NoChecks => USAGE,
            MissionError::Repository(
                RepositoryError::Git(_)
                | RepositoryError::GitMissing
                | RepositoryError::GitTooOld { .. },
            ) => 1,
            MissionError::Repository(_) => USAGE,
            MissionError::Baseline { .. } => UNSEALED,
            MissionError::Interrupted { .. } => INTERRUPTED,
            _ => 1,
        };
        let mut message = chain(&error);
        if let MissionError::Baseline { receipt } = &error {
            message.push_str("\n\n");
            message.push_str(&receipt.tail);
        }
        Self { message, code }
    }
}

/// The exit code of a mission that came to its own end.
pub(crate) fn code_of(outcome: Outcome) -> ExitCode {
    match outcome {
        Outcome::Sealed => ExitCode::SUCCESS,
        Outcome::Interrupted => ExitCode::from(INTERRUPTED),
        Outcome::Refused => ExitCode::from(USAGE),
        Outcome::Unsealed => ExitCode::from(UNSEALED),
        _ => ExitCode::FAILURE,
    }
}

/// An error's message and those of what caused it, each said once.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

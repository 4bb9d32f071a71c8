//! The lines of a run, printed as they come.

#![expect(clippy::print_stdout, reason = "the report is what a run is for")]

use std::process::ExitCode;

use crate::{Arguments, Line};

/// Prints lines and remembers whether one has missed its target.
#[derive(Debug)]
pub struct Report<'a> {
    arguments: &'a Arguments,
    printed: usize,
    missed: Vec<String>,
}

impl<'a> Report<'a> {
    /// A report with nothing in it.
    #[must_use]
    pub fn new(arguments: &'a Arguments) -> Self {
        Self {
            arguments,
            printed: 0,
            missed: Vec::new(),
        }
    }

    /// Prints a line, if it was asked for.
    pub fn add(&mut self, line: &Line) {
        if !self.arguments.wants(line.name()) {
            return;
        }
        self.printed += 1;
        if !line.met() {
            self.missed.push(line.name().to_owned());
        }
        if self.arguments.json {
            println!("{}", line.json());
            return;
        }
        if self.printed == 1 {
            println!("{}", Line::heading());
        }
        println!("{}", line.text());
    }

    /// What the process ends with: 1 when a target was missed.
    #[must_use]
    pub fn finish(self) -> ExitCode {
        if self.missed.is_empty() {
            return ExitCode::SUCCESS;
        }
        if !self.arguments.json {
            println!("\nmissed {} of {}:", self.missed.len(), self.printed);
            for name in &self.missed {
                println!("  {name}");
            }
        }
        ExitCode::FAILURE
    }
}

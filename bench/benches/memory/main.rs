//! `cargo xtask bench memory`: what it costs to remember, to recall and to let a turn pass, with a
//! hundred thousand entries.

mod gates;
mod material;
mod recall;

use std::process::ExitCode;

use orchestrator_bench::{Arguments, Report, hold, program};

use self::material::Material;

fn main() -> ExitCode {
    program("memory", || {
        let arguments = Arguments::of_process_in(5)?;
        let mut report = Report::new(&arguments);
        let material = Material::new();
        let mut bouts = Vec::new();
        if arguments.wants(recall::NAME) {
            bouts.extend(recall::bouts(&material)?);
        }
        bouts.extend(gates::bouts());
        hold(bouts, &arguments, &mut report)?;
        for line in recall::lines(&arguments, &material)? {
            report.add(&line);
        }
        Ok(report.finish())
    })
}

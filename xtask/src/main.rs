//! The workspace's chores: `cargo xtask CHORE`.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a chore talks to a person"
)]

mod bench;
mod crash;
mod eval;
mod fuzz;
mod real;
mod run;
mod setup;
mod suite;
mod table;
mod weight;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask CHORE

  setup     find what the tests need from the system, and install what is missing
  test      setup, format, lints, tests, doctests, documentation
  ci        test, and what is slow: 50 interrupts, weight, real
  weight    the time of a cold release build, and the number of dependencies [--json]
  bench     AREA (core, hooks, memory, pool, state): ours beside its peers [--json] [--only NAME] [--rounds N] [--details]
  crash     AREA (state, core): kills, power cuts, faults, histories, millions of tasks [--json] [--short] [--only NAME] [--seed N]
  eval      AREA (memory, focus): what memory recalls, and keeps in view --data DIR [--json]
  fuzz      [TARGET] (config, journal, todo): any bytes for the readers [--seconds N]
  real      missions on published crates; writes docs/real-runs.md [--json] [--only NAME]
";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let chore = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    let result = match (chore.as_str(), rest.as_slice()) {
        ("setup", []) => setup::setup(),
        ("test", []) => suite::test(),
        ("ci", []) => suite::ci(),
        ("weight", rest) => weight::weight(rest.iter().any(|word| word == "--json")),
        ("bench", [area, rest @ ..]) => bench::bench(area, rest),
        ("crash", [area, rest @ ..]) => crash::crash(area, rest),
        ("eval", [area, rest @ ..]) => eval::eval(area, rest),
        ("fuzz", rest) => fuzz::fuzz(rest),
        ("real", rest) => real::real(rest),
        ("help" | "--help" | "-h", _) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprint!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error}");
            ExitCode::FAILURE
        }
    }
}

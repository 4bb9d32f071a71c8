//! `orchestrator-crash AREA`: prints one JSON object for each figure. `cargo xtask crash` calls it.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it is a program, and its output is its purpose"
)]

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use orchestrator_crash::subject::StateStoreSubject;
use orchestrator_crash::vault::Kind;
use orchestrator_crash::writer::{self, Orders};
use orchestrator_crash::{Line, kill, seeded, serial};
use orchestrator_state::Durability;

const HELP: &str = "\
orchestrator-crash state [--short] [--only serializable|register|kill|power] [--seed N] [--count N]

Prints one JSON object a line. The exit code is 1 when a figure misses its target.

  --short    seconds instead of minutes; what needs root may be skipped
  --only     one part
  --seed     for the same choices again (the threads may still run in another order)
  --count    so many histories or iterations, instead of 10,000 and 1,000
";

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match start(&words) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("orchestrator-crash: {error}");
            ExitCode::from(2)
        }
    }
}

/// Whether every figure meets its target.
fn start(words: &[String]) -> Result<bool> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [writer::WORD, kind, folder, life, seed] => {
            writer::write(&Orders {
                kind: kind.parse()?,
                folder: folder.into(),
                life: life.parse()?,
                seed: seed.parse()?,
            })?;
            Ok(true)
        }
        #[cfg(target_os = "linux")]
        [orchestrator_crash::power::WORD, iterations, seed] => {
            let program = std::env::current_exe()?;
            orchestrator_crash::power::inside(&program, iterations.parse()?, seed.parse()?)?;
            Ok(true)
        }
        ["state", rest @ ..] => state(&Settings::parse(rest)?),
        ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(true)
        }
        _ => Err(HELP.into()),
    }
}

/// What was asked for.
struct Settings {
    short: bool,
    only: Option<String>,
    seed: u64,
    count: Option<usize>,
}

impl Settings {
    fn parse(words: &[&str]) -> Result<Self> {
        let mut settings = Self {
            short: false,
            only: None,
            seed: fastrand::u64(..1 << 48),
            count: None,
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} needs a value"));
            match *word {
                "--short" => settings.short = true,
                "--only" => settings.only = Some((*value()?).to_owned()),
                "--seed" => settings.seed = value()?.parse()?,
                "--count" => settings.count = Some(value()?.parse()?),
                other => return Err(format!("`{other}` is not understood\n\n{HELP}").into()),
            }
        }
        Ok(settings)
    }

    fn wants(&self, part: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == part)
    }

    fn count(&self, long: usize, short: usize) -> usize {
        let usual = if self.short { short } else { long };
        self.count.unwrap_or(usual)
    }
}

fn state(settings: &Settings) -> Result<bool> {
    let program = std::env::current_exe()?;
    let mut printer = Printer {
        short: settings.short,
        lines: 0,
        missed: 0,
    };
    let seed = settings.seed;
    if settings.wants("serializable") {
        let count = settings.count(10_000, 200);
        let make = StateStoreSubject::new;
        printer.print(&serial::serializable(
            "serializable: StateStore",
            make,
            count,
            seed,
        ))?;
        for (name, durability) in [
            ("serializable: StateStore on a disk", Durability::Immediate),
            (
                "serializable: StateStore that does not wait for its disk",
                Durability::None,
            ),
        ] {
            let make = || seeded::on_file(durability);
            let count = count.div_ceil(10);
            printer.print(&serial::serializable(name, make, count, seed))?;
        }
        for line in seeded::controls(count.min(1_000), seed) {
            printer.print(&line)?;
        }
        for line in serial::controls(count.min(1_000), seed) {
            printer.print(&line)?;
        }
    }
    if settings.wants("register") {
        let count = settings.count(2_000, 50);
        let make = StateStoreSubject::new;
        let name = "linearizable register: StateStore";
        printer.print(&serial::linearizable(name, make, count, seed))?;
        let name = "linearizable register: StateStore on a disk";
        let make = || seeded::on_file(Durability::Immediate);
        let count = count.div_ceil(10);
        printer.print(&serial::linearizable(name, make, count, seed))?;
    }
    if settings.wants("kill") {
        let count = settings.count(1_000, 20);
        for kind in [
            Kind::Journal,
            Kind::JournalNoSync,
            Kind::Store,
            Kind::StoreNoSync,
            Kind::StoreCheckpoint,
        ] {
            printer.print(&kill::survives(&program, kind, count, seed)?)?;
        }
        printer.print(&kill::control(&program, count.min(100), seed)?)?;
        printer.print(&kill::control_of_checkpoints(&program, 300, seed)?)?;
    }
    if settings.wants("power") {
        for line in power(&program, settings.count(1_000, 5), seed)? {
            printer.print(&line)?;
        }
    }
    if printer.lines == 0 {
        return Err(format!("--only names no part\n\n{HELP}").into());
    }
    Ok(printer.missed == 0)
}

#[cfg(target_os = "linux")]
fn power(program: &Path, iterations: usize, seed: u64) -> Result<Vec<Line>> {
    Ok(orchestrator_crash::power::measure(
        program, iterations, seed,
    )?)
}

#[cfg(not(target_os = "linux"))]
fn power(_: &Path, _: usize, _: u64) -> Result<Vec<Line>> {
    Ok(vec![Line::skipped("power cut", "needs Linux".to_owned())])
}

struct Printer {
    short: bool,
    lines: usize,
    missed: usize,
}

impl Printer {
    fn print(&mut self, line: &Line) -> Result {
        println!("{}", serde_json::to_string(line)?);
        self.lines += 1;
        self.missed += usize::from(line.missed(self.short));
        Ok(())
    }
}

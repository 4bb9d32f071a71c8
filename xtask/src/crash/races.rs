//! The core's tests under ThreadSanitizer, where the machine has it: Rust's nightly compiler with the source
//! of the standard library, which is built with it too.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::hooked::read;
use crate::run::{Result, root, works};

/// For `--only`.
pub(crate) const PART: &str = "races";

/// How the sanitizer begins a report.
const REPORT: &str = "WARNING: ThreadSanitizer";

/// It knows no fences. With this, crossbeam's deques use read-modify-writes in their place.
const FLAGS: &str = "-Zsanitizer=thread --cfg crossbeam_sanitize_thread";

/// The tests that have threads.
const TESTS: [&str; 7] = [
    "stress::",
    "scheduler::",
    "graph",
    "dropped::",
    "admission::",
    "slots::",
    "shutdown::",
];

/// A program with a race, which has to be reported.
const RACE: &str = r#"
    struct Racy(std::cell::UnsafeCell<u64>);
    unsafe impl Sync for Racy {}
    static SHARED: Racy = Racy(std::cell::UnsafeCell::new(0));

    fn add() {
        for _ in 0..1_000 {
            unsafe { *SHARED.0.get() += 1 }
        }
    }

    fn main() {
        let other = std::thread::spawn(add);
        add();
        let _ = other.join();
        println!("{}", unsafe { *SHARED.0.get() });
    }
"#;

/// The tests' figure, and the control's.
pub(crate) fn lines(short: bool) -> Result<[Value; 2]> {
    let missing = match short {
        true => Some("it takes minutes to build: run without --short".to_owned()),
        false => missing(),
    };
    if let Some(missing) = missing {
        return Ok([
            skipped("data races in the core's tests", false, &missing),
            skipped("a program with a data race", true, &missing),
        ]);
    }
    Ok([tests()?, control()?])
}

/// What would have to be there.
fn missing() -> Option<String> {
    let Some(target) = target() else {
        return Some("ThreadSanitizer knows this system not".to_owned());
    };
    let sysroot = nightly("rustc").args(["--print", "sysroot"]).output().ok();
    let sysroot = sysroot.filter(|output| output.status.success());
    let library = sysroot.map(|output| {
        let path = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Path::new(&path).join("lib/rustlib/src/rust/library/std")
    });
    let there = library.is_some_and(|library| library.is_dir()) && works(&mut nightly("cargo"));
    (!there).then(|| {
        format!(
            "for {target}: rustup toolchain install nightly --profile minimal --component rust-src"
        )
    })
}

fn target() -> Option<&'static str> {
    if cfg!(all(
        target_os = "linux",
        target_arch = "x86_64",
        target_env = "gnu"
    )) {
        Some("x86_64-unknown-linux-gnu")
    } else if cfg!(all(
        target_os = "linux",
        target_arch = "aarch64",
        target_env = "gnu"
    )) {
        Some("aarch64-unknown-linux-gnu")
    } else {
        None
    }
}

fn skipped(name: &str, control: bool, why: &str) -> Value {
    json!({
        "name": name, "met": false, "control": control, "skipped": why, "optional": true, "note": why,
    })
}

/// A program of the nightly toolchain.
fn nightly(program: &str) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(root())
        .env("RUSTUP_TOOLCHAIN", "nightly")
        .stdin(Stdio::null());
    for set_by_cargo in ["CARGO", "RUSTC", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"] {
        command.env_remove(set_by_cargo);
    }
    command
}

fn folder() -> PathBuf {
    root().join("target/races")
}

fn sanitized(arguments: &[&str]) -> Command {
    let mut command = nightly("cargo");
    command
        .args(arguments)
        .args(["-Zbuild-std", "--target", target().unwrap_or_default()])
        .env("RUSTFLAGS", FLAGS)
        .env("CARGO_TARGET_DIR", folder());
    command
}

/// Runs something, and gives what it printed, with how many races were reported.
fn run(mut command: Command) -> Result<(bool, String, usize)> {
    let output = command
        .output()
        .map_err(|error| format!("cannot start cargo: {error}"))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    let text = format!("{}\n{errors}", String::from_utf8_lossy(&output.stdout));
    let races = text.matches(REPORT).count();
    Ok((output.status.success(), text, races))
}

fn tests() -> Result<Value> {
    let mut command = sanitized(&["test", "--package", "orchestrator-core", "--test", "it"]);
    command.arg("--").args(TESTS);
    let (passed, text, races) = run(command)?;
    let (_, tally) = read(&text);
    let mut note = format!("{} tests", tally.passed);
    if !passed {
        let first = text.lines().find(|line| line.starts_with("error"));
        note = format!("{note}; {}", first.unwrap_or("a test has failed"));
    }
    Ok(json!({
        "name": "data races in the core's tests", "ours": races, "unit": "races", "target": 0,
        "met": passed && races == 0 && tally.passed > 0, "control": false, "note": note,
    }))
}

fn control() -> Result<Value> {
    let folder = folder().join("control");
    let write = |path: &str, text: &str| {
        let path = folder.join(path);
        let parent = path.parent().unwrap_or(&folder);
        std::fs::create_dir_all(parent)
            .and_then(|()| std::fs::write(&path, text))
            .map_err(|error| format!("cannot write {}: {error}", path.display()))
    };
    let manifest =
        "[package]\nname = \"race\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n";
    write("Cargo.toml", manifest)?;
    write("src/main.rs", RACE)?;
    let manifest = folder.join("Cargo.toml");
    let mut command = sanitized(&["run", "--quiet"]);
    command.arg("--manifest-path").arg(manifest);
    let (_, text, races) = run(command)?;
    let note = match races {
        0 => text.lines().next_back().unwrap_or_default(),
        _ => "",
    };
    Ok(json!({
        "name": "a program with a data race", "ours": if races > 0 { 100 } else { 0 }, "unit": "% caught",
        "target": 100, "met": races > 0, "control": true, "note": note,
    }))
}

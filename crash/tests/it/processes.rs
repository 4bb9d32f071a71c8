//! Kills and power cuts of the real program.

use std::path::Path;
use std::process::Command;

use orchestrator_crash::vault::Kind;
use orchestrator_crash::{Line, kill};

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_orchestrator-crash"))
}

#[test]
fn the_journal_and_the_store_survive_kills() {
    for kind in [
        Kind::Journal,
        Kind::JournalNoSync,
        Kind::Store,
        Kind::StoreNoSync,
        Kind::StoreCheckpoint,
    ] {
        let line = kill::survives(program(), kind, 20, fastrand::u64(..1 << 48)).unwrap();
        assert!(line.met, "{line:?}");
    }
}

#[test]
fn what_is_acknowledged_out_of_a_buffer_does_not() {
    let line = kill::control(program(), 5, fastrand::u64(..1 << 48)).unwrap();
    assert!(line.met, "{line:?}");
    // Nor is it let through where it should have survived.
    let line = kill::survives(program(), Kind::Buffered, 5, 1).unwrap();
    assert!(!line.met, "{line:?}");
}

#[test]
fn a_journal_that_is_dropped_before_its_checkpoint_is_there_is_missed() {
    let seed = fastrand::u64(..1 << 48);
    let line = kill::control_of_checkpoints(program(), 300, seed).unwrap();
    assert!(line.met, "{line:?}");
}

#[test]
#[expect(
    clippy::print_stderr,
    reason = "who reads the output has to know what was skipped"
)]
fn journal_and_store_survive_power_cuts_and_what_was_not_synced_does_not() {
    let output = Command::new(program())
        .args(["state", "--short", "--only", "power"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{errors}");
    let lines: Vec<Line> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(!lines.is_empty());
    for line in lines {
        if let Some(why) = &line.skipped {
            eprintln!("{} was skipped: {why}", line.name);
        } else {
            assert!(line.met, "{line:?}");
        }
    }
}

/// Whether a loop device has the disk of this process.
#[cfg(target_os = "linux")]
fn has_a_disk(process: u32) -> bool {
    let image = format!("/disk-{process}");
    let mut devices = std::fs::read_dir("/sys/block").expect("the kernel lists its devices");
    devices.any(|device| {
        let device = device.expect("a device has a name");
        let file = device.path().join("loop/backing_file");
        std::fs::read_to_string(file).is_ok_and(|text| text.trim_end().ends_with(&image))
    })
}

#[test]
#[cfg(target_os = "linux")]
#[expect(
    clippy::print_stderr,
    reason = "who reads the output has to know what was skipped"
)]
fn a_killed_program_leaves_no_disk_behind() {
    use std::time::{Duration, Instant};
    let patience = Instant::now() + Duration::from_secs(60);
    let mut program = Command::new(program())
        .args(["state", "--short", "--only", "power", "--count", "1000000"])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let process = program.id();
    while !has_a_disk(process) {
        if program.try_wait().unwrap().is_some() {
            eprintln!("skipped: no disk can be made here");
            return;
        }
        assert!(Instant::now() < patience, "no disk was made");
        std::thread::yield_now();
    }
    program.kill().unwrap();
    program.wait().unwrap();
    while has_a_disk(process) {
        assert!(Instant::now() < patience, "the disk is still there");
        std::thread::yield_now();
    }
}

#[test]
fn what_is_not_understood_is_refused() {
    for words in [
        &["state", "--only", "nothing"][..],
        &["other"],
        &["state", "--seed"],
    ] {
        let output = Command::new(program()).args(words).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{words:?}");
    }
}

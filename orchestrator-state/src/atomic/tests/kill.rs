//! A kill and an error at every system call of an atomic write, injected by `strace`.
//!
//! The test binary runs itself under `strace` with one helper test that writes a file. Two reads of
//! files that are not there mark the beginning and the end of the write in the list of calls. Each
//! call is named by the thread it is in, its name and its number among that thread's calls of that
//! name, which is how `strace` counts. The short form, in every run, takes the calls between the
//! marks; `ORCHESTRATOR_KILL=all` takes all calls of that thread, and fails where there is no `strace`.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use super::*;

const WRITER: &str = "ORCHESTRATOR_TEST_WRITER";
const BEGIN: &str = "/orchestrator-begin";
const END: &str = "/orchestrator-end";

fn old() -> Vec<u8> {
    vec![b'o'; 200_000]
}

fn new() -> Vec<u8> {
    vec![b'n'; 300_000]
}

/// What the child process runs; without its variable it is an empty test.
#[test]
fn writer() {
    let Ok(task) = std::env::var(WRITER) else {
        return;
    };
    let (kind, path) = task.split_once(':').unwrap();
    let bytes = new();
    // `strace` counts each thread's calls by themselves. The harness has made some in its own
    // thread; this one makes more, so that the numbers to come mean this thread and no other.
    for _ in 0..50 {
        let mut begun = fs::File::create(format!("{path}.begun")).unwrap();
        begun.write_all(b"x").unwrap();
        begun.metadata().unwrap();
        assert!(fs::read_dir(parent(Path::new(path))).unwrap().count() > 0);
    }
    assert!(fs::read(BEGIN).is_err());
    let result = if kind == "atomic" {
        atomic_write(path, &bytes).map_err(|error| error.is_written())
    } else {
        overwrite(path, &bytes).map_err(|_| false)
    };
    assert!(fs::read(END).is_err());
    // 0: durable. 3: written, not durable. 4: not written.
    std::process::exit(match result {
        Ok(()) => 0,
        Err(true) => 3,
        Err(false) => 4,
    });
}

/// The control: what most programs do.
fn overwrite(path: &str, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = fs::File::create(path)?;
    for part in bytes.chunks(100_000) {
        file.write_all(part)?;
    }
    file.sync_all()
}

/// Runs the writer under `strace`. The status is `None` when it was killed.
fn run(kind: &str, folder: &Path, options: &[String]) -> Option<i32> {
    let file = folder.join("file");
    fs::write(&file, old()).unwrap();
    let status = Command::new("strace")
        .args(["-f", "-qq"])
        .args(options)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "atomic::tests::kill::writer", "--test-threads=1"])
        // Cargo sets it, and the loader would open a file for every folder in it.
        .env_remove("LD_LIBRARY_PATH")
        .env(WRITER, format!("{kind}:{}", file.display()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    let begun = fs::remove_file(folder.join("file.begun")).is_ok();
    assert!(begun || all_calls(), "{options:?} hit another thread");
    status.code()
}

/// Whether the long form is asked for.
fn all_calls() -> bool {
    std::env::var("ORCHESTRATOR_KILL").is_ok_and(|form| form == "all")
}

/// The calls to hit: every (name, number) of the thread that writes.
fn points(kind: &str, all: bool) -> Vec<(String, usize)> {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let status = run(
        kind,
        folder.path(),
        &["-o".to_owned(), log.display().to_string()],
    );
    assert_eq!(status, Some(0));
    let log = fs::read_to_string(log).unwrap();
    let thread = |line: &str| {
        line.split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let begin = log.lines().find(|line| line.contains(BEGIN)).unwrap();
    let writer = thread(begin);

    let mut counts = BTreeMap::<String, usize>::new();
    let (mut points, mut inside) = (Vec::new(), false);
    for line in log.lines().filter(|line| thread(line) == writer) {
        let call = line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
        let Some((name, _)) = call.split_once('(') else {
            continue;
        };
        if !name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        {
            continue;
        }
        let count = counts.entry(name.to_owned()).or_default();
        *count += 1;
        inside &= !line.contains(END);
        // The first call of a process is the one that starts it, before `strace` can inject.
        if name != "execve" && (all || inside) {
            points.push((name.to_owned(), *count));
        }
        inside |= line.contains(BEGIN);
    }
    points
}

fn inject((name, number): &(String, usize), what: &str) -> [String; 2] {
    [
        "-e".to_owned(),
        format!("inject={name}:{what}:when={number}"),
    ]
}

fn is_old_or_new(folder: &Path) -> bool {
    let now = fs::read(folder.join("file")).unwrap();
    now == old() || now == new()
}

/// In the long form it has to be there: what was not tried is not to pass.
fn strace_is_missing() -> bool {
    let missing = Command::new("strace").arg("-V").output().is_err();
    assert!(
        !(missing && all_calls()),
        "`strace` is not installed, so nothing can be killed; `cargo xtask setup` says how to get it"
    );
    if missing {
        let _ = writeln!(
            std::io::stderr(),
            "skipped: `strace` is not installed, so nothing was killed"
        );
    }
    missing
}

#[test]
#[expect(clippy::print_stdout, reason = "`cargo xtask crash` reads it")]
fn a_kill_at_every_call_leaves_the_old_or_the_new() {
    if strace_is_missing() || std::env::var(WRITER).is_ok() {
        return;
    }
    let points = points("atomic", all_calls());
    let (mut killed, mut old_seen, mut new_seen) = (0, 0, 0);
    for point in &points {
        let folder = tempfile::tempdir().unwrap();
        let status = run("atomic", folder.path(), &inject(point, "signal=KILL"));
        killed += usize::from(status.is_none() || status == Some(137));
        assert!(is_old_or_new(folder.path()), "torn by a kill at {point:?}");
        let is_new = fs::read(folder.path().join("file")).unwrap() == new();
        *(if is_new { &mut new_seen } else { &mut old_seen }) += 1;
        // The next writer cleans up what the dead one left.
        stale::sweep(folder.path());
        assert_eq!(names(folder.path()), ["file"], "{point:?}");
    }
    assert!(points.len() >= 10, "{points:?}");
    assert!(
        killed == points.len() || all_calls(),
        "{killed} of {points:?}"
    );
    assert!(old_seen > 0 && new_seen > 0);
    let called = if all_calls() { "thread" } else { "write" };
    let name = format!("atomic writes: every call of the {called}");
    let count = points.len();
    let note = format!("{count} points, {killed} killed: {old_seen} old, {new_seen} new");
    let figure = serde_json::json!({
        "name": name, "ours": 0, "unit": "torn files", "target": 0, "met": true,
        "control": false, "note": note,
    });
    println!("\n{figure}");
}

/// The long form fails where the short one says that it has tried nothing.
#[test]
fn the_long_form_does_not_pass_without_strace() {
    if std::env::var(WRITER).is_ok() {
        return;
    }
    let passes = |name: &str, form: &str| {
        let test = format!("atomic::tests::kill::{name}");
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", &test])
            .env("PATH", "/nowhere")
            .env("ORCHESTRATOR_KILL", form)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(told.contains("running 1 test"), "{told}");
        output.status.success()
    };
    for name in [
        "a_kill_at_every_call_leaves_the_old_or_the_new",
        "an_error_at_every_call_is_told_as_it_is",
        "control_the_same_kills_tear_an_overwrite",
    ] {
        assert!(!passes(name, "all") && passes(name, ""), "{name}");
    }
}

#[test]
fn an_error_at_every_call_is_told_as_it_is() {
    if strace_is_missing() || std::env::var(WRITER).is_ok() {
        return;
    }
    let (mut failed, mut written) = (0, 0);
    for point in &points("atomic", false) {
        // The standard library panics when closing a folder that it has read fails.
        if point.0 == "close" {
            continue;
        }
        for error in ["EIO", "ENOSPC"] {
            let folder = tempfile::tempdir().unwrap();
            let status = run(
                "atomic",
                folder.path(),
                &inject(point, &format!("error={error}")),
            );
            let now = fs::read(folder.path().join("file")).unwrap();
            match status {
                Some(0 | 3) => assert_eq!(now, new(), "{error} at {point:?}"),
                Some(4) => assert_eq!(now, old(), "{error} at {point:?}"),
                other => panic!("{other:?} after {error} at {point:?}"),
            }
            failed += usize::from(status == Some(4));
            written += usize::from(status == Some(3));
            // Only where removing it was what failed is the temporary file left.
            if point.0 != "unlink" && point.0 != "unlinkat" {
                assert_eq!(names(folder.path()), ["file"], "{error} at {point:?}");
            }
        }
    }
    let _ = writeln!(
        std::io::stderr(),
        "{failed} not written, {written} not durable"
    );
    assert!(failed >= 4 && written >= 2, "{failed} {written}");
}

/// The control: the same kills tear an overwrite in place.
#[test]
fn control_the_same_kills_tear_an_overwrite() {
    if strace_is_missing() || std::env::var(WRITER).is_ok() {
        return;
    }
    let torn = points("overwrite", false)
        .iter()
        .filter(|point| {
            let folder = tempfile::tempdir().unwrap();
            run("overwrite", folder.path(), &inject(point, "signal=KILL"));
            !is_old_or_new(folder.path())
        })
        .count();
    let _ = writeln!(std::io::stderr(), "an overwrite: {torn} torn");
    assert!(torn >= 3, "{torn}");
}

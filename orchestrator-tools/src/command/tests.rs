//! Commands against the real shell.

#![cfg(unix)]

use super::*;

fn shell(line: &str) -> CommandSpec {
    CommandSpec::new(CommandLine::Shell(line.into()), std::env::temp_dir())
}

async fn run(spec: &CommandSpec) -> CommandOutput {
    run_command(spec, &CancellationToken::new()).await.unwrap()
}

/// A FIFO whose reading end sees end-of-file only when the last process that
/// holds its writing end is gone: an exact signal where a look at the process
/// table would race.
struct Fifo {
    folder: tempfile::TempDir,
}

impl Fifo {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut make = shell("mkfifo held");
        make.folder = folder.path().to_owned();
        assert!(run(&make).await.ending.is_success());
        Self { folder }
    }

    fn shell(&self, line: &str) -> CommandSpec {
        CommandSpec::new(CommandLine::Shell(line.into()), self.folder.path())
    }

    /// Reads one byte, calls `ready`, then reads to the end of the last writer.
    fn watch(&self, ready: impl FnOnce() + Send + 'static) -> tokio::task::JoinHandle<()> {
        let path = self.folder.path().join("held");
        tokio::task::spawn_blocking(move || {
            use std::io::Read as _;
            let mut pipe = std::fs::File::open(path).unwrap();
            pipe.read_exact(&mut [0]).unwrap();
            ready();
            let mut rest = Vec::new();
            pipe.read_to_end(&mut rest).unwrap();
        })
    }
}

#[tokio::test]
async fn keeps_the_end_and_hashes_the_whole() {
    let mut spec = shell("printf 'abcdef'; printf 'xyz' >&2; exit 3");
    spec.keep = 4;
    let output = run(&spec).await;
    assert_eq!(output.ending, Ending::Exited(3));
    assert_eq!(&output.stdout[..], b"cdef");
    assert_eq!(&output.stderr[..], b"xyz");
    assert!(output.truncated);
    let whole = run(&shell("printf 'abcdef'; printf 'xyz' >&2")).await;
    assert_eq!(whole.digest, output.digest);
    assert_ne!(
        run(&shell("printf 'abcde'; printf 'fxyz' >&2"))
            .await
            .digest,
        whole.digest
    );
}

/// Doubles what goes through, and tells the end.
struct Doubles;

impl OutputFilter for Doubles {
    fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        piece.iter().for_each(|byte| out.extend([byte, byte]));
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        out.push(b'.');
    }
}

#[tokio::test]
async fn what_is_kept_and_hashed_has_gone_through_the_filter() {
    let mut spec = shell("printf 'ab'; printf 'c' >&2");
    spec.filters = Some(OutputFilters::new(|| Doubles));
    let output = run(&spec).await;
    assert_eq!(&output.stdout[..], b"aabb.");
    assert_eq!(&output.stderr[..], b"cc.");
    let same = run(&shell("printf 'aabb.'; printf 'cc.' >&2")).await;
    assert_eq!(output.digest, same.digest);
}

#[tokio::test]
async fn cancelling_kills_grandchildren() {
    let fifo = Fifo::new().await;
    let cancel = CancellationToken::new();
    let ready = cancel.clone();
    let gone = fifo.watch(move || ready.cancel());
    let spec = fifo.shell("(exec 3>held; printf x >&3; sleep 600) & wait");
    let result = run_command(&spec, &cancel).await;
    assert!(matches!(result, Err(CommandError::Cancelled { .. })));
    gone.await.unwrap();
}

#[tokio::test]
async fn a_background_child_is_ended_with_its_leader() {
    let fifo = Fifo::new().await;
    let gone = fifo.watch(|| ());
    // The leader waits until the child holds the pipe, then leaves it behind.
    let line = "mkfifo go; (exec 3>held; printf x >&3; echo >go; exec sleep 600) & read _ <go";
    let output = run(&fifo.shell(line)).await;
    assert_eq!(output.ending, Ending::Exited(0));
    gone.await.unwrap();
}

#[tokio::test]
async fn a_dropped_call_kills_too() {
    let fifo = Fifo::new().await;
    let (ready, started) = tokio::sync::oneshot::channel();
    let gone = fifo.watch(move || ready.send(()).unwrap());
    let spec = fifo.shell("exec 3>held; printf x >&3; sleep 600");
    let cancel = CancellationToken::new();
    tokio::select! {
        _ = run_command(&spec, &cancel) => panic!("it sleeps for ten minutes"),
        _ = started => {}
    }
    gone.await.unwrap();
}

#[tokio::test]
async fn time_is_bounded() {
    let mut spec = shell("sleep 600");
    spec.timeout = Duration::from_millis(20);
    assert_eq!(run(&spec).await.ending, Ending::TimedOut);
}

#[tokio::test]
async fn a_missing_program_is_named() {
    let spec = CommandSpec::new(
        CommandLine::program("no-such-program-here", ["x"]),
        std::env::temp_dir(),
    );
    let error = run_command(&spec, &CancellationToken::new())
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("`no-such-program-here` was not found")
    );
}

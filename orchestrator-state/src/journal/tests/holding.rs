//! One writer at a time.

use std::env;
use std::fs;
use std::process::Command;

use super::whole::{holder, open, read};
use super::*;

/// Set in the second process: the folder that it is to open.
const FOLDER: &str = "ORCHESTRATOR_STATE_TEST_FOLDER";

#[test]
#[expect(
    clippy::print_stdout,
    reason = "the first process reads what the second one prints"
)]
fn a_second_process_is_refused_and_told_who_holds_it() {
    if let Some(folder) = env::var_os(FOLDER) {
        let error = Journal::open(folder, &Holder::new("intruder")).unwrap_err();
        println!("refused: {error}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (_journal, _) = open(folder.path());
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "--nocapture"])
        .arg("journal::tests::holding::a_second_process_is_refused_and_told_who_holds_it")
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.contains("held by process 42 (mission `test`, since 1970-01-01T00:00:00Z)"),
        "{output}"
    );
}

#[test]
fn a_second_writer_in_this_process_is_refused_until_the_first_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = open(folder.path());
    let refused = Journal::open(folder.path(), &Holder::new("second")).unwrap_err();
    assert!(matches!(refused, OpenError::Held { holder: Some(first) } if first == holder()));
    // A reader needs no lock.
    assert_eq!(read(folder.path()), []);
    drop(journal);
    assert!(Journal::open(folder.path(), &Holder::new("second")).is_ok());
}

#[test]
fn a_note_that_cannot_be_read_is_only_a_worse_message() {
    let folder = tempfile::tempdir().unwrap();
    let (_journal, _) = open(folder.path());
    fs::write(folder.path().join(LOCK), "?").unwrap();
    let refused = Journal::open(folder.path(), &holder()).unwrap_err();
    assert!(matches!(refused, OpenError::Held { holder: None }));
    assert!(refused.to_string().contains("held by another process"));
}

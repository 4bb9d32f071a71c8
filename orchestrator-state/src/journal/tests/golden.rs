//! The format, pinned by files. They never change: a new format gets a new folder beside them.

use super::*;

const GOLDEN_LOG: &str = include_str!("../../../tests/golden/journal-v1/journal.log");
const GOLDEN_HEAD: &str = include_str!("../../../tests/golden/journal-v1/head");

#[test]
fn the_bytes_are_those_of_the_golden_files() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = open(folder.path());
    journal
        .append("mission.opened", &json!({ "objective": "tidy" }))
        .unwrap();
    journal
        .append("task.done", &json!({ "exit": 0, "task": "t1" }))
        .unwrap();
    journal.append("note", "zwölf \"quoted\"\nlines").unwrap();
    assert_eq!(String::from_utf8(log(folder.path())).unwrap(), GOLDEN_LOG);
    assert_eq!(
        fs::read_to_string(folder.path().join(HEAD)).unwrap(),
        GOLDEN_HEAD
    );
}

#[test]
fn the_golden_files_are_sound() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(LOG), GOLDEN_LOG).unwrap();
    fs::write(folder.path().join(HEAD), GOLDEN_HEAD).unwrap();
    assert_eq!(verify(folder.path()).unwrap().records, 3);
    let records = read(folder.path());
    assert_eq!(records[1].kind, "task.done");
    assert_eq!(records[1].at.to_string(), "2023-11-14T22:13:21Z");
    assert_eq!(records[2].data, json!("zwölf \"quoted\"\nlines"));
}

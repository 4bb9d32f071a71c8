//! Readers: from the start, from a record on, and again after an end.

use super::whole::{config, holder, open, read};
use super::*;

#[test]
fn a_reader_that_has_ended_goes_on_when_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = config()
        .with_segment_bytes(300)
        .open(folder.path(), &holder())
        .unwrap();
    let mut reader = Journal::read(folder.path()).unwrap();
    for n in 1..=6 {
        assert!(reader.next().is_none());
        journal.append("step", &n).unwrap();
        assert_eq!(reader.next().unwrap().unwrap().seq, n);
    }
    assert!(reader.next().is_none());
}

#[test]
fn reading_begins_where_it_is_asked_to() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = config()
        .with_segment_bytes(400)
        .open(folder.path(), &holder())
        .unwrap();
    for n in 1..=9 {
        journal.append("step", &n).unwrap();
    }
    let all = read(folder.path());
    for from in 0..=9_u64 {
        let some: Vec<Record> = Journal::read_from(folder.path(), from)
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(some, all[from.saturating_sub(1) as usize..], "from {from}");
    }
    let mut ahead = Journal::read_from(folder.path(), 11).unwrap();
    assert!(ahead.next().is_none());
    journal.append("step", &10).unwrap();
    assert!(ahead.next().is_none());
    journal.append("step", &11).unwrap();
    assert_eq!(ahead.next().unwrap().unwrap().seq, 11);

    // What was dropped is left out.
    journal.retain_from(5).unwrap();
    let first = Journal::read_from(folder.path(), 2).unwrap().next();
    assert_eq!(first.unwrap().unwrap().seq, 5);
}

#[test]
fn a_reader_that_has_failed_stays_ended() {
    let folder = tempfile::tempdir().unwrap();
    whole::write(folder.path(), 3);
    let path = whole::segment(folder.path());
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let mut reader = Journal::read(folder.path()).unwrap();
    assert!(reader.next().unwrap().is_ok());
    assert!(reader.next().unwrap().is_err());
    bytes[middle] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    assert!(reader.next().is_none());
    assert_eq!(open(folder.path()).1.records, 3);
}

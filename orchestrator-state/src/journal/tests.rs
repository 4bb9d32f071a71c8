//! Tests of the journal: what is damaged is found, what failed is not acknowledged, and each test
//! has a control that shows that it can fail.

mod damage;
mod faults;
mod golden;
mod holding;

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use serde_json::json;

use super::*;

/// Ticks a second for each record, so that the bytes are always the same.
fn ticking() -> impl Clock {
    let seconds = std::sync::atomic::AtomicI64::new(1_700_000_000);
    move || {
        let now = seconds.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Timestamp::from_second(now).unwrap()
    }
}

fn holder() -> Holder {
    Holder {
        pid: 42,
        mission: "test".to_owned(),
        since: Timestamp::UNIX_EPOCH,
    }
}

fn open(folder: &Path) -> (Journal, OpenReport) {
    JournalConfig::default()
        .with_clock(ticking())
        .open(folder, &holder())
        .unwrap()
}

/// Writes a journal of so many records and closes it.
fn write(folder: &Path, records: u64) {
    let (journal, _) = open(folder);
    for n in 1..=records {
        journal
            .append("step", &json!({ "n": n, "text": "zwölf" }))
            .unwrap();
    }
}

fn read(folder: &Path) -> Vec<Record> {
    Journal::read(folder).unwrap().map(Result::unwrap).collect()
}

fn log(folder: &Path) -> Vec<u8> {
    fs::read(folder.join(LOG)).unwrap()
}

#[test]
fn records_come_back_as_they_were_appended() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, report) = open(folder.path());
    assert_eq!(report, OpenReport::default());
    let one = journal
        .append("mission.opened", &json!({ "objective": "tidy" }))
        .unwrap();
    let two = journal.append("note", "text with a\nline break").unwrap();
    assert_eq!((one.seq, two.seq), (1, 2));
    assert_eq!(journal.head(), (2, two.hash));
    // Read beside the writer.
    assert_eq!(read(folder.path()), [one.clone(), two.clone()]);
    drop(journal);

    let (journal, report) = open(folder.path());
    assert_eq!(report.records, 2);
    let three = journal.append("note", &3).unwrap();
    assert_eq!(read(folder.path()), [one, two, three.clone()]);
    let verified = verify(folder.path()).unwrap();
    assert_eq!((verified.records, verified.head), (3, three.hash));
    assert_eq!((verified.unanchored, verified.torn_bytes), (0, 0));
}

#[test]
fn parallel_appends_are_put_into_one_order() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = open(folder.path());
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let journal = &journal;
            scope.spawn(move || {
                for n in 0..5 {
                    journal.append("step", &(thread, n)).unwrap();
                }
            });
        }
    });
    let records = read(folder.path());
    assert_eq!(records.len(), 40);
    assert!(records.is_sorted_by_key(|record| record.at));
    assert_eq!(verify(folder.path()).unwrap().records, 40);
}

#[test]
fn an_audit_beside_the_writer_raises_no_false_alarm() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = open(folder.path());
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| (0..200).for_each(|n| drop(journal.append("step", &n))));
        while !writer.is_finished() {
            let verified = verify(folder.path()).unwrap();
            assert!(!verified.torn_anchor);
        }
    });
    assert_eq!(verify(folder.path()).unwrap().records, 200);
}

#[test]
fn what_has_no_json_form_is_refused_and_the_journal_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = open(folder.path());
    let unfit = std::collections::BTreeMap::from([((1, 2), 3)]);
    assert!(matches!(
        journal.append("bad", &unfit),
        Err(AppendError::Encode(_))
    ));
    assert_eq!(journal.append("good", &()).unwrap().seq, 1);
}

#[test]
fn a_folder_without_a_journal_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(
        Journal::read(folder.path()),
        Err(ReadError::Io { .. })
    ));
    assert_eq!(verify(folder.path()).unwrap().records, 0);
}

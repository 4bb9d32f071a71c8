//! A journal as a whole: what goes in comes out.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::*;

pub(super) fn holder() -> Holder {
    Holder {
        pid: 42,
        mission: "test".to_owned(),
        since: Timestamp::UNIX_EPOCH,
    }
}

pub(super) fn config() -> JournalConfig {
    JournalConfig::default().with_clock(ticking())
}

pub(super) fn open(folder: &Path) -> (Journal, OpenReport) {
    config().open(folder, &holder()).unwrap()
}

/// Writes a journal of so many records, a batch each, and closes it.
pub(super) fn write(folder: &Path, records: u64) {
    let (journal, _) = open(folder);
    for n in 1..=records {
        journal
            .append("step", &json!({ "n": n, "text": "zwölf" }))
            .unwrap();
    }
    journal.close().unwrap();
}

pub(super) fn read(folder: &Path) -> Vec<Record> {
    Journal::read(folder).unwrap().map(Result::unwrap).collect()
}

/// The names of the segments.
pub(super) fn segments(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder.join(SEGMENTS)).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The path of the only segment.
pub(super) fn segment(folder: &Path) -> std::path::PathBuf {
    folder.join(SEGMENTS).join(shelf::segment_name(1))
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
    assert_eq!(journal.head(), (2, two.head));
    // Read beside the writer.
    assert_eq!(read(folder.path()), [one.clone(), two.clone()]);
    drop(journal);

    let (journal, report) = open(folder.path());
    assert_eq!(
        (report.records, report.adopted, report.cut_bytes),
        (2, 0, 0)
    );
    let three = journal.append("note", &3).unwrap();
    assert_eq!(journal.append_bytes("bytes", &[0, 255]).unwrap(), 4);
    let records = read(folder.path());
    assert_eq!(records[..3], [one.clone(), two, three]);
    assert_eq!(records[3].data, [0, 255]);
    assert_eq!(one.json().unwrap(), json!({ "objective": "tidy" }));
    assert_eq!(records[2].decode::<u8>().unwrap(), 3);
    assert!(records[3].json().is_err());
    let verified = verify(folder.path()).unwrap();
    assert_eq!((verified.records, verified.head), (4, journal.head().1));
    assert_eq!((verified.unanchored, verified.torn_bytes), (0, 0));
    assert_eq!(verified.batches, 4);
}

#[test]
fn a_clean_close_leaves_nothing_but_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = open(folder.path());
    journal.append("step", &1).unwrap();
    let prepared = fs::metadata(segment(folder.path())).unwrap().len();
    assert!(prepared >= 64 << 10, "{prepared}");
    journal.close().unwrap();
    let len = fs::metadata(segment(folder.path())).unwrap().len();
    assert_eq!(len, verify(folder.path()).unwrap().bytes);
}

#[test]
fn segments_are_rolled_and_a_giant_gets_one_of_its_own() {
    for durability in [
        Durability::Immediate,
        Durability::None,
        Durability::Batched(Duration::from_millis(1)),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let config = config()
            .with_segment_bytes(1000)
            .with_durability(durability);
        let (journal, _) = config.open(folder.path(), &holder()).unwrap();
        // The fourth is longer than a batch of several records may be.
        for (n, size) in [300, 300, 300, 5 << 20, 20].into_iter().enumerate() {
            let seq = journal.append_bytes("step", &vec![7; size]).unwrap();
            assert_eq!(seq, n as u64 + 1);
        }
        journal.close().unwrap();
        assert_eq!(
            segments(folder.path()),
            [1, 3, 4, 5].map(shelf::segment_name),
            "{durability:?}"
        );
        let records = read(folder.path());
        assert_eq!(records[3].data.len(), 5 << 20);
        let verified = verify(folder.path()).unwrap();
        assert_eq!((verified.records, verified.unanchored), (5, 0));
        let (journal, report) = open(folder.path());
        assert_eq!(report.records, 5);
        assert_eq!(journal.append_bytes("step", b"").unwrap(), 6);
    }
}

#[test]
fn what_cannot_be_a_record_is_refused_and_the_journal_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = open(folder.path());
    let unfit = std::collections::BTreeMap::from([((1, 2), 3)]);
    assert!(matches!(
        journal.append("bad", &unfit),
        Err(AppendError::Encode(_))
    ));
    assert!(matches!(
        journal.append_bytes(&"k".repeat(65_536), b""),
        Err(AppendError::LongKind { bytes: 65_536 })
    ));
    assert_eq!(journal.append_bytes(&"k".repeat(65_535), b"").unwrap(), 1);
    assert_eq!(read(folder.path())[0].kind.len(), 65_535);
}

#[test]
fn a_folder_without_a_journal_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let error = Journal::read(folder.path()).unwrap_err();
    assert!(matches!(error, ReadError::Unsound(VerifyError::Io { .. })));
    let error = verify(folder.path()).unwrap_err();
    assert!(matches!(error, VerifyError::Absent { .. }));
}

#[test]
fn a_journal_of_version_1_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in golden::VERSION_1 {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    let names = || fs::read_dir(folder.path()).unwrap().count();
    let before = names();
    let refused = Journal::open(folder.path(), &holder()).unwrap_err();
    assert!(
        refused.to_string().contains("move the folder aside"),
        "{refused}"
    );
    for error in [
        verify(folder.path()).unwrap_err(),
        match Journal::read(folder.path()).unwrap_err() {
            ReadError::Unsound(error) => error,
            other => panic!("{other}"),
        },
        match refused {
            OpenError::Unsound(error) => error,
            other => panic!("{other}"),
        },
    ] {
        assert!(matches!(error, VerifyError::Old(_)), "{error}");
    }
    assert_eq!(names(), before);
}

#[test]
fn an_export_is_json_lines() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = open(folder.path());
    journal.append("a \"b\"", &json!({ "x": 1.50 })).unwrap();
    journal.append_bytes("raw", b"{\"z\":1,\n\"a\":2}").unwrap();
    journal.append_bytes("raw", b"{\"z\":1,\"a\":2}").unwrap();
    journal.append_bytes("bytes", &[0, 255]).unwrap();
    let mut out = Vec::new();
    assert_eq!(export(folder.path(), &mut out).unwrap(), 4);
    let text = String::from_utf8(out).unwrap();
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["kind"], "a \"b\"");
    assert_eq!(lines[0]["at"], "2023-11-14T22:13:20.000Z");
    assert_eq!(lines[1]["data"], json!({ "z": 1, "a": 2 }));
    assert!(text.contains(r#""data":{"z":1,"a":2}"#), "{text}");
    assert_eq!(lines[3]["bytes"], "00ff");
    assert_eq!(lines[3]["head"], journal.head().1.to_string());

    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let error = export(folder.path(), Full).unwrap_err();
    assert!(matches!(error, ExportError::Write { seq: 1, .. }));
}

#[test]
fn the_callback_hears_of_every_batch_in_order_and_before_the_committer() {
    let folder = tempfile::tempdir().unwrap();
    let heard = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let ear = heard.clone();
    let (journal, _) = config()
        .with_on_acknowledged(Box::new(move |seq| ear.lock().unwrap().push(seq)))
        .open(folder.path(), &holder())
        .unwrap();
    for n in 1..=5 {
        journal.append("step", &n).unwrap();
        assert_eq!(heard.lock().unwrap().last(), Some(&n));
    }
    assert_eq!(*heard.lock().unwrap(), [1, 2, 3, 4, 5]);
}

#[test]
fn a_journal_that_is_not_there_is_not_whole() {
    let folder = tempfile::tempdir().unwrap();
    let absent = |folder: &std::path::Path| {
        let verified = crate::verify(folder);
        matches!(verified, Err(crate::VerifyError::Absent { .. }))
    };
    assert!(absent(&folder.path().join("nowhere")));
    assert!(absent(folder.path()));
    // One without records is there, and whole.
    let (journal, _) = crate::Journal::open(folder.path(), &crate::Holder::new("test")).unwrap();
    journal.close().unwrap();
    assert_eq!(crate::verify(folder.path()).unwrap().records, 0);
    // What somebody has emptied is not.
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            std::fs::remove_dir_all(path).unwrap();
        } else {
            std::fs::remove_file(path).unwrap();
        }
    }
    assert!(absent(folder.path()));
}

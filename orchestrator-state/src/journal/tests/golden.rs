//! The format, pinned by files. They never change: a new format gets a new folder beside them.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::whole::{config, holder, read, segments};
use super::*;

/// A journal of the version before, to be refused.
pub(super) const VERSION_1: [(&str, &[u8]); 2] = [
    (
        "journal.log",
        include_bytes!("../../../tests/golden/journal-v1/journal.log"),
    ),
    (
        "head",
        include_bytes!("../../../tests/golden/journal-v1/head"),
    ),
];

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/journal-v2")
}

/// Every file of a journal but its lock, by name.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut names = vec![HEAD.to_owned(), PRUNED.to_owned()];
    names.extend(
        segments(folder)
            .into_iter()
            .map(|name| format!("{SEGMENTS}/{name}")),
    );
    names
        .into_iter()
        .map(|name| {
            let bytes = fs::read(folder.join(&name)).unwrap();
            (name, bytes)
        })
        .collect()
}

/// Two segments, of which the first is dropped; in the second a batch of one and a batch of two.
fn write_golden(folder: &Path) {
    let write = |segment_bytes, records: &[&[u8]]| {
        let (journal, _) = config()
            .with_segment_bytes(segment_bytes)
            .with_durability(Durability::None)
            .open(folder, &holder())
            .unwrap();
        let mut batch = batch::Batch::new();
        let (seq, _) = journal.head();
        batch.restart(seq + 1, 0);
        for (n, record) in records.iter().enumerate() {
            batch.push(1_700_000_000_000 + n as i64, "raw", record);
        }
        journal
            .shared
            .at_rest(|writer| writer.write(&mut batch).unwrap())
            .unwrap();
        journal.close().unwrap();
    };
    {
        let (journal, _) = config().open(folder, &holder()).unwrap();
        journal
            .append("mission.opened", &json!({ "objective": "tidy" }))
            .unwrap();
        journal.append("note", "zwölf \"quoted\"\nlines").unwrap();
    }
    write(1, &[b"alone"]);
    write(1 << 20, &[b"\x00\xff", b""]);
    let (journal, _) = config().open(folder, &holder()).unwrap();
    assert_eq!(journal.retain_from(3).unwrap().segments.len(), 1);
}

#[test]
fn the_bytes_are_those_of_the_golden_files() {
    let folder = tempfile::tempdir().unwrap();
    write_golden(folder.path());
    if std::env::var_os("ORCHESTRATOR_STATE_WRITE_GOLDEN").is_some() {
        for (name, bytes) in files(folder.path()) {
            let path = golden().join(name);
            assert!(!path.exists(), "golden files never change");
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }
    assert_eq!(files(folder.path()), files(&golden()));
}

#[test]
fn the_golden_files_are_sound() {
    let verified = verify(golden()).unwrap();
    assert_eq!((verified.pruned, verified.records), (2, 3));
    assert_eq!((verified.batches, verified.unanchored), (2, 0));
    let records = read(&golden());
    let seqs: Vec<u64> = records.iter().map(|record| record.seq).collect();
    assert_eq!(seqs, [3, 4, 5]);
    assert_eq!(records[0].data, b"alone");
    assert_eq!(records[2].at.to_string(), "2023-11-14T22:13:20.001Z");
    assert_eq!(records[1].head, verified.head);
    assert_eq!(records[2].head, verified.head);
}

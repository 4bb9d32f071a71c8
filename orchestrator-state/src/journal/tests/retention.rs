//! Old segments go, and the chain stays provable.

use std::fs;
use std::path::Path;

use super::whole::{config, holder, open, read, segments};
use super::*;

/// A journal of 20 records with two in a segment.
fn segmented(folder: &Path) -> Journal {
    let (journal, _) = config()
        .with_segment_bytes(400)
        .open(folder, &holder())
        .unwrap();
    for n in 1..=20_u64 {
        journal.append_bytes("step", &[n as u8; 20]).unwrap();
    }
    assert_eq!(segments(folder).len(), 10);
    journal
}

#[test]
fn whole_segments_are_dropped_and_the_rest_verifies() {
    let folder = tempfile::tempdir().unwrap();
    let journal = segmented(folder.path());
    let all = read(folder.path());
    let before = verify(folder.path()).unwrap();
    let proof = Journal::prove(folder.path(), 9).unwrap();

    assert_eq!(journal.retain_from(1).unwrap(), Pruned::default());
    // Record 8 is in one segment with 7, and 9 is the first that stays.
    let gone = journal.retain_from(10).unwrap();
    assert_eq!(gone.segments.len(), 4);
    assert_eq!((gone.segments[3].first, gone.segments[3].last), (7, 8));
    assert_eq!(segments(folder.path()).len(), 6);
    let verified = verify(folder.path()).unwrap();
    assert_eq!((verified.pruned, verified.records), (8, 12));
    assert_eq!(verified.head, before.head);
    assert_eq!(read(folder.path()), all[8..]);
    assert_eq!(Journal::prove(folder.path(), 9).unwrap(), proof);
    assert!(matches!(
        Journal::prove(folder.path(), 8),
        Err(ReadError::Pruned { seq: 8, first: 9 })
    ));

    // Everything may go but the segment that is written.
    assert_eq!(journal.retain_from(u64::MAX).unwrap().segments.len(), 5);
    assert_eq!(segments(folder.path()).len(), 1);
    assert_eq!(journal.append_bytes("step", b"more").unwrap(), 21);
    journal.close().unwrap();
    let (_journal, report) = open(folder.path());
    assert_eq!((report.pruned, report.records), (18, 3));
    assert_eq!(verify(folder.path()).unwrap().pruned, 18);
}

#[test]
fn a_segment_that_is_missing_without_a_line_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(segmented(folder.path()));
    for name in segments(folder.path()) {
        let path = folder.path().join(SEGMENTS).join(name);
        let bytes = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let error = verify(folder.path()).unwrap_err();
        assert!(
            matches!(error, VerifyError::Missing(_) | VerifyError::Truncated(_)),
            "{error}"
        );
        let last = Journal::read(folder.path()).unwrap().last().unwrap();
        assert!(last.is_err(), "{last:?}");
        fs::write(&path, bytes).unwrap();
    }
    // The control: with all of them back it is sound.
    assert_eq!(verify(folder.path()).unwrap().records, 20);
}

#[test]
fn a_crash_between_the_note_and_the_removal_is_finished_by_the_next_opening() {
    let folder = tempfile::tempdir().unwrap();
    let journal = segmented(folder.path());
    let path = folder.path().join(SEGMENTS).join(shelf::segment_name(3));
    let bytes = fs::read(&path).unwrap();
    journal.retain_from(9).unwrap();
    drop(journal);
    fs::write(&path, bytes).unwrap();
    assert_eq!(verify(folder.path()).unwrap().records, 12);
    assert_eq!(read(folder.path())[0].seq, 9);
    let (_journal, report) = open(folder.path());
    assert_eq!((report.pruned, report.records), (8, 12));
    assert!(!path.exists());
}

#[test]
fn every_flipped_bit_and_truncation_of_the_list_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let journal = segmented(folder.path());
    journal.retain_from(5).unwrap();
    drop(journal);
    let path = folder.path().join(PRUNED);
    let good = fs::read(&path).unwrap();
    let mut bad = good.clone();
    // One bit of each byte, another one each time.
    for bit in (0..good.len()).map(|byte| byte * 8 + byte % 8) {
        bad[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, &bad).unwrap();
        assert!(verify(folder.path()).is_err(), "bit {bit}");
        bad[bit / 8] ^= 1 << (bit % 8);
    }
    for len in (0..good.len()).step_by(7) {
        fs::write(&path, &good[..len]).unwrap();
        assert!(verify(folder.path()).is_err(), "length {len}");
    }
    fs::remove_file(&path).unwrap();
    assert!(matches!(
        verify(folder.path()),
        Err(VerifyError::Missing(_))
    ));
    fs::write(&path, &good).unwrap();
    assert_eq!(verify(folder.path()).unwrap().pruned, 4);
}

#[test]
fn nothing_is_dropped_that_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let journal = segmented(folder.path());
    let path = folder.path().join(SEGMENTS).join(shelf::segment_name(3));
    let mut bytes = fs::read(&path).unwrap();
    bytes[200] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let error = journal.retain_from(9).unwrap_err();
    assert!(matches!(error, RetainError::Unsound(_)), "{error}");
    assert_eq!(segments(folder.path()).len(), 10);
    // The journal goes on.
    assert!(journal.append_bytes("step", b"").is_ok());
}

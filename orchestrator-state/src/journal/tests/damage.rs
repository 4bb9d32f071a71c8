//! Every flipped bit and every truncation.

use super::super::record::genesis;
use super::super::scan::{Scan, Step, Survey, Unsound, survey};
use super::*;

const RECORDS: u64 = 20;

/// The bytes of a small journal: anchor and log.
fn sample() -> (Vec<u8>, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), RECORDS);
    (
        fs::read(folder.path().join(HEAD)).unwrap(),
        log(folder.path()),
    )
}

/// The anchor as it was before the last record was acknowledged.
fn previous_anchor() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), RECORDS - 1);
    fs::read(folder.path().join(HEAD)).unwrap()
}

fn judge(anchor: &[u8], log: &[u8]) -> Result<Survey, Unsound> {
    survey(Some(anchor), log)
}

fn line_starts(log: &[u8]) -> Vec<usize> {
    let ends = log.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    std::iter::once(0)
        .chain(ends.map(|(at, _)| at + 1))
        .collect()
}

fn each_flip(bytes: &[u8], mut seen: impl FnMut(usize, &[u8])) {
    let mut flipped = bytes.to_vec();
    for bit in 0..bytes.len() * 8 {
        flipped[bit / 8] ^= 1 << (bit % 8);
        seen(bit / 8, &flipped);
        flipped[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn every_flipped_bit_of_the_log_is_seen_and_placed() {
    let (anchor, log) = sample();
    assert!(judge(&anchor, &log).is_ok());
    let starts = line_starts(&log);
    each_flip(&log, |byte, flipped| {
        let line = starts.iter().rposition(|start| *start <= byte).unwrap();
        let (record, offset) = match judge(&anchor, flipped) {
            Err(Unsound::Corrupt(bad)) => (bad.record, bad.offset),
            Err(Unsound::Truncated(short)) => (short.found + 1, short.offset),
            other => panic!("byte {byte}: {other:?}"),
        };
        assert_eq!((record, offset), (line as u64 + 1, starts[line] as u64));
    });
}

#[test]
fn every_flipped_bit_of_the_anchor_is_seen() {
    let (anchor, log) = sample();
    each_flip(&anchor, |byte, flipped| {
        // A damaged last slot cannot be told from a torn one, so it is reported and not refused.
        match judge(flipped, &log) {
            Err(Unsound::Anchor(BadAnchor::Malformed)) => {}
            Ok(survey) if survey.torn_anchor => assert_eq!(survey.anchored, Some(RECORDS - 1)),
            other => panic!("byte {byte}: {other:?}"),
        }
    });
    for len in 1..anchor.len() {
        assert!(judge(&anchor[..len], &log).is_err());
    }
    assert!(matches!(
        judge(b"", &log),
        Err(Unsound::Anchor(BadAnchor::Missing))
    ));
    assert!(matches!(
        survey(None, &*log),
        Err(Unsound::Anchor(BadAnchor::Missing))
    ));
}

#[test]
fn every_truncation_is_seen() {
    let (anchor, log) = sample();
    for len in 0..log.len() {
        let judged = judge(&anchor, &log[..len]);
        assert!(
            matches!(judged, Err(Unsound::Truncated(_))),
            "{len}: {judged:?}"
        );
    }
}

#[test]
fn a_torn_record_that_was_not_acknowledged_is_cut() {
    let ((_, log), anchor) = (sample(), previous_anchor());
    let last = line_starts(&log)[RECORDS as usize - 1];
    for len in last..log.len() {
        let survey = judge(&anchor, &log[..len]).unwrap();
        assert_eq!(survey.head.seq, RECORDS - 1);
        assert_eq!(
            (survey.good, survey.torn),
            (last as u64, (len - last) as u64)
        );
    }
    // One byte earlier it was acknowledged.
    assert!(matches!(
        judge(&anchor, &log[..last - 1]),
        Err(Unsound::Truncated(_))
    ));
}

/// The control: the chain alone calls a journal good that was cut between two records.
#[test]
fn control_without_the_anchor_a_cut_between_records_passes() {
    let (_, log) = sample();
    let last = line_starts(&log)[RECORDS as usize - 1];
    let mut scan = Scan::new(&log[..last]);
    let end = loop {
        match scan.step().unwrap() {
            Step::Record(_) => {}
            end => break end,
        }
    };
    assert!(matches!(end, Step::End));
    assert_eq!(scan.seq, RECORDS - 1);
}

#[test]
fn a_well_chained_record_with_the_wrong_number_is_seen() {
    let encoded = record::encode(&genesis(), 2, Timestamp::UNIX_EPOCH, "step", json!(1));
    let (_, line) = encoded.unwrap();
    let Ok(Step::Bad(bad)) = Scan::new(&*line).step() else {
        panic!("a journal began with record 2");
    };
    assert_eq!(bad.reason, "its sequence number is not the next one");
}

#[test]
fn another_journal_of_the_same_length_does_not_fit_the_anchor() {
    let (anchor, _) = sample();
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = open(folder.path());
    for n in 0..RECORDS {
        journal.append("other", &n).unwrap();
    }
    let judged = judge(&anchor, &log(folder.path()));
    let mismatch = BadAnchor::Mismatch {
        record: RECORDS - 1,
    };
    assert!(matches!(judged, Err(Unsound::Anchor(bad)) if bad == mismatch));
}

#[test]
fn opening_cuts_what_was_torn_and_refuses_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), RECORDS);
    let whole = log(folder.path());
    let path = folder.path().join(LOG);

    fs::write(&path, [&whole[..], b"0123 torn"].concat()).unwrap();
    let verified = verify(folder.path()).unwrap();
    assert_eq!((verified.records, verified.torn_bytes), (RECORDS, 9));
    assert_eq!(read(folder.path()).len() as u64, RECORDS);
    let (journal, report) = open(folder.path());
    assert_eq!((report.records, report.cut_bytes), (RECORDS, 9));
    assert_eq!(log(folder.path()), whole);
    drop(journal);

    let refuse = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let error = Journal::open(folder.path(), &holder()).unwrap_err();
        assert_eq!(log(folder.path()), bytes, "a refused journal is left alone");
        error
    };
    let last = line_starts(&whole)[RECORDS as usize - 1];
    assert!(matches!(
        refuse(&whole[..last + 5]),
        OpenError::Truncated(_)
    ));
    let mut bad = whole.clone();
    bad[100] ^= 1;
    let error = refuse(&bad);
    assert!(
        matches!(&error, OpenError::Corrupt(bad) if bad.record == 1),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains("record 1 of the journal, at byte 0")
    );
    fs::write(&path, &bad).unwrap();
    let first = Journal::read(folder.path()).unwrap().next();
    assert!(matches!(first, Some(Err(ReadError::Corrupt(_)))));
}

#[test]
fn a_whole_record_that_was_not_acknowledged_is_adopted() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), RECORDS);
    fs::write(folder.path().join(HEAD), previous_anchor()).unwrap();
    assert_eq!(verify(folder.path()).unwrap().unanchored, 1);
    let (_journal, report) = open(folder.path());
    assert_eq!((report.records, report.adopted), (RECORDS, 1));
    assert_eq!(verify(folder.path()).unwrap().unanchored, 0);
}

#[test]
fn an_empty_journal_begins_at_the_genesis() {
    let judged = survey(None, &b""[..]).unwrap();
    assert_eq!((judged.head.seq, judged.head.hash), (0, genesis()));
    assert_eq!(judged.anchored, None);
}

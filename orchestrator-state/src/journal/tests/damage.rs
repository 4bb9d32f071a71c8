//! Every flipped bit, every truncation, and sectors that are wiped, doubled or swapped.
//!
//! A damage is undetected if reading or auditing succeeds and what comes out differs from what
//! was acknowledged. The journal here is small; `ORCHESTRATOR_STATE_DAMAGE_BYTES` asks for a
//! longer one (65536 takes minutes, in a release build).

use super::memory::{Files, sample};
use super::*;
use crate::journal::survey::{Survey, Unsound};

const SECTOR: usize = 512;

/// A journal of at least so many bytes as the environment asks for, in two segments or more.
fn damageable() -> (Files, Vec<Record>) {
    let bytes = std::env::var("ORCHESTRATOR_STATE_DAMAGE_BYTES")
        .map_or(3200, |text| text.parse::<u64>().unwrap());
    let batches = bytes.div_ceil(350);
    sample(batches, 4, bytes / 2)
}

/// Whether a damage passed unseen: somebody succeeds, and differs.
fn is_undetected(files: &Files, acknowledged: &[Record]) -> bool {
    let end = acknowledged.last().unwrap();
    let audit = files
        .survey()
        .is_ok_and(|survey| survey.end.seq != end.seq || survey.end.head != end.head);
    let reading = files.read().is_ok_and(|records| records != acknowledged);
    audit || reading
}

/// Counts what passes unseen among these changes of each segment.
fn undetected(
    damages: impl Fn(&mut Vec<u8>, usize) -> bool,
    steps: impl Fn(usize) -> usize,
) -> (usize, usize) {
    let (files, acknowledged) = damageable();
    assert!(!is_undetected(&files, &acknowledged));
    assert!(files.segments.len() > 1);
    let (mut cases, mut unseen) = (0, 0);
    for (first, good) in &files.segments {
        let mut files = files.clone();
        for step in 0..steps(good.len()) {
            let bytes = files.segment(*first);
            if damages(bytes, step) {
                cases += 1;
                unseen += usize::from(is_undetected(&files, &acknowledged));
            }
            files.segment(*first).clone_from(good);
        }
    }
    assert!(cases > 0);
    (cases, unseen)
}

fn flip(bytes: &mut [u8], bit: usize) -> bool {
    bytes[bit / 8] ^= 1 << (bit % 8);
    true
}

#[test]
fn every_flipped_bit_of_a_segment_is_seen() {
    let (cases, unseen) = undetected(|bytes, bit| flip(bytes, bit), |len| len * 8);
    assert_eq!(unseen, 0, "of {cases}");
    assert!(cases > 20_000, "{cases}");
}

#[test]
fn every_truncation_of_a_segment_is_seen() {
    let cut = |bytes: &mut Vec<u8>, len| {
        bytes.truncate(len);
        true
    };
    assert_eq!(undetected(cut, |len| len).1, 0);
}

#[test]
fn wiped_doubled_and_swapped_sectors_are_seen() {
    let sector = |bytes: &[u8], n: usize| {
        let from = n * SECTOR;
        from..bytes.len().min(from + SECTOR)
    };
    let wipe = |bytes: &mut Vec<u8>, n| {
        let range = sector(bytes, n);
        bytes[range].fill(0);
        true
    };
    let sectors = |len: usize| len.div_ceil(SECTOR);
    assert_eq!(undetected(wipe, sectors).1, 0);

    let double = |bytes: &mut Vec<u8>, step| {
        let full = bytes.len() / SECTOR;
        let (from, to) = (step / full * SECTOR, step % full * SECTOR);
        bytes.copy_within(from..from + SECTOR, to);
        from != to
    };
    let pairs = |len: usize| (len / SECTOR).pow(2);
    assert_eq!(undetected(double, pairs).1, 0);

    let swap = |bytes: &mut Vec<u8>, step| {
        let full = bytes.len() / SECTOR;
        let (one, other) = (step / full * SECTOR, step % full * SECTOR);
        let before = bytes.clone();
        bytes[one..one + SECTOR].copy_from_slice(&before[other..other + SECTOR]);
        bytes[other..other + SECTOR].copy_from_slice(&before[one..one + SECTOR]);
        one < other
    };
    assert_eq!(undetected(swap, pairs).1, 0);
}

#[test]
fn every_flipped_bit_and_truncation_of_the_anchor_is_seen() {
    let (files, acknowledged) = damageable();
    let good = files.head.clone().unwrap();
    let mut damaged = files.clone();
    let mut reported = 0;
    // All that is filled, and one bit of each byte of what is not.
    let bits = (0..good.len() * 8).filter(|bit| bit / 8 % SECTOR < 100 || bit % 8 == 3);
    for bit in bits {
        let mut bad = good.clone();
        flip(&mut bad, bit);
        damaged.head = Some(bad);
        assert!(!is_undetected(&damaged, &acknowledged), "bit {bit}");
        // A damaged slot cannot be told from a torn one, so it is reported and not refused.
        match damaged.survey() {
            Err(Unsound::Anchor(BadAnchor::Malformed)) => {}
            Ok(survey) if survey.torn_anchor => reported += 1,
            other => panic!("bit {bit}: {other:?}"),
        }
    }
    assert_eq!(reported, 100 * 8 + SECTOR - 100, "the newer slot's");
    for len in (0..good.len()).step_by(13) {
        damaged.head = Some(good[..len].to_vec());
        assert!(damaged.survey().is_err(), "{len}");
        assert!(damaged.read().is_err(), "{len}");
    }
    damaged.head = None;
    assert!(matches!(
        damaged.survey(),
        Err(Unsound::Anchor(BadAnchor::Missing))
    ));
    // A wiped slot never looks like one that was not used yet.
    for slot in [0, SECTOR] {
        let mut bad = good.clone();
        bad[slot..slot + SECTOR].fill(0);
        damaged.head = Some(bad);
        match damaged.survey() {
            Err(Unsound::Anchor(BadAnchor::Malformed)) => {}
            Ok(Survey { torn_anchor, .. }) => assert!(torn_anchor),
            other => panic!("{other:?}"),
        }
    }
}

/// The control: without the anchor's word, a cut between two blocks passes.
#[test]
fn control_an_anchor_that_lags_does_not_see_a_cut_behind_it() {
    let (mut files, acknowledged) = damageable();
    let end = files.survey().unwrap();
    let bytes = files.segment(end.segment.unwrap());
    let last = bytes
        .windows(8)
        .rposition(|word| *word == block::MAGIC)
        .unwrap();
    bytes.truncate(last);
    assert!(matches!(files.survey(), Err(Unsound::Truncated(_))));
    assert!(matches!(files.read(), Err(Unsound::Truncated(_))));
    let (_, old) = anchor::Anchor::first_file(block::Link::genesis(), false);
    files.head = Some(old.to_vec());
    assert!(is_undetected(&files, &acknowledged));
}

/// The control: a reader that does not hash a block would pass on what was changed.
#[test]
fn control_a_block_whose_hash_is_made_to_fit_passes_its_own_check() {
    let (mut files, _) = sample(1, 3, 1 << 20);
    // As a forger does it: the payload changed, and header and hash made anew.
    let bytes = files.segment(1);
    let at = bytes.len() - 20;
    bytes[at - 20] ^= 1;
    let (header, _) = block::Header::decode(bytes[..block::HEADER].try_into().unwrap()).unwrap();
    let root = Digest::of(&bytes[block::HEADER..]);
    let (header, _) = block::Header { root, ..header }.encode();
    bytes[..block::HEADER].copy_from_slice(&header);
    assert!(matches!(
        files.survey(),
        Err(Unsound::Anchor(BadAnchor::Mismatch { record: 3 }))
    ));
    assert!(files.read().is_err());
    // Only the anchor knew.
    files.head = Some(
        anchor::Anchor::first_file(block::Link::genesis(), false)
            .1
            .to_vec(),
    );
    assert!(files.survey().is_ok());
}

#[test]
fn a_damaged_block_is_placed() {
    let (files, _) = sample(5, 2, 1 << 20);
    let starts: Vec<usize> = {
        let bytes = &files.segments[&1];
        let words = bytes.windows(8).enumerate();
        words
            .filter(|(_, word)| **word == block::MAGIC)
            .map(|(at, _)| at)
            .collect()
    };
    for (n, start) in starts.iter().enumerate() {
        let mut files = files.clone();
        files.segment(1)[start + 140] ^= 1;
        let (record, offset) = match files.survey() {
            Err(Unsound::Corrupt(bad)) => (bad.record, bad.offset),
            // There is nothing behind the last.
            Err(Unsound::Truncated(short)) if n == 4 => (short.found + 1, short.offset),
            other => panic!("{other:?}"),
        };
        assert_eq!((record, offset), (n as u64 * 2 + 1, *start as u64));
    }
}

#[test]
fn what_is_torn_is_cut_and_what_is_whole_is_adopted() {
    let folder = tempfile::tempdir().unwrap();
    whole::write(folder.path(), 5);
    let before = std::fs::read(folder.path().join(HEAD)).unwrap();
    let old_len = std::fs::metadata(whole::segment(folder.path()))
        .unwrap()
        .len() as usize;
    whole::write(folder.path(), 1);
    let path = whole::segment(folder.path());
    let bytes = std::fs::read(&path).unwrap();
    // The anchor from before: the sixth record was never acknowledged.
    for len in old_len..=bytes.len() {
        // With the zeros that were written ahead, and without.
        for ahead in [0, 1000] {
            let mut torn = bytes[..len].to_vec();
            torn.resize(len + ahead, 0);
            std::fs::write(&path, &torn).unwrap();
            std::fs::write(folder.path().join(HEAD), &before).unwrap();
            let verified = verify(folder.path()).unwrap();
            let seen = whole::read(folder.path()).len() as u64;
            let (journal, report) = whole::open(folder.path());
            // Zeros that were cut and zeros that were written ahead are the same.
            if torn.starts_with(&bytes) {
                assert_eq!(
                    (report.records, report.adopted, report.cut_bytes),
                    (6, 1, 0)
                );
                assert_eq!((verified.records, verified.unanchored, seen), (6, 1, 6));
            } else {
                assert_eq!((report.records, report.adopted, seen), (5, 0, 5));
                assert!(report.cut_bytes <= (len - old_len) as u64);
                assert_eq!(report.cut_bytes, verified.torn_bytes);
                assert_eq!(report.cut_bytes == 0, len == old_len, "{len}");
            }
            drop(journal);
            assert_eq!(verify(folder.path()).unwrap().records, report.records);
        }
    }
}

#[test]
fn a_hole_is_cut_only_where_the_writer_did_not_wait_for_the_disk() {
    let (mut files, _) = sample(4, 1, 1 << 20);
    let survey = files.survey().unwrap();
    let head = |relaxed| {
        Some(
            anchor::Anchor::first_file(block::Link::genesis(), relaxed)
                .1
                .to_vec(),
        )
    };
    files.segment(1)[survey.good as usize / 2..][..100].fill(0);
    files.head = head(false);
    assert!(matches!(files.survey(), Err(Unsound::Corrupt(_))));
    assert!(files.read().is_err());
    files.head = head(true);
    let cut = files.survey().unwrap();
    assert!(cut.end.seq < 4 && cut.torn > 0);
    assert_eq!(files.read().unwrap().len() as u64, cut.end.seq);
}

#[test]
fn opening_refuses_what_is_damaged_and_leaves_it_alone() {
    let folder = tempfile::tempdir().unwrap();
    whole::write(folder.path(), 5);
    let path = whole::segment(folder.path());
    let good = std::fs::read(&path).unwrap();
    let refuse = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let error = Journal::open(folder.path(), &whole::holder()).unwrap_err();
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
        error
    };
    let short = refuse(&good[..good.len() - 5]);
    assert!(matches!(
        short,
        OpenError::Unsound(VerifyError::Truncated(_))
    ));
    let mut bad = good.clone();
    bad[150] ^= 1;
    let error = refuse(&bad);
    assert!(
        error
            .to_string()
            .contains("at byte 0 of segment `00000000000000000001.seg`"),
        "{error}"
    );
    let first = Journal::read(folder.path()).unwrap().next();
    assert!(matches!(
        first,
        Some(Err(ReadError::Unsound(VerifyError::Corrupt(_))))
    ));
    std::fs::write(&path, &good).unwrap();
    assert_eq!(whole::open(folder.path()).1.records, 5);
}

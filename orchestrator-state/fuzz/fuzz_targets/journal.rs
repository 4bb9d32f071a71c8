//! Any bytes as a journal: never a panic, and never a record that nobody has acknowledged.
//!
//! The first byte of an input chooses what becomes of the rest.
//!
//! - `raw`: the length of the `head` file in two bytes, that file, and a segment behind it.
//! - `forged`: blocks whose headers and hashes are right and whose payloads are the input's, so that
//!   what lies behind the hashes is reached, too.
//! - `edited`: changes of a good journal, six bytes each.
#![no_main]

mod journal {
    pub mod edit;
    pub mod folder;
    pub mod forge;
}

use std::sync::LazyLock;

use journal::edit::{self, Sample};
use journal::folder::{Files, Scratch};
use journal::forge;
use libfuzzer_sys::fuzz_target;
use orchestrator_state::{Record, VerifyError};

static SAMPLES: LazyLock<Vec<Sample>> = LazyLock::new(edit::samples);

fuzz_target!(|data: &[u8]| {
    let Some((mode, rest)) = data.split_first() else {
        return;
    };
    match mode % 3 {
        0 => raw(rest),
        1 => forged(rest),
        _ => edited(rest),
    }
});

/// Whatever the bytes are, readers and the audit agree.
fn raw(bytes: &[u8]) {
    let Some((len, rest)) = bytes.split_first_chunk() else {
        return;
    };
    let len = usize::from(u16::from_le_bytes(*len)).min(rest.len());
    let (head, segment) = rest.split_at(len);
    let files = Files {
        head: (len > 0).then(|| head.to_vec()),
        pruned: None,
        segments: [(1, segment.to_vec())].into(),
    };
    agree(&files, true);
}

/// Hashes that fit hold back nothing that does not parse.
fn forged(bytes: &[u8]) {
    agree(&forge::journal(bytes), false);
}

/// What opens is what was acknowledged, or a beginning of it.
fn edited(bytes: &[u8]) {
    let Some((which, edits)) = bytes.split_first() else {
        return;
    };
    let sample = &SAMPLES[usize::from(*which) % SAMPLES.len()];
    let files = edit::apply(&sample.files, edits);
    let opened = agree(&files, true);
    if let Some(records) = &opened.read {
        assert!(
            sample.records.starts_with(records),
            "a record that nobody wrote"
        );
    }
    if opened.sound && files.head == sample.files.head {
        assert_eq!(opened.read.as_ref(), Some(&sample.records), "some are gone");
    }
}

/// What came of a journal.
struct Opened {
    /// Whether the audit accepts it.
    sound: bool,
    /// What a reader was given, with an error behind it or not.
    read: Option<Vec<Record>>,
}

/// Reads, audits, exports and opens a journal, and compares what they say. Where all payloads are of
/// our own making, an audit that succeeds means that everything can be read.
fn agree(files: &Files, parses: bool) -> Opened {
    let scratch = Scratch::write(files);
    let verified = scratch.verify();
    let (read, whole) = scratch.read();
    let exported = scratch.export();
    assert_eq!(exported.is_ok(), whole, "the export is what is read");
    let count = read.as_ref().map_or(0, Vec::len) as u64;
    match &verified {
        Ok(verified) => {
            assert!(whole || !parses || verified.records == 0, "sound, but unreadable");
            assert!(!whole || count == verified.records, "not all of it is read");
            let last = read.iter().flatten().last();
            if whole && count > 0 {
                assert_eq!(last.map(|record| record.head), Some(verified.head));
            }
        }
        Err(VerifyError::Corrupt(bad)) => {
            let given = read.iter().flatten().map(|record| record.seq).max();
            assert!(!whole, "damaged, but read to its end");
            assert!(given < Some(bad.record), "given what the audit refuses");
        }
        Err(VerifyError::Truncated(_)) => assert!(!whole, "cut, but read to its end"),
        Err(_) => {}
    }
    scratch.open(files, &verified, whole);
    Opened {
        sound: verified.is_ok(),
        read,
    }
}

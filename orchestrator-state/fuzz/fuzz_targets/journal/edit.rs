//! Good journals, and changes of them.

use orchestrator_state::{Durability, Holder, Journal, Record};

use super::folder::{Files, config};

/// A journal that is as it should be.
pub struct Sample {
    pub files: Files,
    /// All that was acknowledged and not dropped.
    pub records: Vec<Record>,
}

/// A journal of several segments with anchors that waited for the disk, the same with some of the
/// segments dropped, and one with anchors that did not wait.
pub fn samples() -> Vec<Sample> {
    vec![
        sample(Durability::Immediate, 1),
        sample(Durability::Immediate, 5),
        sample(Durability::None, 1),
    ]
}

fn sample(durability: Durability, keep_from: u64) -> Sample {
    let folder = tempfile::tempdir().expect("a folder");
    let config = config().with_durability(durability).with_segment_bytes(700);
    let (journal, _) = config
        .open(folder.path(), &Holder::new("fuzz"))
        .expect("a new journal");
    // A record that looks like the beginning of a block, and ones of zeros.
    let mut header = b"orchblk2\x02\0\0\0\x20".to_vec();
    header.resize(128, 0);
    let data: [&[u8]; 4] = [b"{\"n\":1}", &header, &[0; 40], b""];
    for turn in 0..9 {
        let data = data[turn % data.len()];
        journal.append_bytes("step", data).expect("an append");
    }
    journal.retain_from(keep_from).expect("a retention");
    journal.close().expect("a clean end");
    let records: Result<Vec<_>, _> = Journal::read(folder.path()).expect("a reader").collect();
    let files = Files::of(folder.path());
    assert!(files.segments.len() >= 2, "several segments");
    assert_eq!(files.pruned.is_some(), keep_from > 1);
    Sample {
        files,
        records: records.expect("a good journal"),
    }
}

/// Changes files: of each six bytes the first says how, the second in which file, the next two where,
/// and the last two with what.
pub fn apply(good: &Files, edits: &[u8]) -> Files {
    let mut files = good.clone();
    for edit in edits.as_chunks::<6>().0 {
        let [how, which, low, high, one, other] = *edit;
        let count = files.segments.len() + 2;
        let file = match usize::from(which) % count {
            0 => files.head.as_mut(),
            1 => files.pruned.as_mut(),
            at => files.segments.values_mut().nth(at - 2),
        };
        let Some(file) = file else { continue };
        let at = usize::from(u16::from_le_bytes([low, high])) % (file.len() + 1);
        match how % 6 {
            0 => file.truncate(at),
            1 => {
                file.splice(at..at, [one, other]);
            }
            2 => {
                let end = file.len().min(at + usize::from(one));
                file.drain(at..end);
            }
            3 => {
                let end = file.len().min(at + usize::from(one));
                file[at..end].fill(other);
            }
            4 => {
                let end = file.len().min(at + usize::from(one));
                let part = file[at..end].to_vec();
                file.extend_from_slice(&part);
            }
            _ => {
                if let Some(byte) = file.get_mut(at) {
                    *byte ^= one;
                }
            }
        }
    }
    files
}

//! A journal's folder, and everything that can be asked of it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use orchestrator_state::{
    Durability, ExportError, Holder, Journal, JournalConfig, OpenError, Record, Timestamp, Verified,
    VerifyError, export, verify,
};

/// The files of a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    pub head: Option<Vec<u8>>,
    pub pruned: Option<Vec<u8>>,
    /// Segments by their first record.
    pub segments: BTreeMap<u64, Vec<u8>>,
}

impl Files {
    /// Reads a folder.
    pub fn of(folder: &Path) -> Self {
        let mut segments = BTreeMap::new();
        let listed = fs::read_dir(folder.join("segments"));
        for entry in listed.into_iter().flatten() {
            let path = entry.expect("a folder that can be read").path();
            let name = path.file_stem().and_then(|name| name.to_str());
            let first = name.and_then(|name| name.parse().ok());
            let bytes = fs::read(&path).expect("a segment");
            segments.insert(first.expect("the name of a segment"), bytes);
        }
        Self {
            head: fs::read(folder.join("head")).ok(),
            pruned: fs::read(folder.join("pruned")).ok(),
            segments,
        }
    }
}

/// A folder that the files of one input are written into.
pub struct Scratch(PathBuf);

thread_local! {
    static FOLDER: RefCell<Option<tempfile::TempDir>> = const { RefCell::new(None) };
}

impl Scratch {
    /// Writes the files, in the place of those of the input before.
    pub fn write(files: &Files) -> Self {
        let folder = FOLDER.with_borrow_mut(|folder| {
            let folder = folder.get_or_insert_with(|| tempfile::tempdir().expect("a folder"));
            folder.path().to_owned()
        });
        let segments = folder.join("segments");
        for old in ["head", "pruned", "lock"] {
            let _ = fs::remove_file(folder.join(old));
        }
        let _ = fs::remove_dir_all(&segments);
        fs::create_dir(&segments).expect("a folder");
        let put = |name: &Path, bytes: &[u8]| fs::write(name, bytes).expect("a file");
        for (name, bytes) in [("head", &files.head), ("pruned", &files.pruned)] {
            if let Some(bytes) = bytes {
                put(&folder.join(name), bytes);
            }
        }
        for (first, bytes) in &files.segments {
            put(&segments.join(format!("{first:020}.seg")), bytes);
        }
        Self(folder)
    }

    pub fn verify(&self) -> Result<Verified, VerifyError> {
        verify(&self.0)
    }

    /// The records up to the end or to the first error, and whether there was none.
    pub fn read(&self) -> (Option<Vec<Record>>, bool) {
        let Ok(reader) = Journal::read(&self.0) else {
            return (None, false);
        };
        let mut records = Vec::new();
        for record in reader {
            match record {
                Ok(record) => records.push(record),
                Err(_) => return (Some(records), false),
            }
        }
        (Some(records), true)
    }

    pub fn export(&self) -> Result<u64, ExportError> {
        let mut out = Vec::new();
        let count = export(&self.0, &mut out)?;
        let lines = out.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let mut seen = 0;
        for line in lines {
            let line: serde_json::Value = serde_json::from_slice(line).expect("a line of JSON");
            assert!(line["seq"].is_u64() && line["head"].is_string());
            seen += 1;
        }
        assert_eq!(seen, count, "a line a record");
        Ok(count)
    }

    /// Opens it for writing. What the audit refuses is refused and left alone; what it accepts takes
    /// another record.
    pub fn open(&self, files: &Files, verified: &Result<Verified, VerifyError>, whole: bool) {
        let opened = config().open(&self.0, &Holder::new("fuzz"));
        let verified = match (verified, &opened) {
            (Ok(verified), Ok(_)) => verified,
            (Err(_), Err(OpenError::Unsound(_))) => {
                assert_eq!(Files::of(&self.0), *files, "refused, but changed");
                return;
            }
            (verified, opened) => panic!("{verified:?}, but {opened:?}"),
        };
        let Ok((journal, report)) = opened else {
            return;
        };
        assert_eq!(report.records, verified.records);
        assert_eq!(report.cut_bytes, verified.torn_bytes);
        assert_eq!(journal.head().1, verified.head);
        let last = journal.head().0;
        let seq = journal.append_bytes("more", b"data").expect("an append");
        assert_eq!(seq, last + 1);
        journal.close().expect("a clean end");
        let after = self.verify().expect("sound after a clean end");
        assert_eq!(after.records, verified.records + 1);
        assert_eq!((after.unanchored, after.torn_bytes), (0, 0));
        if whole {
            let (records, whole) = self.read();
            assert!(whole);
            let last = records.iter().flatten().last().map(|record| record.seq);
            assert_eq!(last, Some(seq));
        }
    }
}

/// A journal that is the same each time: a clock that stands, and no thread.
pub fn config() -> JournalConfig {
    JournalConfig::default()
        .with_clock(|| Timestamp::UNIX_EPOCH)
        .with_durability(Durability::None)
}

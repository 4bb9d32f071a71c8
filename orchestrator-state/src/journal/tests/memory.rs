//! A journal in memory, to be damaged quickly and often.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::rc::Rc;

use super::whole::{config, holder};
use super::*;
use crate::journal::reader::Cursor;
use crate::journal::shelf::{Shelf, Source};
use crate::journal::survey::{Survey, Unsound, survey};

/// The files of a journal.
#[derive(Debug, Clone)]
pub(super) struct Files {
    pub(super) head: Option<Vec<u8>>,
    pub(super) segments: BTreeMap<u64, Rc<Vec<u8>>>,
}

impl Files {
    pub(super) fn of(folder: &Path) -> Self {
        let shelf = shelf::Folder(folder.to_owned());
        let file = |first| {
            let path = folder.join(SEGMENTS).join(shelf::segment_name(first));
            (first, Rc::new(std::fs::read(path).unwrap()))
        };
        Self {
            head: shelf.anchor().unwrap(),
            segments: shelf.segments().unwrap().into_iter().map(file).collect(),
        }
    }

    /// The bytes of a segment, to be changed.
    pub(super) fn segment(&mut self, first: u64) -> &mut Vec<u8> {
        Rc::make_mut(self.segments.get_mut(&first).unwrap())
    }

    pub(super) fn survey(&self) -> Result<Survey, Unsound> {
        survey(self)
    }

    /// What a reader sees.
    pub(super) fn read(&self) -> Result<Vec<Record>, Unsound> {
        let mut cursor = Cursor::open(self.clone(), 0)?;
        let mut records = Vec::new();
        while let Some(record) = cursor.next_record()? {
            records.push(record);
        }
        Ok(records)
    }
}

#[derive(Debug)]
pub(super) struct Bytes(Rc<Vec<u8>>);

impl Source for Bytes {
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        let from = self.0.len().min(offset as usize);
        let count = bytes.len().min(self.0.len() - from);
        bytes[..count].copy_from_slice(&self.0[from..from + count]);
        Ok(count)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.0.len() as u64)
    }
}

impl Shelf for Files {
    type Source = Bytes;

    fn anchor(&self) -> io::Result<Option<Vec<u8>>> {
        Ok(self.head.clone())
    }

    fn pruned(&self) -> io::Result<Option<Vec<u8>>> {
        Ok(None)
    }

    fn segments(&self) -> io::Result<BTreeSet<u64>> {
        Ok(self.segments.keys().copied().collect())
    }

    fn open(&self, first: u64) -> io::Result<Bytes> {
        let bytes = self.segments.get(&first);
        Ok(Bytes(bytes.ok_or(io::ErrorKind::NotFound)?.clone()))
    }

    fn is_old(&self) -> bool {
        false
    }
}

/// A journal of so many batches with so many records each, and what was acknowledged.
pub(super) fn sample(batches: u64, records: usize, segment_bytes: u64) -> (Files, Vec<Record>) {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = config()
        .with_segment_bytes(segment_bytes)
        .open(folder.path(), &holder())
        .unwrap();
    let mut seq = 1;
    for number in 0..batches {
        let mut batch = batch::Batch::new();
        batch.restart(seq, number);
        for n in 0..records {
            // Zeros too: a wiped sector must not look like one that was always so.
            let data = [seq as u8, n as u8, 0, 0].repeat(1 + seq as usize * 7 % 16);
            batch.push(1_700_000_000_000 + seq as i64, "step", &data);
            seq += 1;
        }
        journal
            .shared
            .at_rest(|writer| writer.write(&mut batch).unwrap())
            .unwrap();
    }
    journal.close().unwrap();
    let files = Files::of(folder.path());
    let acknowledged = files.read().unwrap();
    assert_eq!(acknowledged.len() as u64 + 1, seq);
    (files, acknowledged)
}

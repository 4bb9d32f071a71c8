//! A journal as JSON lines, for programs that do not know its format.

use std::io::{self, Write};
use std::path::Path;

use serde::de::IgnoredAny;
use serde_json::Value;

use super::error::ExportError;
use super::{Journal, Record, hex};

/// Writes a journal as JSON lines and says how many records there were.
///
/// A line is `{"seq":N,"at":"T","kind":"K","head":"H","data":D}`. Where the data is not JSON,
/// `"bytes":"…"` with hexadecimal digits stands in the place of `data`. The output is not flushed
/// to the disk.
///
/// # Errors
/// [`ExportError`] when the journal cannot be read or the output cannot be written. The lines
/// before that were written.
pub fn export(folder: impl AsRef<Path>, mut out: impl Write) -> Result<u64, ExportError> {
    let mut count = 0;
    let mut last = 0;
    for record in Journal::read(folder)? {
        let record = record?;
        last = record.seq;
        line(&record, &mut out).map_err(|source| ExportError::Write { seq: last, source })?;
        count += 1;
    }
    out.flush()
        .map_err(|source| ExportError::Write { seq: last, source })?;
    Ok(count)
}

fn line(record: &Record, out: &mut impl Write) -> io::Result<()> {
    let Record {
        seq,
        at,
        kind,
        head,
        ..
    } = record;
    let kind = serde_json::to_string(kind)?;
    write!(
        out,
        r#"{{"seq":{seq},"at":"{at:.3}","kind":{kind},"head":"{head}","#
    )?;
    match json(&record.data) {
        // As it was written: the order of keys and the digits of numbers are kept.
        Some(text) if !text.contains(['\n', '\r']) => writeln!(out, "\"data\":{text}}}"),
        Some(text) => {
            let value: Value = serde_json::from_str(text)?;
            writeln!(out, "\"data\":{value}}}")
        }
        None => writeln!(out, "\"bytes\":\"{}\"}}", hex::encode(&record.data)),
    }
}

/// The data as text, if it is JSON.
fn json(data: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(data).ok()?;
    serde_json::from_str::<IgnoredAny>(text).ok()?;
    Some(text)
}

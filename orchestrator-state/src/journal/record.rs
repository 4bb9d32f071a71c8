//! One record: a hash, a space, a payload and a line feed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Digest;

/// What the first record is chained to, in the place of a record before it.
const FORMAT: &[u8] = b"orchestrator-journal-v1";
/// How many hexadecimal digits a line begins with.
const HEX: usize = 64;

/// One event as it stands in the journal.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Record {
    /// Its place, counted from 1 without a gap.
    pub seq: u64,
    /// When it was appended, to the millisecond.
    pub at: Timestamp,
    /// What kind of event it is.
    pub kind: String,
    /// What happened.
    pub data: Value,
    /// The hash over this record's payload and the hash before it.
    pub hash: Digest,
}

/// The payload as it is written. The order of the fields is part of the format.
#[derive(Serialize, Deserialize)]
struct Payload {
    seq: u64,
    at: String,
    kind: String,
    data: Value,
}

/// The hash before the first record.
pub(super) fn genesis() -> Digest {
    Digest::of(FORMAT)
}

/// Makes the record that follows `prev` and its line.
pub(super) fn encode(
    prev: &Digest,
    seq: u64,
    now: Timestamp,
    kind: &str,
    data: Value,
) -> Result<(Record, Vec<u8>), serde_json::Error> {
    // What is printed is the time to the millisecond, so what is returned must be no finer.
    let at = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
    let payload = Payload {
        seq,
        at: format!("{at:.3}"),
        kind: kind.to_owned(),
        data,
    };
    let json = serde_json::to_vec(&payload)?;
    let hash = prev.link(&json);
    let mut line = Vec::with_capacity(HEX + 2 + json.len());
    line.extend_from_slice(hash.to_string().as_bytes());
    line.push(b' ');
    line.extend_from_slice(&json);
    line.push(b'\n');
    let Payload { kind, data, .. } = payload;
    let record = Record {
        seq,
        at,
        kind,
        data,
        hash,
    };
    Ok((record, line))
}

/// Reads a line, without its line feed, as the record that follows `prev`. The error says what is
/// wrong with it, in words that complete "the record is damaged: …".
pub(super) fn decode(prev: &Digest, seq: u64, line: &[u8]) -> Result<Record, &'static str> {
    let (hash, json) = split(line).ok_or("it does not begin with a hash")?;
    if prev.link(json) != hash {
        return Err("its hash does not fit its content and the record before it");
    }
    let payload: Payload =
        serde_json::from_slice(json).map_err(|_| "its payload is not the JSON of a record")?;
    if payload.seq != seq {
        return Err("its sequence number is not the next one");
    }
    let at = payload
        .at
        .parse()
        .map_err(|_| "its time is not a timestamp")?;
    let Payload { kind, data, .. } = payload;
    Ok(Record {
        seq,
        at,
        kind,
        data,
        hash,
    })
}

/// Whether a line looks like a record, whatever it is chained to.
pub(super) fn looks_like_one(line: &[u8]) -> bool {
    split(line).is_some_and(|(_, json)| serde_json::from_slice::<Payload>(json).is_ok())
}

fn split(line: &[u8]) -> Option<(Digest, &[u8])> {
    let (hex, rest) = line.split_at_checked(HEX)?;
    let hash = std::str::from_utf8(hex).ok()?.parse().ok()?;
    Some((hash, rest.strip_prefix(b" ")?))
}

//! One record, as it is read.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::block::{Header, Link, frame_range, split_frame};
use crate::Digest;

/// One event as it stands in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// Its place, counted from 1 without a gap.
    pub seq: u64,
    /// When it was appended, to the millisecond.
    pub at: Timestamp,
    /// What kind of event it is.
    pub kind: String,
    /// What happened. [`Journal::append`](crate::Journal::append) writes JSON.
    pub data: Vec<u8>,
    /// The hash of the chain up to the end of the batch that the record is in.
    pub head: Digest,
}

impl Record {
    /// The data as a JSON value.
    ///
    /// # Errors
    /// When the data is not JSON.
    pub fn json(&self) -> Result<Value, serde_json::Error> {
        serde_json::from_slice(&self.data)
    }

    /// The data as a value of a type that was written as JSON.
    ///
    /// # Errors
    /// When the data is not the JSON of such a value.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.data)
    }

    /// Reads a record from a payload that was checked; `index` counts from 0.
    pub(super) fn from_payload(
        header: &Header,
        end: &Link,
        payload: &[u8],
        index: u32,
    ) -> Result<Self, &'static str> {
        let frame = frame_range(header, payload, index as usize)
            .and_then(|(start, end)| payload.get(start..end))
            .ok_or("a record in it is not where it should be")?;
        Self::from_frame(header.first + u64::from(index), end.head, frame)
    }

    /// Reads a frame.
    pub(super) fn from_frame(seq: u64, head: Digest, frame: &[u8]) -> Result<Self, &'static str> {
        let (at, kind, data) = split_frame(frame)?;
        let at = Timestamp::from_millisecond(at)
            .map_err(|_| "the time of a record in it is none that a clock shows")?;
        Ok(Self {
            seq,
            at,
            kind: kind.to_owned(),
            data: data.to_owned(),
            head,
        })
    }
}

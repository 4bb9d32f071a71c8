//! The event log: what has happened, in one order, in a chain of hashes, to be read from anywhere.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Serialize;

use super::{BackendError, Json};
use crate::Digest;

/// What the first event is chained to, in the place of an event before it.
const FORMAT: &[u8] = b"orchestrator-events-v1";

/// Something that has happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewEvent {
    /// What it has happened to, such as `mission/7`. Readers can ask for a prefix.
    pub stream: String,
    /// What kind of event it is, such as `planned`.
    pub kind: String,
    /// What happened.
    pub data: Json,
}

impl NewEvent {
    /// An event.
    #[must_use]
    pub fn new(stream: impl Into<String>, kind: impl Into<String>, data: impl Into<Json>) -> Self {
        Self {
            stream: stream.into(),
            kind: kind.into(),
            data: data.into(),
        }
    }
}

/// An event as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its place, counted from 1 without a gap.
    pub sequence: u64,
    /// When it was committed, by the backend's clock, to the millisecond.
    pub at: Timestamp,
    /// What it has happened to.
    pub stream: String,
    /// What kind of event it is.
    pub kind: String,
    /// What happened.
    pub data: Json,
    /// The hash of the chain after it.
    pub chain_hash: Digest,
}

impl Event {
    /// The hash of the chain before the first event: the digest of the text
    /// `orchestrator-events-v1`.
    #[must_use]
    pub fn genesis() -> Digest {
        Digest::of(FORMAT)
    }

    /// The event that follows a hash.
    #[must_use]
    pub fn after(previous: &Digest, sequence: u64, at: Timestamp, event: NewEvent) -> Self {
        let mut event = Self {
            sequence,
            at,
            stream: event.stream,
            kind: event.kind,
            data: event.data,
            chain_hash: *previous,
        };
        event.chain_hash = event.link(previous);
        event
    }

    /// What the hash of the chain after this event has to be, if it was `previous` before it:
    /// `BLAKE3(previous ‖ sequence ‖ at ‖ |stream| ‖ stream ‖ |kind| ‖ kind ‖ |data| ‖ data)`.
    ///
    /// Numbers are 8 bytes, the least first; `at` is in milliseconds since 1970, signed; `|x|` is the
    /// length of `x` in bytes, so that no two events have the same bytes; `data` is the text of the
    /// [`Json`]. The formula is the same for every backend.
    #[must_use]
    pub fn link(&self, previous: &Digest) -> Digest {
        let parts = [&self.stream, &self.kind, self.data.as_str()];
        let mut bytes = Vec::with_capacity(40 + parts.iter().map(|part| part.len()).sum::<usize>());
        bytes.extend_from_slice(&self.sequence.to_le_bytes());
        bytes.extend_from_slice(&self.at.as_millisecond().to_le_bytes());
        for part in parts {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        previous.link(&bytes)
    }
}

/// Some events, and where to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPage {
    /// The events, in order.
    pub events: Vec<Event>,
    /// How far the log was looked through: ask for the events after this next. It is further than the
    /// last of `events` where those behind it were not asked for.
    pub through: u64,
    /// The last event that there is. When `through` is as far, there is no more for now.
    pub newest: u64,
}

/// A chain of events that is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifiedEvents {
    /// The first event that is kept; one more than `last` when none is.
    pub first: u64,
    /// The last event, or 0.
    pub last: u64,
    /// The hash of the chain before the first event that is kept.
    pub before: Digest,
    /// The hash of the chain after the last event.
    pub chain_hash: Digest,
}

/// A resumable log of events. They are added by [`commit`](super::StateBackend::commit) alone.
///
/// - Sequences have no gap, and an event is seen only after all before it, so a reader that goes on
///   after the last event that it has seen misses none.
/// - A consumer's cursor is set in a commit, together with the effects of what it has read: each event
///   has its effects exactly once.
/// - Trimming takes old events away and keeps the hash before the first one left, so the rest can still
///   be proved.
#[async_trait]
pub trait EventLog: Send + Sync {
    /// The events after a sequence whose streams begin with a prefix, up to `limit`. The empty prefix
    /// is that of every stream. It may stop before the limit, to be asked again.
    ///
    /// # Errors
    /// [`BackendError::Trimmed`] when some of them are gone.
    async fn events(
        &self,
        after: u64,
        limit: usize,
        stream_prefix: &str,
    ) -> Result<EventPage, BackendError>;

    /// Returns the sequence of the newest event as soon as that is more than `after`.
    ///
    /// # Errors
    /// [`BackendError`].
    async fn wait_for_events(&self, after: u64) -> Result<u64, BackendError>;

    /// How far a consumer has come; 0 at first.
    ///
    /// # Errors
    /// [`BackendError`].
    async fn cursor(&self, name: &str) -> Result<u64, BackendError>;

    /// Computes the whole chain anew.
    ///
    /// # Errors
    /// [`BackendError::BrokenChain`] with the first event that is not what was written.
    async fn verify_events(&self) -> Result<VerifiedEvents, BackendError>;

    /// Takes the events up to a sequence away, as far as there are any, and returns the sequence of
    /// the first one left. If it is broken off, it has taken away some of them, the oldest first.
    ///
    /// # Errors
    /// [`BackendError`].
    async fn trim_events(&self, through: u64) -> Result<u64, BackendError>;
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(stream: &str, kind: &str, sequence: u64) -> Event {
        let at = Timestamp::from_millisecond(1_767_225_600_123).unwrap();
        let new = NewEvent::new(stream, kind, json!({"b": 1, "a": [2.5]}));
        Event::after(&Event::genesis(), sequence, at, new)
    }

    #[test]
    fn every_part_of_an_event_is_in_its_hash() {
        let hashes = [
            event("ab", "c", 1),
            event("a", "bc", 1),
            event("ab", "c", 2),
            event("ab", "d", 1),
        ]
        .map(|event| event.chain_hash.to_string());
        let distinct: std::collections::BTreeSet<_> = hashes.iter().collect();
        assert_eq!(distinct.len(), hashes.len());
        let mut later = event("ab", "c", 1);
        later.at += jiff::SignedDuration::from_millis(1);
        assert_ne!(later.link(&Event::genesis()), later.chain_hash);
    }

    /// Another backend, or a later version of this one, must come to the same.
    #[test]
    fn the_formula_is_what_it_was() {
        let mut bytes = Vec::new();
        bytes.extend_from_slice(Event::genesis().as_bytes());
        bytes.extend_from_slice(&[1, 0, 0, 0, 0, 0, 0, 0]);
        bytes.extend_from_slice(&1_767_225_600_123_i64.to_le_bytes());
        for part in ["ab", "c", r#"{"a":[2.5],"b":1}"#] {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        assert_eq!(event("ab", "c", 1).chain_hash, Digest::of(&bytes));
    }
}

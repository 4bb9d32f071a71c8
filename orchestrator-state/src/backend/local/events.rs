//! The event log on the store.

use std::cmp::Ordering;
use std::ops::ControlFlow;

use super::rows::{EventRow, Head, LAST, TRIMMED};
use super::{Inner, Refused};
use crate::backend::time::timestamp;
use crate::backend::{BackendError, Event, EventPage, VerifiedEvents};
use crate::{Interest, Pending, Snapshot, WatchError};

/// How many events are looked through at a time: as many as are quick, however few are wanted.
const WINDOW: u64 = 1_024;
/// How many of those windows a call looks through before it returns what it has.
const WINDOWS: u64 = 64;

impl Head {
    pub(super) fn genesis() -> Self {
        Self {
            sequence: 0,
            chain_hash: Event::genesis(),
        }
    }
}

impl From<Event> for EventRow {
    fn from(event: Event) -> Self {
        Self {
            at: event.at.as_millisecond(),
            stream: event.stream,
            kind: event.kind,
            data: event.data,
            chain_hash: event.chain_hash,
        }
    }
}

impl EventRow {
    fn event(&self, sequence: u64) -> Event {
        Event {
            sequence,
            at: timestamp(self.at),
            stream: self.stream.clone(),
            kind: self.kind.clone(),
            data: self.data.clone(),
            chain_hash: self.chain_hash,
        }
    }
}

impl Inner {
    /// One end of the chain.
    pub(super) fn head(&self, snapshot: &Snapshot, end: &str) -> Head {
        let head = snapshot.get(&self.tables.heads, end);
        head.map_or_else(Head::genesis, |head| *head)
    }

    pub(super) fn events(
        &self,
        after: u64,
        limit: usize,
        prefix: &str,
    ) -> Result<EventPage, BackendError> {
        let snapshot = self.store.snapshot();
        let trimmed = self.head(&snapshot, TRIMMED).sequence;
        if after < trimmed {
            let first = trimmed + 1;
            return Err(BackendError::Trimmed { after, first });
        }
        let newest = self.head(&snapshot, LAST).sequence;
        let mut page = EventPage {
            events: Vec::new(),
            through: after,
            newest,
        };
        for _ in 0..WINDOWS {
            if page.events.len() == limit || page.through >= newest {
                break;
            }
            let to = page.through.saturating_add(WINDOW).min(newest);
            let window = page.through + 1..=to;
            // The loop asks itself whether the page is full.
            let _full = snapshot.try_for_each(&self.tables.events, window, |sequence, row| {
                if page.events.len() == limit {
                    return ControlFlow::Break(());
                }
                page.through = *sequence;
                if row.stream.starts_with(prefix) {
                    page.events.push(row.event(*sequence));
                }
                ControlFlow::Continue(())
            });
        }
        Ok(page)
    }

    pub(super) async fn wait_for_events(&self, after: u64) -> Result<u64, BackendError> {
        loop {
            // Told of by the store, because that does so when the events may be read, also when
            // whoever has committed them does not wait for it.
            let interest = Interest::key(LAST.to_owned());
            let (snapshot, mut watch) = self.store.watch(&self.tables.heads, interest, 1);
            let newest = self.head(&snapshot, LAST).sequence;
            drop(snapshot);
            if newest > after {
                return Ok(newest);
            }
            match watch.changed().await {
                Ok(_) | Err(WatchError::Lagged { .. }) => {}
                Err(error @ WatchError::Closed) => {
                    return Err(BackendError::Failed {
                        action: "waiting for events",
                        transient: false,
                        source: error.into(),
                    });
                }
            }
        }
    }

    pub(super) fn verify_events(&self) -> Result<VerifiedEvents, BackendError> {
        let snapshot = self.store.snapshot();
        let trimmed = self.head(&snapshot, TRIMMED);
        let last = self.head(&snapshot, LAST);
        let mut at = trimmed;
        let mut broken = None;
        snapshot.for_each(
            &self.tables.events,
            trimmed.sequence + 1..,
            |sequence, row| {
                let next = at.sequence + 1;
                let link = row.event(*sequence).link(&at.chain_hash);
                if broken.is_none() && (*sequence != next || link != row.chain_hash) {
                    broken = Some(next);
                }
                at = Head {
                    sequence: *sequence,
                    chain_hash: row.chain_hash,
                };
            },
        );
        // A tail may be missing, or may fit in itself and be another one.
        let broken = broken.or_else(|| match at.sequence.cmp(&last.sequence) {
            Ordering::Less => Some(at.sequence + 1),
            Ordering::Greater => Some(last.sequence + 1),
            Ordering::Equal => (at.chain_hash != last.chain_hash).then_some(at.sequence),
        });
        if let Some(sequence) = broken {
            return Err(BackendError::BrokenChain { sequence });
        }
        Ok(VerifiedEvents {
            first: trimmed.sequence + 1,
            last: last.sequence,
            before: trimmed.chain_hash,
            chain_hash: last.chain_hash,
        })
    }

    /// Takes some of the events up to a sequence away: the first that is left then, and whether there
    /// are more to take away.
    pub(super) fn trim(&self, through: u64) -> Result<((u64, bool), Pending), Refused> {
        let tables = &self.tables;
        self.submit(|tx| {
            let last = self.head(&self.store.snapshot(), LAST).sequence;
            let trimmed = tx.get(&tables.heads, TRIMMED);
            let from = trimmed.map_or(0, |trimmed| trimmed.sequence);
            let target = through.min(last);
            let to = target.min(from.saturating_add(WINDOW));
            if to <= from {
                return Ok((from + 1, false));
            }
            let Some(kept) = tx.get(&tables.events, &to) else {
                return Err(BackendError::BrokenChain { sequence: to }.into());
            };
            for sequence in from + 1..=to {
                tx.remove(&tables.events, sequence);
            }
            let head = Head {
                sequence: to,
                chain_hash: kept.chain_hash,
            };
            tx.put(&tables.heads, TRIMMED.to_owned(), head);
            Ok((to + 1, to < target))
        })
    }
}

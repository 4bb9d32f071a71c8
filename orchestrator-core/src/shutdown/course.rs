//! The order of a shutdown and all its times. No clock, no task, no thread.
//!
//! Times are counted from the beginning of the shutdown.

use std::time::Duration;

use super::report::{HandlerOutcome, ShutdownReason, ShutdownReport};

pub(super) mod entry;

pub(super) use entry::{End, Id, Order};
use entry::{Entry, Stage};

/// Why a handler is not taken in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Duplicate,
    Over,
}

#[derive(Debug)]
pub(super) struct Course {
    entries: Vec<Entry>,
    orders: Vec<Order>,
    grace: Duration,
    next_id: Id,
    begun: usize,
    reason: Option<ShutdownReason>,
    forced_by: Option<ShutdownReason>,
    /// The priority whose turn it is.
    turn: Option<i32>,
    /// No more handlers begin.
    closed: bool,
    over: bool,
    seen: Duration,
}

impl Course {
    pub(super) fn new(grace: Duration) -> Self {
        Self {
            entries: Vec::new(),
            orders: Vec::new(),
            grace,
            next_id: 0,
            begun: 0,
            reason: None,
            forced_by: None,
            turn: None,
            closed: false,
            over: false,
            seen: Duration::ZERO,
        }
    }

    pub(super) fn set_grace(&mut self, grace: Duration) {
        self.grace = grace;
    }

    pub(super) fn has_begun(&self) -> bool {
        self.reason.is_some()
    }

    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.name.as_str())
    }

    pub(super) fn add(
        &mut self,
        name: String,
        priority: i32,
        limit: Duration,
    ) -> Result<Id, Refusal> {
        if self.closed || self.over {
            return Err(Refusal::Over);
        }
        if self.names().any(|taken| taken == name) {
            return Err(Refusal::Duplicate);
        }
        let id = self.next_id;
        self.next_id += 1;
        self.entries.push(Entry {
            id,
            name,
            priority,
            limit,
            place: None,
            began: Duration::ZERO,
            took: Duration::ZERO,
            stage: Stage::Waiting,
        });
        Ok(id)
    }

    /// Whether it was there and had not begun; then it is forgotten.
    pub(super) fn remove(&mut self, id: Id) -> bool {
        let place = self
            .entries
            .iter()
            .position(|entry| entry.id == id && matches!(entry.stage, Stage::Waiting));
        place.map(|place| self.entries.remove(place)).is_some()
    }

    /// Whether it had not begun before.
    pub(super) fn begin(&mut self, reason: ShutdownReason) -> bool {
        let first = self.reason.is_none();
        self.reason.get_or_insert(reason);
        first
    }

    /// Gives up on whatever runs or waits.
    pub(super) fn force(&mut self, by: ShutdownReason, now: Duration) {
        if self.has_begun() && !self.closed && !self.over {
            self.seen = self.seen.max(now);
            self.forced_by = Some(by);
            self.close("the shutdown was forced");
        }
    }

    /// A handler ended by itself, or was dropped at last.
    pub(super) fn ended(&mut self, id: Id, end: End, now: Duration) {
        self.seen = self.seen.max(now);
        let now = self.seen;
        let Some(entry) = self.entries.iter_mut().find(|entry| entry.id == id) else {
            return;
        };
        match (&mut entry.stage, end) {
            (Stage::Running { .. }, End::Done) => {
                entry.took = now.saturating_sub(entry.began);
                entry.stage = Stage::Ended {
                    outcome: HandlerOutcome::Done,
                    blocked: false,
                };
                self.orders.push(Order::Forget(id));
            }
            (Stage::Running { .. }, end) => {
                let outcome = match end {
                    End::Panicked(message) => HandlerOutcome::Panicked { message },
                    End::Refused(why) => HandlerOutcome::NotBegun { why },
                    End::Done | End::Dropped | End::Cleaned => HandlerOutcome::Dropped,
                };
                entry.leave(outcome, now, false);
                self.orders.push(Order::Abandon(id));
            }
            // It was given up on before: that stands, whatever it comes to.
            (Stage::Leaving { cleaning, .. }, End::Cleaned) => *cleaning = false,
            (Stage::Leaving { body, .. }, _) => *body = false,
            (Stage::Waiting | Stage::Ended { .. }, _) => {}
        }
    }

    /// Does what is due, and says what the driver has to do. To be called again until that is nothing.
    pub(super) fn step(&mut self, now: Duration) -> Vec<Order> {
        if self.has_begun() && !self.over {
            self.seen = self.seen.max(now);
            self.end_the_late();
            if self.seen >= self.grace && !self.closed {
                self.close("the grace was over");
            }
            self.begin_the_next();
        }
        std::mem::take(&mut self.orders)
    }

    /// When there is something to do though nothing happens.
    pub(super) fn next_time(&self) -> Option<Duration> {
        let of_entries = self.entries.iter().filter_map(|entry| match entry.stage {
            Stage::Running { until } | Stage::Leaving { until, .. } => Some(until),
            Stage::Waiting | Stage::Ended { .. } => None,
        });
        let grace = (!self.closed).then_some(self.grace);
        let waits = self.has_begun() && !self.over;
        of_entries.chain(grace).min().filter(|_| waits)
    }

    fn end_the_late(&mut self) {
        let now = self.seen;
        for entry in &mut self.entries {
            match &entry.stage {
                Stage::Running { until } if *until <= now => {
                    let limit = entry.limit;
                    entry.leave(HandlerOutcome::Late { limit }, now, true);
                    self.orders.push(Order::Abandon(entry.id));
                }
                Stage::Leaving {
                    outcome,
                    until,
                    body,
                    cleaning,
                } if *until <= now || !(*body || *cleaning) => {
                    entry.stage = Stage::Ended {
                        outcome: outcome.clone(),
                        blocked: *body || *cleaning,
                    };
                }
                _ => {}
            }
        }
    }

    fn close(&mut self, why: &str) {
        self.closed = true;
        let (now, forced) = (self.seen, self.forced_by.is_some());
        for entry in &mut self.entries {
            match &entry.stage {
                Stage::Running { .. } => {
                    let limit = now.saturating_sub(entry.began);
                    let late = HandlerOutcome::Late { limit };
                    entry.leave(
                        if forced { HandlerOutcome::Forced } else { late },
                        now,
                        true,
                    );
                }
                Stage::Waiting => {
                    let why = why.to_owned();
                    entry.began = now;
                    entry.leave(HandlerOutcome::NotBegun { why }, now, false);
                }
                Stage::Leaving { .. } | Stage::Ended { .. } => continue,
            }
            self.orders.push(Order::Abandon(entry.id));
        }
    }

    fn begin_the_next(&mut self) {
        let live =
            |entry: &Entry| matches!(entry.stage, Stage::Running { .. } | Stage::Leaving { .. });
        let waiting = self
            .entries
            .iter()
            .filter(|entry| matches!(entry.stage, Stage::Waiting));
        let highest = waiting.map(|entry| entry.priority).max();
        if self.entries.iter().any(live) {
            // Who came late and would have had its turn begins beside those whose turn it is.
            if highest < self.turn {
                return;
            }
        } else if highest.is_none() {
            self.over = true;
            self.orders.push(Order::Finish);
            return;
        } else {
            self.turn = highest;
        }
        for entry in &mut self.entries {
            if matches!(entry.stage, Stage::Waiting) && Some(entry.priority) >= self.turn {
                entry.began = self.seen;
                entry.place = Some(self.begun);
                self.begun += 1;
                entry.stage = Stage::Running {
                    until: self.seen.saturating_add(entry.limit),
                };
                self.orders.push(Order::Start(entry.id));
            }
        }
    }

    /// What became of all of them. `None` before the end.
    pub(super) fn report(&self) -> Option<ShutdownReport> {
        let reason = self.reason.clone().filter(|_| self.over)?;
        let mut entries: Vec<_> = self.entries.iter().collect();
        // Stable, and those without a place last.
        entries.sort_by_key(|entry| entry.place.unwrap_or(usize::MAX));
        let handlers = entries.into_iter().filter_map(Entry::report).collect();
        Some(ShutdownReport {
            reason,
            forced_by: self.forced_by.clone(),
            took: self.seen,
            handlers,
        })
    }
}

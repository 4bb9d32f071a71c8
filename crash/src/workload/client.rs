//! One client and its day.

use super::kind::Kind;
use super::recording::{self, Recording, pause};
use super::{Shared, Subject};
use crate::history::{Event, Outcome, Span, Step};
use crate::subject::{Open, View};

/// A thread of a history.
pub(super) struct Client<'c, 's, S> {
    shared: &'c Shared<'s, S>,
    number: usize,
    rng: fastrand::Rng,
    events: Vec<Event>,
}

impl<'c, 's, S: Subject> Client<'c, 's, S> {
    pub(super) fn new(shared: &'c Shared<'s, S>, number: usize, rng: fastrand::Rng) -> Self {
        Self {
            shared,
            number,
            rng,
            events: Vec::new(),
        }
    }

    /// Everything that it does.
    pub(super) fn work(mut self) -> Vec<Event> {
        let subject: &'s S = self.shared.subject;
        // A snapshot that is kept over other transactions, and where it stands in the events.
        let mut held: Option<(S::View<'s>, usize)> = None;
        for _ in 0..self.shared.shape.transactions {
            match self.rng.u8(0..12) {
                0 => {
                    let (view, event) = self.take(subject);
                    pause(&mut self.rng);
                    self.look(&view, event);
                }
                1 | 2 => match held.take() {
                    Some((view, event)) => self.look(&view, event),
                    None => held = Some(self.take(subject)),
                },
                3 => self.update(subject),
                4 | 5 => self.modify(subject),
                _ => self.transaction(subject),
            }
            pause(&mut self.rng);
        }
        if let Some((view, event)) = held {
            self.look(&view, event);
        }
        self.events
    }

    /// Takes a snapshot and reads one key of it.
    fn take(&mut self, subject: &'s S) -> (S::View<'s>, usize) {
        let from = self.tick();
        let view = subject.view();
        let began = Span {
            from,
            to: self.tick(),
        };
        let mut steps = Vec::new();
        let key = self.rng.u32(0..self.shared.shape.keys);
        recording::get(&view, key, &mut steps);
        let version = view.version();
        // Its end does not matter: it is known from the moment that it was taken.
        self.push(began, began, steps, Outcome::Viewed { version });
        (view, self.events.len() - 1)
    }

    /// Reads all of a snapshot.
    fn look(&mut self, view: &S::View<'s>, event: usize) {
        let keys = self.shared.shape.keys;
        recording::all(view, keys, &mut self.events[event].steps);
    }

    /// A transaction that is committed, or not.
    fn transaction(&mut self, subject: &'s S) {
        let kind = Kind::random(&mut self.rng, self.shared.shape.keys);
        let from = self.tick();
        let mut open = subject.begin();
        let began = Span {
            from,
            to: self.tick(),
        };
        let mut steps = Vec::new();
        pause(&mut self.rng);
        let shared = self.shared;
        let mut recording = Recording {
            inner: &mut open,
            steps: &mut steps,
            rng: &mut self.rng,
        };
        kind.carry_out(&mut recording, &mut || shared.value());
        let from = self.tick();
        let committed = open.commit();
        let ended = Span {
            from,
            to: self.tick(),
        };
        let outcome = match committed {
            Err(_) => Outcome::Refused,
            Ok(version) if steps.iter().any(Step::writes) => Outcome::Committed { version },
            Ok(version) => Outcome::Viewed { version },
        };
        self.push(began, ended, steps, outcome);
    }

    /// A change that is run until it is committed.
    fn update(&mut self, subject: &'s S) {
        let keys = self.shared.shape.keys;
        let (key, other) = (self.rng.u32(0..keys), self.rng.u32(0..keys));
        let kind = if self.rng.bool() {
            Kind::Change(key)
        } else {
            Kind::Move(key, other)
        };
        let shared = self.shared;
        let rng = &mut self.rng;
        let mut steps = Vec::new();
        let mut asked = shared.clock.tick();
        let mut began = Span {
            from: asked,
            to: asked,
        };
        let updated = subject.update(&mut |inner| {
            // Only the last time counts, and it began after the one before was refused.
            steps.clear();
            began = Span {
                from: asked,
                to: shared.clock.tick(),
            };
            let mut recording = Recording {
                inner,
                steps: &mut steps,
                rng,
            };
            kind.carry_out(&mut recording, &mut || shared.value());
            asked = shared.clock.tick();
        });
        let ended = Span {
            from: asked,
            to: self.tick(),
        };
        let outcome = match updated {
            Ok(version) => Outcome::Committed { version },
            Err(_) => Outcome::Refused,
        };
        self.push(began, ended, steps, outcome);
    }

    /// A change of one key, without a transaction.
    fn modify(&mut self, subject: &'s S) {
        let key = self.rng.u32(0..self.shared.shape.keys);
        let removes = self.rng.u8(0..4) == 0;
        let (shared, rng) = (self.shared, &mut self.rng);
        let mut steps = Vec::new();
        let mut asked = shared.clock.tick();
        let mut began = Span {
            from: asked,
            to: asked,
        };
        let modified = subject.modify(key, &mut |got| {
            // Only the last time counts, and it began after the one before was refused.
            began = Span {
                from: asked,
                to: shared.clock.tick(),
            };
            let put = (!removes).then(|| shared.value());
            steps.clear();
            steps.push(Step::Get { key, got });
            steps.push(match put {
                Some(value) => Step::Put { key, value },
                None => Step::Remove { key },
            });
            pause(rng);
            asked = shared.clock.tick();
            put
        });
        let ended = Span {
            from: asked,
            to: self.tick(),
        };
        let outcome = match modified {
            Ok(version) => Outcome::Committed { version },
            Err(_) => Outcome::Refused,
        };
        self.push(began, ended, steps, outcome);
    }

    fn tick(&self) -> u64 {
        self.shared.clock.tick()
    }

    fn push(&mut self, began: Span, ended: Span, steps: Vec<Step>, outcome: Outcome) {
        self.events.push(Event {
            client: self.number,
            began,
            ended,
            steps,
            outcome,
        });
    }
}

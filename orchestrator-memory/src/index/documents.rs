//! What is known of each document beside its terms.

use super::{NONE, Place};

/// The documents, field by field: ranking goes over all of them, and needs few fields at a time.
#[derive(Debug, Clone, Default)]
pub(super) struct Documents {
    /// In terms.
    pub(super) lengths: Vec<u32>,
    /// What all its terms weighed together when it came.
    pub(super) weights: Vec<f32>,
    pub(super) sessions: Vec<u32>,
    pub(super) around: Vec<Around>,
    pub(super) marks: Vec<Marks>,
}

/// The places of the one before a document in its session, and of the one after.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around {
    pub(super) before: Place,
    pub(super) after: Place,
}

/// What a query may be after.
#[derive(Debug, Clone, Copy)]
pub(super) struct Marks {
    pub(super) author: u32,
    pub(super) day: u32,
    pub(super) tells_time: bool,
    /// Which share of it asks, in 255ths.
    pub(super) asks: u8,
    pub(super) is_alive: bool,
}

impl Documents {
    pub(super) fn len(&self) -> usize {
        self.marks.len()
    }

    /// Adds one at the next place, after `before` in its session.
    pub(super) fn push(
        &mut self,
        length: u32,
        weight: f32,
        session: u32,
        before: Place,
        marks: Marks,
    ) {
        let place = self.len() as Place;
        if let Some(before) = self.around.get_mut(before as usize) {
            before.after = place;
        }
        push(&mut self.lengths, length);
        push(&mut self.weights, weight);
        push(&mut self.sessions, session);
        let after = NONE;
        push(&mut self.around, Around { before, after });
        push(&mut self.marks, marks);
    }

    /// Leaves a place free.
    pub(super) fn skip(&mut self) {
        let marks = Marks {
            author: NONE,
            day: NONE,
            tells_time: false,
            asks: 0,
            is_alive: false,
        };
        self.push(0, 0.0, NONE, NONE, marks);
    }

    /// Makes neighbours of those around a place; gives the one before it.
    pub(super) fn take_out(&mut self, place: usize) -> Place {
        let Around { before, after } = self.around[place];
        if let Some(around) = self.around.get_mut(before as usize) {
            around.after = after;
        }
        if let Some(around) = self.around.get_mut(after as usize) {
            around.before = before;
        }
        before
    }
}

/// Grows by an eighth, not to twice the size.
fn push<T>(items: &mut Vec<T>, item: T) {
    if items.len() == items.capacity() {
        items.reserve_exact(items.len() / 8 + 16);
    }
    items.push(item);
}

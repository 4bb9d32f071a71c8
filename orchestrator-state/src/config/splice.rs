//! Changes to a text at given places, and how they are taken back.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// Changes that are collected first and made all at once.
pub(super) struct Splices<'a> {
    text: &'a str,
    splices: Vec<(Range<usize>, String)>,
}

/// One changed stretch of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hunk {
    /// Where it begins in the new text, in bytes.
    pub(super) at: usize,
    /// What the old text has there.
    pub(super) old: String,
    /// What the new text has there.
    pub(super) new: String,
}

impl<'a> Splices<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            splices: Vec::new(),
        }
    }

    /// Puts text at a place. Of several at one place, the first comes first.
    pub(super) fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.replace(at..at, text);
    }

    /// Puts text in the place of other text. No two of these may overlap.
    pub(super) fn replace(&mut self, range: Range<usize>, text: impl Into<String>) {
        self.splices.push((range, text.into()));
    }

    /// The new text and its hunks. Splices of one line are one hunk: a comma and what follows a
    /// comment after it belong together.
    pub(super) fn apply(mut self) -> (String, Vec<Hunk>) {
        self.splices.sort_by_key(|(range, _)| range.start);
        let text = |range: Range<usize>| self.text.get(range).unwrap_or_default();
        let mut out = String::with_capacity(self.text.len() + 256);
        let mut hunks: Vec<Hunk> = Vec::new();
        let mut done = 0;
        for (range, new) in &self.splices {
            let between = text(done..range.start);
            out.push_str(between);
            match hunks.last_mut() {
                Some(last) if !between.contains('\n') => {
                    for side in [&mut last.old, &mut last.new] {
                        side.push_str(between);
                    }
                    last.old.push_str(text(range.clone()));
                    last.new.push_str(new);
                }
                _ => hunks.push(Hunk {
                    at: out.len(),
                    old: text(range.clone()).to_owned(),
                    new: new.clone(),
                }),
            }
            out.push_str(new);
            done = range.end;
        }
        out.push_str(text(done..self.text.len()));
        (out, hunks)
    }
}

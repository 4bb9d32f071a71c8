//! Redaction of a text that comes in pieces.

use std::sync::Arc;

use super::Redactor;

/// What is held back at most, in bytes. A token that is longer is cut.
const MOST: usize = 64 * 1024;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "PRIVATE KEY-----";

/// Redacts a text piece by piece: together the pieces are what the whole text would be, wherever
/// the borders are.
///
/// It holds back what may be the beginning of a secret: the last two words, as many bytes as the
/// longest known value has, and a private key until it is whole; 64 KiB at most.
#[derive(Debug)]
pub struct StreamRedactor {
    redactor: Arc<Redactor>,
    held: String,
}

impl StreamRedactor {
    /// For one text.
    #[must_use]
    pub fn new(redactor: Arc<Redactor>) -> Self {
        Self {
            redactor,
            held: String::new(),
        }
    }

    /// Takes the next piece, and gives what may be shown.
    pub fn push(&mut self, piece: &str) -> String {
        self.held.push_str(piece);
        let cut = self.cut();
        let rest = self.held.split_off(cut);
        let shown = std::mem::replace(&mut self.held, rest);
        self.redactor.redact(&shown).into_owned()
    }

    /// Gives the rest: the text has ended. What is pushed then is another one.
    #[must_use]
    pub fn end(&mut self) -> String {
        let rest = std::mem::take(&mut self.held);
        self.redactor.redact(&rest).into_owned()
    }

    /// How much of what is held can be part of no secret that goes on.
    fn cut(&self) -> usize {
        let held = &self.held;
        // The last two words, for `Bearer` has one after it.
        let last = word_start(held, held.trim_end().len());
        let mut cut = word_start(held, held[..last].trim_end().len());
        // A known value may have spaces.
        cut = cut.min(
            held.len()
                .saturating_sub(self.redactor.longest.saturating_sub(1)),
        );
        // A private key has lines.
        if let Some(begin) = open_key(held) {
            cut = cut.min(begin);
        }
        while !held.is_char_boundary(cut) {
            cut -= 1;
        }
        // Rules look at where words begin.
        cut = self.before_secret(word_start(held, cut));
        if held.len() - cut <= MOST {
            return cut;
        }
        cut = held.len() - MOST;
        while !held.is_char_boundary(cut) {
            cut -= 1;
        }
        cut
    }

    /// Not within a secret that is whole already, nor within a word.
    fn before_secret(&self, mut cut: usize) -> usize {
        let is_across = |start: usize, end: usize, cut: usize| start < cut && cut < end;
        loop {
            let values = self.redactor.values.iter();
            let mut values = values
                .flat_map(|values| values.find_iter(&self.held))
                .map(|found| (found.start(), found.end()));
            let rules = self.redactor.rules.iter();
            let mut rules = rules
                .flat_map(|(_, rule)| rule.find_iter(&self.held))
                .map(|found| (found.start(), found.end()));
            let across = values
                .find(|(start, end)| is_across(*start, *end, cut))
                .or_else(|| rules.find(|(start, end)| is_across(*start, *end, cut)));
            match across {
                Some((start, _)) => cut = word_start(&self.held, start),
                None => return cut,
            }
        }
    }
}

/// Where the word begins that this place is in, or at the end of.
fn word_start(text: &str, at: usize) -> usize {
    let before = text[..at].char_indices().rev();
    let space = before.into_iter().find(|(_, c)| c.is_whitespace());
    space.map_or(0, |(at, c)| at + c.len_utf8())
}

/// Where a private key begins that has not ended.
fn open_key(text: &str) -> Option<usize> {
    let begin = text.rfind(BEGIN)?;
    let ends = text[begin..].matches(END).count();
    (ends < 2).then_some(begin)
}

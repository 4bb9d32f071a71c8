//! Which entries have which terms, kept up entry by entry.

mod documents;
mod query;
mod score;

use std::collections::HashMap;

use self::documents::{Documents, Marks};
pub(crate) use self::{query::Asked, score::Scores};
use crate::{
    date::{self, Date},
    record::Name,
    text,
};

/// A term's place in the vocabulary.
type TermId = u32;

/// A document's place: they are never moved.
pub(crate) type Place = u32;

/// How often a document has a term is kept in the low bits of a posting, its place in the others.
const COUNT_BITS: u32 = 5;
const MOST: u32 = (1 << COUNT_BITS) - 1;

/// So many places there are, that are left in a posting: 134 million.
pub(crate) const PLACES: usize = 1 << (u32::BITS - COUNT_BITS);

/// No session, author or day.
const NONE: u32 = u32::MAX;

/// An inverted index of all texts, with what else is known of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    /// From a form, in lower case, to the term of its stem. So a stem is only found once.
    forms: HashMap<Box<str>, TermId>,
    stems: HashMap<Box<str>, TermId>,
    terms: Vec<Term>,
    documents: Documents,
    sessions: Vec<Session>,
    session_numbers: HashMap<Name, u32>,
    authors: Vec<Author>,
    author_numbers: HashMap<Name, u32>,
    days: Vec<Day>,
    day_numbers: HashMap<i64, u32>,
    alive: u32,
    /// Of those that are alive.
    length: u64,
    /// In which one is alive.
    sessions_alive: u32,
}

#[derive(Debug, Clone, Default)]
struct Term {
    /// In the order of places.
    postings: Vec<u32>,
}

impl Term {
    /// How many documents have it.
    fn documents(&self) -> u32 {
        u32::try_from(self.postings.len()).unwrap_or(u32::MAX)
    }
}

#[derive(Debug, Clone)]
struct Session {
    /// The place of its newest.
    last: u32,
    alive: u32,
    /// Of those that are alive.
    length: u32,
}

#[derive(Debug, Clone)]
struct Author {
    /// The stems of the name.
    terms: Vec<TermId>,
    documents: u32,
}

#[derive(Debug, Clone)]
struct Day {
    number: i64,
    date: Date,
    documents: u32,
}

/// What an entry is indexed by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a> {
    pub(crate) text: &'a str,
    pub(crate) session: Option<Name>,
    /// With its text.
    pub(crate) author: (Name, &'a str),
    /// In seconds from 1970.
    pub(crate) time: Option<i64>,
}

impl Index {
    /// Takes a text in, at the next place.
    ///
    /// # Panics
    /// Where there are no more [`PLACES`].
    pub(crate) fn add(&mut self, fields: Fields<'_>) {
        let place = self.documents.len();
        assert!(place < PLACES, "a memory holds {PLACES} entries at most");
        let place = place as Place;
        let mut tells_time = false;
        let mut length = 0_u32;
        // With their places in the text.
        let mut seen: Vec<(TermId, u32)> = Vec::new();
        text::each_form(fields.text, |form| {
            tells_time |= text::is_of_time(form);
            seen.push((self.term(form), length));
            length = length.saturating_add(1);
        });
        seen.sort_unstable();
        let mut rarities: Vec<(u32, f32)> = Vec::with_capacity(seen.len());
        self.alive += 1;
        for of_one in seen.chunk_by(|one, two| one.0 == two.0) {
            let (term, first) = of_one[0];
            let term = &mut self.terms[term as usize];
            let count = u32::try_from(of_one.len()).unwrap_or(MOST).min(MOST);
            if term.postings.len() == term.postings.capacity() {
                // An eighth more, not twice as much: postings are most of what an entry takes.
                term.postings.reserve_exact(term.postings.len() / 8 + 2);
            }
            term.postings.push(place << COUNT_BITS | count);
            rarities.push((first, rarity(term.documents(), self.alive)));
        }
        // In the order of the text, not of the numbers that terms happen to have: a sum of floats
        // depends on it.
        rarities.sort_unstable_by_key(|(first, _)| *first);
        let weight = rarities.iter().map(|(_, rarity)| rarity).sum();
        self.length += u64::from(length);

        let session = self.session(fields.session);
        let of_all = &mut self.sessions[session as usize];
        let before = std::mem::replace(&mut of_all.last, place);
        of_all.length += length;
        of_all.alive += 1;
        self.sessions_alive += u32::from(of_all.alive == 1);
        let day = fields
            .time
            .map_or(NONE, |time| self.day(date::day_of(time)));
        if let Some(day) = self.days.get_mut(day as usize) {
            day.documents += 1;
        }
        let author = self.author(fields.author);
        if let Some(author) = self.authors.get_mut(author as usize) {
            author.documents += 1;
        }
        let marks = Marks {
            author,
            day,
            tells_time,
            asks: (text::asks(fields.text) * 255.0) as u8,
            is_alive: true,
        };
        self.documents.push(length, weight, session, before, marks);
    }

    /// Leaves a place free.
    pub(crate) fn skip(&mut self) {
        self.documents.skip();
    }

    /// What a text's terms weighed when it came.
    pub(crate) fn weight(&self, place: Place) -> f32 {
        let weights = &self.documents.weights;
        weights.get(place as usize).copied().unwrap_or_default()
    }

    /// Sets that, for a text that came at another time.
    pub(crate) fn set_weight(&mut self, place: Place, weight: f32) {
        if let Some(own) = self.documents.weights.get_mut(place as usize) {
            *own = weight;
        }
    }

    /// Takes a text out again; it has to be the one that was taken in.
    pub(crate) fn remove(&mut self, place: Place, text: &str) {
        let at = place as usize;
        let marks = &mut self.documents.marks[at];
        if !std::mem::take(&mut marks.is_alive) {
            return;
        }
        self.alive -= 1;
        if let Some(day) = self.days.get_mut(marks.day as usize) {
            day.documents -= 1;
        }
        if let Some(author) = self.authors.get_mut(marks.author as usize) {
            author.documents -= 1;
        }
        let length = self.documents.lengths[at];
        self.length -= u64::from(length);
        let session = self.documents.sessions[at];
        let before = self.documents.take_out(at);
        let session = &mut self.sessions[session as usize];
        session.length -= length;
        session.alive -= 1;
        self.sessions_alive -= u32::from(session.alive == 0);
        if session.last == place {
            session.last = before;
        }
        let mut seen: Vec<TermId> = Vec::new();
        text::each_form(text, |form| seen.extend(self.known(form)));
        seen.sort_unstable();
        seen.dedup();
        for term in seen {
            let term = &mut self.terms[term as usize];
            let at = term
                .postings
                .partition_point(|one| place_of(*one) < place as usize);
            if term
                .postings
                .get(at)
                .is_some_and(|one| place_of(*one) == place as usize)
            {
                term.postings.remove(at);
            }
        }
    }

    /// The term of a form, which is taken in.
    fn term(&mut self, form: &str) -> TermId {
        if let Some(term) = self.forms.get(form) {
            return *term;
        }
        let stem = text::stem(form);
        let next = u32::try_from(self.terms.len()).expect("fewer than four billion terms");
        let term = *self.stems.entry(stem.into()).or_insert(next);
        if term == next {
            self.terms.push(Term::default());
        }
        self.forms.insert(form.into(), term);
        term
    }

    /// The term of a form, if any text has it in any form.
    fn known(&self, form: &str) -> Option<TermId> {
        let by_form = self.forms.get(form).copied();
        by_form.or_else(|| self.stems.get(text::stem(form).as_str()).copied())
    }

    /// An entry of no session is one for itself.
    fn session(&mut self, name: Option<Name>) -> u32 {
        let next = u32::try_from(self.sessions.len()).unwrap_or(NONE);
        let session = match name {
            Some(name) => *self.session_numbers.entry(name).or_insert(next),
            None => next,
        };
        if session == next {
            self.sessions.push(Session {
                last: NONE,
                alive: 0,
                length: 0,
            });
        }
        session
    }

    fn author(&mut self, (name, text): (Name, &str)) -> u32 {
        if text.is_empty() {
            return NONE;
        }
        let next = u32::try_from(self.authors.len()).unwrap_or(NONE);
        let author = *self.author_numbers.entry(name).or_insert(next);
        if author == next {
            let mut terms = Vec::new();
            text::each_form(text, |form| terms.push(self.term(form)));
            self.authors.push(Author {
                terms,
                documents: 0,
            });
        }
        author
    }

    fn day(&mut self, number: i64) -> u32 {
        let next = u32::try_from(self.days.len()).unwrap_or(NONE);
        let day = *self.day_numbers.entry(number).or_insert(next);
        if day == next {
            self.days.push(Day {
                number,
                date: date::date_of(number),
                documents: 0,
            });
        }
        day
    }

    fn rarity(&self, term: TermId) -> f32 {
        rarity(self.terms[term as usize].documents(), self.alive)
    }
}

/// The inverse document frequency as in BM25, in the variant that is never negative.
fn rarity(with: u32, of: u32) -> f32 {
    let (with, of) = (with as f32, of as f32);
    (((of - with).max(0.0) + 0.5) / (with + 0.5)).ln_1p()
}

fn place_of(posting: u32) -> usize {
    (posting >> COUNT_BITS) as usize
}

fn count_of(posting: u32) -> f32 {
    (posting & MOST) as f32
}

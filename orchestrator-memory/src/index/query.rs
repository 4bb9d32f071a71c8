//! A query, by what of it the index knows.

use super::{Index, TermId};
use crate::{
    date::{self, Mention},
    text,
};

/// What is asked for, as far as anything is known of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    /// Each once.
    pub(super) terms: Vec<TermId>,
    /// As they stand in the query, in lower case.
    forms: Vec<String>,
    /// The author that is named, if exactly one is.
    pub(super) author: Option<u32>,
    pub(super) days: Vec<Mention>,
    pub(super) wants_time: bool,
}

impl Asked {
    /// Whether nothing of it is known.
    pub(crate) fn is_empty(&self) -> bool {
        self.terms.is_empty() && self.days.is_empty()
    }

    /// Whether it has this form.
    pub(crate) fn has(&self, form: &str) -> bool {
        let stem = text::stem(form);
        self.forms
            .iter()
            .any(|own| own == form || text::stem(own) == stem)
    }

    /// How it writes a term.
    pub(super) fn form(&self, term: TermId) -> &str {
        let at = self.terms.iter().position(|own| *own == term);
        at.map_or("", |at| &self.forms[at])
    }
}

impl Index {
    /// Reads a query. `now` is in seconds from 1970.
    pub(crate) fn ask(&self, query: &str, now: Option<i64>) -> Asked {
        let (mut terms, mut forms) = (Vec::new(), Vec::new());
        text::each_form(query, |form| {
            if let Some(term) = self.known(form)
                && !terms.contains(&term)
            {
                terms.push(term);
                forms.push(form.to_owned());
            }
        });
        // A name stands for whoever bears it, wherever they say something.
        let names = |author: &super::Author| {
            author.documents > 0
                && !author.terms.is_empty()
                && author.terms.iter().all(|term| terms.contains(term))
        };
        let mut named = (0..).zip(&self.authors).filter(|(_, author)| names(author));
        let author = named.next().map(|(author, _)| author);
        let author = author.filter(|_| named.next().is_none());
        Asked {
            author,
            days: date::mentions(query, now.map(date::day_of)),
            wants_time: wants_time(query),
            terms,
            forms,
        }
    }
}

/// Whether it asks for a time.
fn wants_time(query: &str) -> bool {
    let lower = query.to_lowercase();
    let mut words = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    let mut before = words.next().unwrap_or_default();
    if before == "when" {
        return true;
    }
    for word in words {
        let asks = match before {
            "how" => word == "long",
            "what" | "which" => ["date", "day", "month", "year", "time"].contains(&word),
            _ => false,
        };
        if asks {
            return true;
        }
        before = word;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_questions_ask_for_a_time() {
        for (query, expected) in [
            ("When did it break?", true),
            ("Since what day is it red", true),
            ("For how long has it run", true),
            ("what breaks when I call it", false),
            ("", false),
        ] {
            assert_eq!(wants_time(query), expected, "{query}");
        }
    }
}

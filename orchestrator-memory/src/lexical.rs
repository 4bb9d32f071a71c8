//! Texts as sets of terms, and how much one text evokes another.

use std::collections::{BTreeSet, HashMap};

/// English words that say nothing about the subject. In a large store their rarity would tell;
/// in a store of five entries it does not.
const STOP_WORDS: [&str; 32] = [
    "a", "an", "and", "are", "as", "at", "be", "by", "can", "do", "for", "from", "has", "have",
    "if", "in", "is", "it", "its", "not", "of", "on", "or", "that", "the", "this", "to", "was",
    "we", "will", "with", "you",
];

/// The terms of a text, in lower case.
///
/// A term is a run of letters and digits. An identifier also gives its parts, so that `parseTodo`,
/// `parse_todo` and `src/parse/todo.rs` meet in `parse` and `todo`. Scripts that put no space
/// between words give whole runs only.
pub(crate) fn terms(text: &str) -> BTreeSet<String> {
    let mut terms = BTreeSet::new();
    for run in text.split(|c: char| !c.is_alphanumeric()) {
        let mut add = |term: &str| {
            let term = term.to_lowercase();
            if !term.is_empty() && !STOP_WORDS.contains(&term.as_str()) {
                terms.insert(term);
            }
        };
        add(run);
        parts(run).for_each(add);
    }
    terms
}

/// Cuts `parseTodo2` into `parse`, `Todo` and `2`, and `HTMLPage` into `HTML` and `Page`.
fn parts(run: &str) -> impl Iterator<Item = &str> {
    let chars: Vec<(usize, char)> = run.char_indices().collect();
    let mut cuts = vec![0];
    for place in 1..chars.len() {
        let (before, (at, here)) = (chars[place - 1].1, chars[place]);
        let next_is_lower = chars.get(place + 1).is_some_and(|(_, c)| c.is_lowercase());
        let hump = here.is_uppercase()
            && (before.is_lowercase() || before.is_uppercase() && next_is_lower);
        if hump || before.is_numeric() != here.is_numeric() {
            cuts.push(at);
        }
    }
    cuts.push(run.len());
    (1..cuts.len()).map(move |end| &run[cuts[end - 1]..cuts[end]])
}

/// A term's place in the vocabulary.
pub(crate) type TermId = usize;

/// The terms that the store has seen, and in how many entries each is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Vocabulary {
    ids: HashMap<String, TermId>,
    names: Vec<String>,
    entries_with: Vec<usize>,
    entries: usize,
}

impl Vocabulary {
    /// Counts an entry in. Gives its terms.
    pub(crate) fn insert(&mut self, text: &str) -> Vec<TermId> {
        self.entries += 1;
        let ids = terms(text).into_iter().map(|term| {
            let id = *self.ids.entry(term.clone()).or_insert(self.names.len());
            if id == self.names.len() {
                self.names.push(term);
                self.entries_with.push(0);
            }
            self.entries_with[id] += 1;
            id
        });
        ids.collect()
    }

    /// Counts an entry out.
    pub(crate) fn remove(&mut self, terms: &[TermId]) {
        self.entries -= 1;
        for &term in terms {
            self.entries_with[term] -= 1;
        }
    }

    /// Makes a text ready to be compared with entries.
    pub(crate) fn cue(&self, text: &str) -> Cue<'_> {
        let known = terms(text).into_iter().filter_map(|term| {
            let id = *self.ids.get(&term)?;
            // What is in no entry does not tell them apart.
            (self.entries_with[id] > 0).then(|| (id, self.rarity(id)))
        });
        let weights: HashMap<_, _> = known.collect();
        // In the order of the terms: a sum of floats depends on it.
        let mut sorted: Vec<_> = weights.iter().map(|(id, weight)| (*id, *weight)).collect();
        sorted.sort_by_key(|(id, _)| *id);
        let total = sorted.iter().map(|(_, weight)| weight).sum();
        Cue {
            vocabulary: self,
            weights,
            total,
        }
    }

    /// The inverse document frequency as in BM25 (Robertson and Zaragoza 2009, "The Probabilistic
    /// Relevance Framework"), in the variant that is never negative.
    fn rarity(&self, term: TermId) -> f64 {
        let with = self.entries_with[term] as f64;
        let without = self.entries as f64 - with;
        ((without + 0.5) / (with + 0.5)).ln_1p()
    }
}

/// A text that evokes entries.
#[derive(Debug)]
pub(crate) struct Cue<'a> {
    vocabulary: &'a Vocabulary,
    weights: HashMap<TermId, f64>,
    total: f64,
}

impl Cue<'_> {
    /// How much an entry is evoked, from 0 to 1: the weighted overlap coefficient, that is the
    /// rarity of what both share against that of the smaller of the two. So a long cue evokes a
    /// short entry, and a short query a long one.
    pub(crate) fn relevance(&self, entry: &[TermId]) -> f32 {
        let shared: f64 = entry.iter().filter_map(|term| self.weights.get(term)).sum();
        if shared <= 0.0 {
            return 0.0;
        }
        let whole: f64 = entry.iter().map(|&term| self.vocabulary.rarity(term)).sum();
        (shared / self.total.min(whole)).min(1.0) as f32
    }

    /// The rarest terms that the entry shares with the cue, at most three.
    pub(crate) fn shared(&self, entry: &[TermId]) -> Vec<&str> {
        let mut shared: Vec<_> = entry
            .iter()
            .filter_map(|term| {
                Some((
                    *self.weights.get(term)?,
                    self.vocabulary.names[*term].as_str(),
                ))
            })
            .collect();
        shared.sort_by(|one, two| two.0.total_cmp(&one.0).then(one.1.cmp(two.1)));
        shared.into_iter().take(3).map(|(_, name)| name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        assert_eq!(
            terms(text).into_iter().collect::<Vec<_>>(),
            expected,
            "{text}"
        );
    }

    #[test]
    fn identifiers_are_split_and_kept_whole() {
        check("parseTodo", &["parse", "parsetodo", "todo"]);
        check("snake_case", &["case", "snake"]);
        check(
            "src/todo/HTMLPage.rs",
            &["html", "htmlpage", "page", "rs", "src", "todo"],
        );
        check("sha256", &["256", "sha", "sha256"]);
        check("the parser is not in it", &["parser"]);
        check("Straße ÄRGER", &["straße", "ärger"]);
        check("İstanbul 東京タワー", &["i\u{307}stanbul", "東京タワー"]);
        check(" \n--//\0", &[]);
    }

    #[test]
    fn rare_terms_weigh_more() {
        let mut vocabulary = Vocabulary::default();
        let parser = vocabulary.insert("code parser");
        let lexer = vocabulary.insert("code lexer");
        vocabulary.insert("code review");
        let cue = vocabulary.cue("code of the parser, and unknown words");
        assert!(cue.relevance(&parser) > 2.0 * cue.relevance(&lexer));
        assert!(cue.relevance(&lexer) > 0.0);
        assert_eq!(cue.shared(&parser), ["parser", "code"]);
        assert_eq!(vocabulary.cue("unknown").relevance(&parser), 0.0);
    }
}

//! The tokens that a model really takes, where its vocabulary is known.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Mutex, MutexGuard, PoisonError},
};

use bpe_openai::Tokenizer;

use super::TokenCounter;

/// A byte-pair vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Vocabulary {
    /// Of GPT-3.5 and GPT-4.
    Cl100k,
    /// Of GPT-4o and what came after it.
    O200k,
}

impl Vocabulary {
    /// That of a model, by its name: `gpt-4o-mini`, `openai/gpt-5`. `None` where it is not known,
    /// as for models whose makers do not tell.
    #[must_use]
    pub fn of_model(name: &str) -> Option<Self> {
        let name = name.rsplit('/').next().unwrap_or(name).to_lowercase();
        let begins = |with: &[&str]| with.iter().any(|with| name.starts_with(with));
        if begins(&[
            "gpt-4o",
            "gpt-4.1",
            "gpt-4.5",
            "gpt-5",
            "gpt-oss",
            "chatgpt-4o",
            "o1",
            "o3",
            "o4",
        ]) {
            Some(Self::O200k)
        } else if begins(&[
            "gpt-4",
            "gpt-3.5",
            "text-embedding-3",
            "text-embedding-ada-002",
        ]) {
            Some(Self::Cl100k)
        } else {
            None
        }
    }

    fn tokenizer(self) -> &'static Tokenizer {
        match self {
            Self::Cl100k => bpe_openai::cl100k_base(),
            Self::O200k => bpe_openai::o200k_base(),
        }
    }
}

impl TokenCounter for Vocabulary {
    fn count(&self, text: &str) -> usize {
        self.tokenizer().count(text)
    }
}

/// Counts a text that grows: what was counted is not counted again.
///
/// ```
/// use orchestrator_memory::{TokenCounter, TokenTally, Vocabulary};
///
/// let mut tally = TokenTally::new(Vocabulary::O200k);
/// tally.push("The parser do");
/// tally.push("esn't drop the last line.");
/// let whole = Vocabulary::O200k.count("The parser doesn't drop the last line.");
/// assert_eq!(tally.tokens(), whole);
/// ```
#[derive(Debug, Clone)]
pub struct TokenTally {
    vocabulary: Vocabulary,
    /// Of the pieces that what comes cannot change.
    settled: usize,
    open: String,
}

/// So many of the last pieces may become others when more text comes: `don`, `'` and `t`.
const OPEN: usize = 4;

impl TokenTally {
    /// Of no text.
    #[must_use]
    pub fn new(vocabulary: Vocabulary) -> Self {
        Self {
            vocabulary,
            settled: 0,
            open: String::new(),
        }
    }

    /// Appends to the text.
    pub fn push(&mut self, text: &str) {
        self.open.push_str(text);
        let tokenizer = self.vocabulary.tokenizer();
        let pieces: Vec<&str> = tokenizer.split(&self.open).collect();
        let settled = &pieces[..pieces.len().saturating_sub(OPEN)];
        let tokens = settled
            .iter()
            .map(|piece| tokenizer.bpe.count(piece.as_bytes()));
        self.settled += tokens.sum::<usize>();
        let length: usize = settled.iter().map(|piece| piece.len()).sum();
        self.open.drain(..length);
    }

    /// The tokens of the text so far.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.settled + self.vocabulary.count(&self.open)
    }
}

/// A counter that remembers what it has counted: instructions and schemas of tools are the same in
/// every request.
#[derive(Debug)]
pub struct CachedTokens<C> {
    counter: C,
    hasher: RandomState,
    /// By length and hash: this generation, and the one before it.
    counted: Mutex<[HashMap<(usize, u64), usize>; 2]>,
}

/// Shorter texts are counted faster than they are found, in bytes.
const WORTH: usize = 256;

/// How many texts a generation has.
const GENERATION: usize = 4_096;

impl<C: TokenCounter> CachedTokens<C> {
    /// One that has counted nothing yet.
    pub fn new(counter: C) -> Self {
        Self {
            counter,
            hasher: RandomState::new(),
            counted: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, [HashMap<(usize, u64), usize>; 2]> {
        // A count is there or it is not.
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: TokenCounter> TokenCounter for CachedTokens<C> {
    fn count(&self, text: &str) -> usize {
        if text.len() < WORTH {
            return self.counter.count(text);
        }
        let key = (text.len(), self.hasher.hash_one(text));
        {
            let [fresh, old] = &mut *self.lock();
            if let Some(tokens) = fresh.get(&key).or_else(|| old.get(&key)).copied() {
                fresh.insert(key, tokens);
                return tokens;
            }
        }
        let tokens = self.counter.count(text);
        let [fresh, old] = &mut *self.lock();
        if fresh.len() >= GENERATION {
            *old = std::mem::take(fresh);
        }
        fresh.insert(key, tokens);
        tokens
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;

    #[test]
    fn models_have_vocabularies() {
        for (name, expected) in [
            ("gpt-4o-mini", Some(Vocabulary::O200k)),
            ("openai/gpt-5", Some(Vocabulary::O200k)),
            ("gpt-4-turbo", Some(Vocabulary::Cl100k)),
            ("GPT-3.5-turbo", Some(Vocabulary::Cl100k)),
            ("mechanical", None),
            ("claude-sonnet", None),
        ] {
            assert_eq!(Vocabulary::of_model(name), expected, "{name}");
        }
        assert_eq!(Vocabulary::Cl100k.count("hello world"), 2);
    }

    proptest! {
        /// Wherever a text is cut, the parts count as the whole.
        #[test]
        fn a_tally_is_the_count_of_the_whole(
            parts in vec(
                vec(
                    select(vec![
                        "don", "'", "t", "LL", "re", " ", "  ", "\n", "\r\n", "a", "Z", "é", "東京",
                        "123", "4", "/", "{", "}", "_", "\u{301}", "🙂", ".", "\t",
                    ]),
                    0..8,
                ),
                0..12,
            ),
        ) {
            for vocabulary in [Vocabulary::Cl100k, Vocabulary::O200k] {
                let mut tally = TokenTally::new(vocabulary);
                let mut whole = String::new();
                for part in &parts {
                    tally.push(&part.concat());
                    whole.push_str(&part.concat());
                    prop_assert_eq!(tally.tokens(), vocabulary.count(&whole), "{:?}", whole);
                }
                prop_assert!(tally.open.len() <= whole.len());
            }
        }
    }

    #[test]
    fn what_was_counted_is_not_counted_again() {
        static CALLS: AtomicUsize = AtomicUsize::new(0);
        let counter = CachedTokens::new(|text: &str| {
            CALLS.fetch_add(1, SeqCst);
            text.len()
        });
        let text = |n: usize| format!("{n:0>300}");
        for _ in 0..3 {
            assert_eq!((counter.count(&text(7)), counter.count("short")), (300, 5));
        }
        assert_eq!(CALLS.swap(0, SeqCst), 1 + 3, "short ones are not kept");
        (0..3 * GENERATION).for_each(|n| _ = counter.count(&text(n)));
        let [fresh, old] = &*counter.lock();
        assert!(fresh.len() <= GENERATION && old.len() <= GENERATION);
    }
}

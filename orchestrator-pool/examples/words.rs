//! Counts the words of files on all processors, each word kept once.
//!
//! `cargo run -p orchestrator-pool --example words -- FILE...`

#![expect(clippy::print_stdout, reason = "a program for people")]

use std::{collections::HashMap, error::Error, num::NonZeroUsize, thread};

use orchestrator_pool::{Interner, InternerConfig, InternerFull, Symbol};

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let files = std::env::args().skip(1).map(std::fs::read_to_string);
    let texts = files.collect::<Result<Vec<_>, _>>()?;
    // Words come from outside: without a bound, whoever writes the files decides how much memory
    // this takes.
    let words = Interner::new(InternerConfig::default().with_max_bytes(64 << 20));
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let counts = count(&words, &texts, threads)?;
    // Many symbols are resolved at once, and no word comes any more.
    let reader = words.reader();
    for (word, count) in counts.iter().take(10) {
        println!("{count:>8} {}", reader.resolve(*word));
    }
    println!("{} words in {} bytes", words.len(), words.bytes());
    Ok(())
}

/// The words and how often each is there, the most frequent first.
pub(crate) fn count(
    words: &Interner,
    texts: &[String],
    threads: usize,
) -> Result<Vec<(Symbol, u64)>, InternerFull> {
    let part = texts.len().div_ceil(threads).max(1);
    let parts = thread::scope(|scope| {
        let parts: Vec<_> = texts
            .chunks(part)
            .map(|texts| scope.spawn(|| count_part(words, texts)))
            .collect();
        let parts = parts.into_iter();
        parts
            .map(|part| {
                part.join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect::<Result<Vec<_>, _>>()
    })?;
    let mut sum = HashMap::new();
    for (word, count) in parts.into_iter().flatten() {
        *sum.entry(word).or_default() += count;
    }
    let mut counts: Vec<(Symbol, u64)> = sum.into_iter().collect();
    counts.sort_by_key(|(word, count)| (std::cmp::Reverse(*count), words.resolve(*word)));
    Ok(counts)
}

/// A symbol is four bytes to hash and to compare, whatever the word.
fn count_part(words: &Interner, texts: &[String]) -> Result<HashMap<Symbol, u64>, InternerFull> {
    let mut counts = HashMap::new();
    for word in texts.iter().flat_map(|text| text.split_whitespace()) {
        *counts.entry(words.intern(word)?).or_default() += 1;
    }
    Ok(counts)
}

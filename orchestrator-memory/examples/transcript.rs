//! Counts the tokens of a transcript while it grows, and what an estimate would say.
//!
//! `cargo run -p orchestrator-memory --features bpe --example transcript [FILE] [MODEL]`
//!
//! An agent wants to know after each line how much room is left. A [`TokenTally`] counts the new line
//! alone, and has what counting all of it anew would give. Without a file, the transcript is this file.

use std::error::Error;
use std::time::{Duration, Instant};

use orchestrator_memory::{EstimatedTokens, TokenCounter, TokenTally, Vocabulary};

#[expect(clippy::print_stdout, reason = "an example shows what it does")]
fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let text = match arguments.next() {
        Some(path) => std::fs::read_to_string(path)?,
        None => include_str!("transcript.rs").to_owned(),
    };
    let model = arguments.next().unwrap_or_else(|| "gpt-4o".to_owned());
    let vocabulary = Vocabulary::of_model(&model)
        .ok_or_else(|| format!("the vocabulary of {model} is not known"))?;

    // The vocabulary is read in with the first text.
    vocabulary.count(&text);
    let mut tally = TokenTally::new(vocabulary);
    let (mut growing, mut anew) = (Duration::ZERO, Duration::ZERO);
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        end += line.len();
        let start = Instant::now();
        tally.push(line);
        let tokens = tally.tokens();
        growing += start.elapsed();
        let start = Instant::now();
        let whole = vocabulary.count(&text[..end]);
        anew += start.elapsed();
        assert_eq!(tokens, whole, "a tally is the count of the whole");
    }
    let tokens = tally.tokens();
    let estimate = EstimatedTokens.count(&text);
    println!("{tokens} tokens of {model}; estimated: {estimate}");
    let times = anew.as_secs_f64() / growing.as_secs_f64().max(f64::MIN_POSITIVE);
    println!("counted line by line {times:.0} times as fast as all of it anew after each line");
    Ok(())
}

//! Finds what is misspelt, by vectors that are made of the letters of words.
//!
//! `cargo run -p orchestrator-memory --example vectors`
//!
//! An embedder usually is a model that knows what words mean. This one knows only how they are written,
//! in three letters at a time, as fastText does beside its words (Bojanowski et al. 2017, "Enriching Word
//! Vectors with Subword Information"): no download, and of use where people type in haste.

use std::error::Error;
use std::hash::{DefaultHasher, Hash, Hasher};

use orchestrator_memory::{Budget, Embedder, Embedding, MemoryConfig, MemoryStore, NewEntry, Tier};

struct Letters;

const DIMENSIONS: usize = 256;

impl Embedder for Letters {
    fn embed(&self, text: &str) -> Option<Embedding> {
        let mut counts = [0.0_f32; DIMENSIONS];
        for word in text.split(|char: char| !char.is_alphanumeric()) {
            let word: Vec<char> = format!("<{}>", word.to_lowercase()).chars().collect();
            for letters in word.windows(3) {
                let mut hasher = DefaultHasher::new();
                letters.hash(&mut hasher);
                let place = hasher.finish() % DIMENSIONS as u64;
                counts[place as usize] += 1.0;
            }
        }
        // A text without a word has no direction.
        Embedding::new(&counts).ok()
    }
}

#[expect(clippy::print_stdout, reason = "an example shows what it does")]
fn main() -> Result<(), Box<dyn Error>> {
    for (name, config) in [
        ("by words", MemoryConfig::default()),
        (
            "by letters too",
            MemoryConfig::default().with_embedder(Letters),
        ),
    ] {
        let mut memory = MemoryStore::new(config);
        for text in [
            "Authentication is done by the gateway.",
            "The scheduler steals work from its neighbours.",
            "Receipts are kept for ninety days.",
        ] {
            memory.add(NewEntry::new(Tier::Project, text).importance(0.0));
        }
        println!("{name}:");
        let explanation = memory.explain("who does autentication?", Budget::new(60), 9)?;
        for told in &explanation.context.entries {
            println!("  {} ({})", told.entry.content, told.why);
        }
    }
    Ok(())
}

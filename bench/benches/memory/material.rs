//! Entries as a mission has them: words by Zipf's law, in sessions of fifty.

use orchestrator_bench::Rng;
use orchestrator_memory::{MemoryConfig, MemoryStore, NewEntry, RankConfig, RecallWeights, Tier};

/// How many entries.
pub(crate) const ENTRIES: usize = 100_000;

/// How many words an entry has: about 60 tokens.
pub(crate) const WORDS: usize = 45;

/// How many words there are.
const VOCABULARY: u64 = 20_000;

pub(crate) struct Material {
    pub(crate) texts: Vec<String>,
}

impl Material {
    pub(crate) fn new() -> Self {
        let mut random = Rng::of(1);
        let texts: Vec<String> = (0..ENTRIES)
            .map(|_| {
                let words: Vec<String> = (0..WORDS).map(|_| word(zipf(&mut random))).collect();
                words.join(" ")
            })
            .collect();
        Self { texts }
    }

    pub(crate) fn entry(&self, at: usize) -> NewEntry {
        NewEntry::new(Tier::Mission, self.texts[at].as_str())
            .session(format!("s{}", at / 50))
            .author(["planner", "worker", "reviewer"][at % 3])
            .time(1_700_000_000 + 60 * at as i64)
    }

    /// All in a store.
    pub(crate) fn store(&self, rank: RankConfig, weights: RecallWeights) -> MemoryStore {
        let config = MemoryConfig::default()
            .with_rank(rank)
            .with_weights(weights);
        let mut store = MemoryStore::new(config);
        for at in 0..self.texts.len() {
            if at % 100 == 0 {
                store.turn(&self.texts[at]);
            }
            store.add(self.entry(at));
        }
        store
    }
}

/// The rank of a word, from 0, about as often as one over the rank.
pub(crate) fn zipf(random: &mut Rng) -> u64 {
    let share = random.below(1 << 20) as f64 / (1_u64 << 20) as f64;
    ((VOCABULARY as f64).powf(share) as u64).min(VOCABULARY) - 1
}

/// Words of syllables, longer the rarer they are; no two ranks give the same.
pub(crate) fn word(rank: u64) -> String {
    const SYLLABLES: [&str; 20] = [
        "ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "qui", "ro", "su",
        "ta", "ve", "wi", "xo", "zu",
    ];
    let mut rest = rank + 20;
    let mut word = String::new();
    while rest > 0 {
        word.push_str(SYLLABLES[(rest % 20) as usize]);
        rest /= 20;
    }
    word
}

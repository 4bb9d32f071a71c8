//! Whether the weights hold for conversations that they were not chosen on.

use orchestrator_memory::{RankConfig, RecallWeights};

use super::measure::{COUNTS, Recall, Told, ask_all};
use super::ways::Way;
use crate::{Conversation, ReadError};

/// One weight, and what it may be.
struct Knob {
    set: fn(&mut RankConfig, f32),
    values: &'static [f32],
}

const KNOBS: [Knob; 12] = [
    Knob {
        set: |rank, value| rank.saturation = value,
        values: &[0.8, 1.0, 1.2, 1.6],
    },
    Knob {
        set: |rank, value| rank.length = value,
        values: &[0.2, 0.3, 0.4, 0.5],
    },
    Knob {
        set: |rank, value| rank.behind[0] = value,
        values: &[0.4, 0.5, 0.6, 0.7],
    },
    Knob {
        set: |rank, value| rank.behind[1] = value,
        values: &[0.1, 0.2, 0.3, 0.4],
    },
    Knob {
        set: |rank, value| rank.ahead[0] = value,
        values: &[0.2, 0.3, 0.4],
    },
    Knob {
        set: |rank, value| rank.ahead[1] = value,
        values: &[0.0, 0.1, 0.2],
    },
    Knob {
        set: |rank, value| rank.session = value,
        values: &[0.3, 0.5, 0.7, 1.0],
    },
    Knob {
        set: |rank, value| rank.coverage = value,
        values: &[0.0, 0.5, 1.0],
    },
    Knob {
        set: |rank, value| rank.author = value,
        values: &[0.2, 0.3, 0.35, 0.4, 0.5],
    },
    Knob {
        set: |rank, value| rank.date = value,
        values: &[1.0, 1.5, 2.0, 3.0],
    },
    Knob {
        set: |rank, value| rank.questions = value,
        values: &[0.0, 0.2, 0.4, 0.5],
    },
    Knob {
        set: |rank, value| rank.time_words = value,
        values: &[0.0, 0.1, 0.2, 0.3, 0.4],
    },
];

/// Less than this, in points over all counts, is no reason to change a weight.
const WORTH: f64 = 0.1;

/// For each conversation, chooses the weights on the others, beginning at BM25's neighbourhood, and
/// asks its questions with these: the recall that is to be expected of conversations nobody has
/// seen. Each weight is tried in turn, twice over, and what is best on the others is kept.
///
/// # Errors
/// [`ReadError`] where a time cannot be read.
pub fn leave_one_out(conversations: &[Conversation]) -> Result<Recall, ReadError> {
    let mut all = Recall::default();
    for at in 0..conversations.len() {
        let others: Vec<&Conversation> = conversations
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != at)
            .map(|(_, conversation)| conversation)
            .collect();
        let way = way(choose(&others)?);
        for (_, recall) in ask_all(&way, &conversations[at])? {
            all.add(&recall);
        }
    }
    Ok(all)
}

fn way(rank: RankConfig) -> Way {
    Way {
        name: "chosen on the others",
        rank: Some(rank),
        weights: RecallWeights::default(),
        gate: true,
    }
}

fn choose(conversations: &[&Conversation]) -> Result<RankConfig, ReadError> {
    // In the middle of what each may be, and so not where it was found to be best.
    let mut rank = RankConfig::default();
    for knob in &KNOBS {
        (knob.set)(&mut rank, knob.values[knob.values.len() / 2]);
    }
    let mut best = worth(&rank, conversations)?;
    for _ in 0..2 {
        for knob in &KNOBS {
            for value in knob.values {
                let mut other = rank.clone();
                (knob.set)(&mut other, *value);
                let other_worth = worth(&other, conversations)?;
                if other_worth > best + WORTH {
                    (rank, best) = (other, other_worth);
                }
            }
        }
    }
    Ok(rank)
}

/// The recall among few and many entries, added up.
fn worth(rank: &RankConfig, conversations: &[&Conversation]) -> Result<f64, ReadError> {
    let way = way(rank.clone());
    let (mut sum, mut questions) = (0.0, 0);
    for conversation in conversations {
        let told = Told::tell(&way, conversation)?;
        for question in &conversation.questions {
            let evidence = told.evidence(question);
            if evidence.is_empty() {
                continue;
            }
            questions += 1;
            let best = told.best(&way, question, COUNTS[COUNTS.len() - 1]);
            for count in COUNTS {
                let found = best.iter().take(count);
                let hits = found.filter(|id| evidence.contains(id)).count();
                sum += hits as f64 / evidence.len() as f64;
            }
        }
    }
    Ok(100.0 * sum / f64::from(questions.max(1)))
}

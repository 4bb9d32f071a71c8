//! How much of the evidence for a question is recalled.

mod fit;
mod measure;
mod ways;

use std::collections::BTreeMap;

pub use self::fit::leave_one_out;
use self::measure::ask_all;
pub use self::measure::{BUDGETS, COUNTS, Recall};
pub use self::ways::Way;
use crate::{Conversation, Line, ReadError, Target};

/// What was measured of one way.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The way.
    pub way: &'static str,
    /// Over all questions.
    pub all: Recall,
    /// By category of question.
    pub by_category: BTreeMap<u32, Recall>,
}

/// Asks every question of every conversation, in every way.
///
/// # Errors
/// [`ReadError`] where a time cannot be read.
pub fn measure(conversations: &[Conversation]) -> Result<Vec<Measured>, ReadError> {
    Way::all()
        .into_iter()
        .map(|way| measure_way(&way, conversations))
        .collect()
}

fn measure_way(way: &Way, conversations: &[Conversation]) -> Result<Measured, ReadError> {
    let mut all = Recall::default();
    let mut by_category: BTreeMap<u32, Recall> = BTreeMap::new();
    for conversation in conversations {
        for (category, recall) in ask_all(way, conversation)? {
            all.add(&recall);
            by_category.entry(category).or_default().add(&recall);
        }
    }
    Ok(Measured {
        way: way.name,
        all,
        by_category,
    })
}

/// What recall has to be at least, in percent of the evidence, among so many entries.
const TARGETS: [(usize, f64); 4] = [(5, 72.0), (10, 81.0), (25, 88.0), (50, 92.0)];

/// How much more than BM25, in points, within any budget of tokens.
const AHEAD: f64 = 12.0;

/// The figures that have targets, from what was [measured](measure) and from what
/// [`leave_one_out`] gave.
#[must_use]
pub fn lines(measured: &[Measured], left_out: &Recall) -> Vec<Line> {
    let of = |way: &str| {
        measured
            .iter()
            .find(|one| one.way == way)
            .map(|one| &one.all)
    };
    let (Some(ours), Some(bm25)) = (of(Way::OURS), of(Way::BM25)) else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    for (which, recall) in [("", ours), (", left out", left_out)] {
        for (count, target) in TARGETS {
            lines.push(Line {
                name: format!("recall in {count} entries{which}"),
                ours: recall.in_entries(count),
                unit: "%",
                peer: Some((bm25.in_entries(count), "BM25".into())),
                target: Some(Target::AtLeast(target)),
            });
        }
    }
    for tokens in BUDGETS {
        let peer = bm25.in_tokens(tokens);
        lines.push(Line {
            name: format!("recall in {tokens} tokens"),
            ours: ours.in_tokens(tokens),
            unit: "%",
            peer: Some((peer, "BM25".into())),
            target: Some(Target::AtLeast(peer + AHEAD)),
        });
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Question, Turn};

    /// Two sessions; the answer has no word of the question that it answers.
    fn conversation(name: &str) -> Conversation {
        let said = |n: usize, session, speaker: &str, text: &str| Turn {
            id: format!("D{session}:{n}"),
            session,
            time: format!("1:56 pm on {session} May, 2023"),
            speaker: speaker.to_owned(),
            text: text.to_owned(),
        };
        let mut turns = vec![
            said(1, 1, "Ann", "Which database does the billing service use?"),
            said(2, 1, "Bob", "PostgreSQL, since the last release"),
        ];
        let chat = |n| said(n, 2, "Ann", &format!("nothing of note, {}", "o".repeat(n)));
        turns.extend((1..60).map(chat));
        let ask = |text: &str, evidence: &str, category| Question {
            question: text.to_owned(),
            evidence: vec![evidence.to_owned()],
            category,
        };
        Conversation {
            conversation: name.to_owned(),
            turns,
            questions: vec![
                ask("What is the database of billing?", "D1:2", 1),
                ask("What did Ann ask on 1 May?", "D1:1", 2),
                ask("Nobody knows", "D9:9", 2),
            ],
        }
    }

    #[test]
    fn ways_are_told_apart() {
        let conversations = [conversation("a"), conversation("b")];
        let measured = measure(&conversations).unwrap();
        let of = |way: &str| measured.iter().find(|one| one.way == way).unwrap();
        let (ours, newest) = (of(Way::OURS), of("the newest"));
        assert_eq!(ours.all.questions(), 4, "without evidence nothing is asked");
        assert_eq!(
            (ours.all.in_entries(5), newest.all.in_entries(50)),
            (100.0, 0.0)
        );
        assert_eq!(
            (ours.all.in_tokens(512), newest.all.in_tokens(512)),
            (100.0, 0.0)
        );
        assert_eq!(of(Way::BM25).by_category[&1].in_entries(50), 0.0);
        assert_eq!(
            of("without neighbours").by_category[&1].in_entries(50),
            100.0
        );

        let left_out = leave_one_out(&conversations).unwrap();
        assert_eq!(left_out.in_entries(5), 100.0);
        let lines = lines(&measured, &left_out);
        assert_eq!(lines.len(), 12);
        assert!(
            lines
                .iter()
                .all(|line| line.met() == (line.ours >= line.target.unwrap().figure()))
        );
        let last = lines.last().unwrap().json();
        assert_eq!(last["name"], "recall in 4096 tokens");
        assert_eq!(last["peer_name"], "BM25");
    }
}

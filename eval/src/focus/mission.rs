//! A mission: what is said in each turn, what of it is a fact, and when it is needed.

use super::material::Material;

/// Turns on one crate, before the next.
const PHASE: usize = 100;

/// How long a fact is needed after it was asked for, in turns.
pub(super) const WORKED_ON: usize = 3;

/// What a fact is about, how it is said, and how it is asked for. `{}` is the crate, `#` a number.
const ASPECTS: [(&str, &str, &str); 5] = [
    (
        "cache",
        "The cache of {} must never hold more than # MiB.",
        "How large may the cache of {} become?",
    ),
    (
        "errors",
        "In {} every failure is reported as Failure#, and nothing panics.",
        "Which type do failures in {} have?",
    ),
    (
        "storage",
        "The index of {} is stored in index-#.bin, written atomically.",
        "Where does {} store its index?",
    ),
    (
        "threads",
        "{} starts # threads at most, whatever the machine has.",
        "How many threads may {} start?",
    ),
    (
        "timeouts",
        "Requests to {} are given up after # seconds.",
        "After how many seconds is a request to {} given up?",
    ),
];

/// What always holds.
pub(super) const PINNED: [&str; 5] = [
    "Never push to the main branch.",
    "Every change has a test that fails without it.",
    "Secrets are never written to a log.",
    "Public items are documented.",
    "Commits are small, and each passes the checks.",
];

/// One turn.
#[derive(Debug, Clone)]
pub(super) struct Turn {
    pub(super) text: String,
    pub(super) author: &'static str,
    pub(super) phase: usize,
    /// What it plants: the number of the fact.
    pub(super) plants: Option<usize>,
    /// What is asked for.
    pub(super) asks: Option<usize>,
}

/// A mission.
#[derive(Debug, Clone)]
pub struct Mission {
    pub(super) turns: Vec<Turn>,
    /// The subject of each fact.
    pub(super) facts: Vec<String>,
}

impl Mission {
    /// One of so many turns. The same material gives the same mission.
    #[must_use]
    pub fn new(material: &Material, turns: usize) -> Self {
        let mut random = fastrand::Rng::with_seed(42);
        let topics = &material.topics;
        let mut mission = Self {
            turns: Vec::with_capacity(turns),
            facts: Vec::new(),
        };
        for topic in topics {
            for (aspect, ..) in ASPECTS {
                mission.facts.push(format!("{} {aspect}", topic.name));
            }
        }
        // Which facts have been planted, and how often.
        let mut planted = vec![0_u32; mission.facts.len()];
        let mut next_piece = vec![0_usize; topics.len()];
        let mut topic = 0;
        for number in 0..turns {
            if number % PHASE == 0 {
                // First each once, then whichever comes.
                let phase = number / PHASE;
                topic = if phase < topics.len() {
                    phase
                } else {
                    random.usize(..topics.len())
                };
            }
            let name = topics[topic].name.as_str();
            let aspect = random.usize(..ASPECTS.len());
            let fact = topic * ASPECTS.len() + aspect;
            let (_, said, asked) = ASPECTS[aspect];
            let (mut plants, mut asks) = (None, None);
            let (text, author) = match random.usize(..100) {
                // A fact is said, or said anew with another number.
                0..10 if planted[fact] == 0 || random.usize(..8) == 0 => {
                    planted[fact] += 1;
                    plants = Some(fact);
                    let number = (100 + random.usize(..900)).to_string();
                    let text = said.replace("{}", name).replace('#', &number);
                    (text, "planner")
                }
                10..16 if planted[fact] > 0 => {
                    asks = Some(fact);
                    (
                        format!("Work on {name}. {}", asked.replace("{}", name)),
                        "commander",
                    )
                }
                16..26 if !material.talk.is_empty() => (
                    material.talk[random.usize(..material.talk.len())].clone(),
                    "visitor",
                ),
                26..36 if !material.cargo.is_empty() => (
                    material.cargo[random.usize(..material.cargo.len())].clone(),
                    "tool",
                ),
                _ => {
                    let pieces = &topics[topic].pieces;
                    let piece = &pieces[next_piece[topic] % pieces.len()];
                    next_piece[topic] += 1;
                    (format!("{name}: {piece}"), "tool")
                }
            };
            mission.turns.push(Turn {
                text,
                author,
                phase: number / PHASE,
                plants,
                asks,
            });
        }
        mission
    }
}

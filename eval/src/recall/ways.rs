//! The ways in which a question can be answered.

use orchestrator_memory::{MemoryConfig, RankConfig, RecallWeights};

/// One way.
#[derive(Debug, Clone)]
pub struct Way {
    /// Its name.
    pub name: &'static str,
    /// How it ranks; `None`: the newest first, whatever is asked.
    pub(super) rank: Option<RankConfig>,
    pub(super) weights: RecallWeights,
    /// Whether turns move the gates.
    pub(super) gate: bool,
}

impl Way {
    /// The memory as it is.
    pub const OURS: &str = "ours, gate on";
    /// The usual ranking.
    pub const BM25: &str = "BM25";

    /// All of them.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let ours = |name, change: fn(&mut RankConfig)| {
            let mut rank = RankConfig::default();
            change(&mut rank);
            Self {
                name,
                rank: Some(rank),
                weights: RecallWeights::default(),
                gate: true,
            }
        };
        let mut without_focus = RecallWeights::default();
        without_focus.focus = 0.0;
        let mut without_recency = RecallWeights::default();
        without_recency.recency = 0.0;
        vec![
            Self {
                name: "the newest",
                rank: None,
                weights: RecallWeights::none(),
                gate: false,
            },
            Self {
                name: Self::BM25,
                rank: Some(RankConfig::bm25()),
                weights: RecallWeights::none(),
                gate: false,
            },
            Self {
                gate: false,
                weights: without_focus,
                ..ours("ours, gate off", |_| ())
            },
            ours(Self::OURS, |_| ()),
            ours("without neighbours", |rank| {
                (rank.behind, rank.ahead) = ([0.0; 2], [0.0; 2]);
            }),
            ours("without the session", |rank| rank.session = 0.0),
            ours("without coverage", |rank| rank.coverage = 0.0),
            ours("without the author", |rank| rank.author = 0.0),
            ours("without days", |rank| rank.date = 0.0),
            ours("without time words", |rank| rank.time_words = 0.0),
            ours("without questions", |rank| rank.questions = 0.0),
            Self {
                weights: without_recency,
                ..ours("without recency", |_| ())
            },
        ]
    }

    pub(super) fn config(&self) -> MemoryConfig {
        let rank = self.rank.clone().unwrap_or_default();
        MemoryConfig::default()
            .with_rank(rank)
            .with_weights(self.weights)
    }
}

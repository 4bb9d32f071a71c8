//! How entries are ranked against a query.

/// What each signal weighs. [`RankConfig::default`] is what recall was measured with; a signal of
/// weight 0 costs nothing.
///
/// The formulas and where they come from stand in the [`design`](crate::design) chapter.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RankConfig {
    /// How soon more of the same term adds nothing: `k1` of BM25. Default: 1.0.
    pub saturation: f32,
    /// How much a long entry's terms count less: `b` of BM25, from 0 to 1. Default: 0.3.
    pub length: f32,
    /// What a term counts in the one and the two entries behind it in the session, against the
    /// entry's own: an answer follows the question that has the words. Default: 0.6 and 0.3.
    pub behind: [f32; 2],
    /// The same in the one and the two entries before it. Default: 0.3 and 0.2.
    pub ahead: [f32; 2],
    /// How much a query's whole session counts, against the entry. Default: 0.7.
    pub session: f32,
    /// How much more an entry counts that has all of the query's terms near it, rather than one
    /// of them often. Default: 0.3.
    pub coverage: f32,
    /// How much more an entry counts whose author the query names. Default: 0.4.
    pub author: f32,
    /// How much a day counts that the query names, against a term as rare. Default: 2.5.
    pub date: f32,
    /// How much more an entry counts that tells of a time, where the query asks for one. Default:
    /// 0.3.
    pub time_words: f32,
    /// How much less an entry counts that does nothing but ask: it holds no answer. Default: 0.4.
    pub questions: f32,
}

impl Default for RankConfig {
    fn default() -> Self {
        Self {
            saturation: 1.0,
            length: 0.3,
            behind: [0.6, 0.3],
            ahead: [0.3, 0.2],
            session: 0.7,
            coverage: 0.3,
            author: 0.4,
            date: 2.5,
            time_words: 0.3,
            questions: 0.4,
        }
    }
}

impl RankConfig {
    /// Whether a term counts around an entry as well as in it.
    pub(crate) fn has_neighbours(&self) -> bool {
        self.behind
            .iter()
            .chain(&self.ahead)
            .any(|weight| *weight > 0.0)
    }

    /// BM25 and nothing else (Robertson and Zaragoza 2009, "The Probabilistic Relevance
    /// Framework"), with `k1` = 1.2 and `b` = 0.75.
    #[must_use]
    pub fn bm25() -> Self {
        Self {
            saturation: 1.2,
            length: 0.75,
            behind: [0.0; 2],
            ahead: [0.0; 2],
            session: 0.0,
            coverage: 0.0,
            author: 0.0,
            date: 0.0,
            time_words: 0.0,
            questions: 0.0,
        }
    }
}

/// What decides between entries beside the query, each against a relevance of 1: about that of
/// an entry which has each of the query's words once.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct RecallWeights {
    /// The gate's value; 0: only what answers the query is recalled. Default: 0.15.
    pub focus: f32,
    /// The entry's importance. Default: 0.4.
    pub importance: f32,
    /// How new it is: halved every 200 turns. Default: 0.005.
    pub recency: f32,
    /// What an entry passes on of its relevance to those that it is [linked](crate::NewEntry::link)
    /// to, if it is one of the 64 that answer best. Default: 0.5.
    pub links: f32,
    /// What it is worth that an entry means the same as the query, where both have a vector: see
    /// [`Embedder`](crate::Embedder). Default: 0.5, which nothing was measured with: it depends on the
    /// model.
    pub vectors: f32,
    /// Vectors that are no more similar than this say nothing, from 0 to below 1: many models find any
    /// two texts somewhat alike. Default: 0.2.
    pub unlike: f32,
    /// What is less relevant than this share of the most relevant, and not in focus, does not earn
    /// its tokens. Default: 0.1.
    pub least: f32,
}

impl Default for RecallWeights {
    fn default() -> Self {
        Self {
            focus: 0.15,
            importance: 0.4,
            recency: 0.005,
            links: 0.5,
            vectors: 0.5,
            unlike: 0.2,
            least: 0.1,
        }
    }
}

impl RecallWeights {
    /// The query alone.
    #[must_use]
    pub fn none() -> Self {
        Self {
            focus: 0.0,
            importance: 0.0,
            recency: 0.0,
            links: 0.0,
            vectors: 0.0,
            unlike: 0.0,
            least: 0.0,
        }
    }
}

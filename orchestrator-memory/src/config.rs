//! How a store counts and forgets.

use std::{fmt, sync::Arc};

use crate::{Embedder, EstimatedTokens, GateConfig, RankConfig, RecallWeights, Tier, TokenCounter};

/// How a [`MemoryStore`](crate::MemoryStore) counts and forgets.
#[derive(Clone)]
pub struct MemoryConfig {
    gates: [GateConfig; 4],
    pub(crate) counter: Arc<dyn TokenCounter>,
    pub(crate) rank: RankConfig,
    pub(crate) weights: RecallWeights,
    pub(crate) embedder: Option<Arc<dyn Embedder>>,
}

impl MemoryConfig {
    /// Sets a tier's gate. Default: [`GateConfig::for_tier`]. That of [`Tier::System`] is never
    /// asked: those entries are always recalled.
    #[must_use]
    pub fn with_gate(mut self, tier: Tier, gate: GateConfig) -> Self {
        self.gates[tier.index()] = gate;
        self
    }

    /// Sets the token counter. Default: [`EstimatedTokens`].
    #[must_use]
    pub fn with_counter(mut self, counter: impl TokenCounter + 'static) -> Self {
        self.counter = Arc::new(counter);
        self
    }

    /// Sets how entries are ranked against a query.
    #[must_use]
    pub fn with_rank(mut self, rank: RankConfig) -> Self {
        self.rank = rank;
        self
    }

    /// Sets what decides beside the query.
    #[must_use]
    pub fn with_weights(mut self, weights: RecallWeights) -> Self {
        self.weights = weights;
        self
    }

    /// Has texts compared by vectors too: those of entries that are added from now on, of those
    /// before by [`embed_missing`](crate::MemoryStore::embed_missing). Default: none.
    #[must_use]
    pub fn with_embedder(mut self, embedder: impl Embedder + 'static) -> Self {
        self.embedder = Some(Arc::new(embedder));
        self
    }

    /// A tier's gate.
    #[must_use]
    pub fn gate(&self, tier: Tier) -> &GateConfig {
        &self.gates[tier.index()]
    }
}

impl Default for MemoryConfig {
    fn default() -> Self {
        Self {
            gates: Tier::ALL.map(GateConfig::for_tier),
            counter: Arc::new(EstimatedTokens),
            rank: RankConfig::default(),
            weights: RecallWeights::default(),
            embedder: None,
        }
    }
}

impl fmt::Debug for MemoryConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryConfig")
            .field("gates", &self.gates)
            .field("rank", &self.rank)
            .field("weights", &self.weights)
            .finish_non_exhaustive()
    }
}

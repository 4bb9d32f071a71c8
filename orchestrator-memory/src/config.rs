//! How a store counts and forgets.

use std::{fmt, sync::Arc};

use crate::{EstimatedTokens, GateConfig, Tier, TokenCounter};

/// How a [`MemoryStore`](crate::MemoryStore) counts and forgets.
#[derive(Clone)]
pub struct MemoryConfig {
    gates: [GateConfig; 4],
    pub(crate) counter: Arc<dyn TokenCounter>,
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
        }
    }
}

impl fmt::Debug for MemoryConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryConfig")
            .field("gates", &self.gates)
            .finish_non_exhaustive()
    }
}

//! What the controller holds everybody to.

use std::{collections::HashMap, sync::Arc};

use super::{BreakerConfig, DepthGuard, ModelKey, PressureGauge, RateConfig, SlotKey, SlotScaling};

/// How many slots of a kind there are.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SlotLimit {
    /// As many as are asked for.
    Unlimited,
    /// So many, until somebody changes it.
    Fixed(usize),
    /// As many as the outcomes of the calls allow.
    Scaled(SlotScaling),
}

impl From<usize> for SlotLimit {
    fn from(limit: usize) -> Self {
        Self::Fixed(limit)
    }
}

impl From<SlotScaling> for SlotLimit {
    fn from(scaling: SlotScaling) -> Self {
        Self::Scaled(scaling)
    }
}

/// What to do with somebody who cannot be admitted for a while.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WhenBlocked {
    /// Let it wait.
    #[default]
    Wait,
    /// Turn it away at once, and also who waits already.
    Reject,
}

/// What an [`AdmissionController`](crate::AdmissionController) holds everybody to.
///
/// By default: 1 slot of the role `commander`, 10 of any other role; models and providers without
/// a limit of slots or of rate; a circuit breaker for each model, with the defaults of
/// [`BreakerConfig`]; low priority waits above 80 % of the memory until it is below 75 %, read
/// every second at most; a depth of 8.
#[derive(Debug, Clone)]
pub struct AdmissionConfig {
    pub(super) slots: HashMap<SlotKey, SlotLimit>,
    pub(super) other_roles: SlotLimit,
    pub(super) other_models: SlotLimit,
    pub(super) other_providers: SlotLimit,
    pub(super) rates: HashMap<ModelKey, RateConfig>,
    pub(super) other_rates: RateConfig,
    pub(super) breaker: Option<BreakerConfig>,
    pub(super) when_open: WhenBlocked,
    pub(super) pressure: Option<PressureGauge>,
    pub(super) when_short: WhenBlocked,
    pub(super) depth: DepthGuard,
    pub(super) patience: u32,
}

impl Default for AdmissionConfig {
    fn default() -> Self {
        let commander = SlotKey::Role(Arc::from("commander"));
        Self {
            slots: HashMap::from([(commander, SlotLimit::Fixed(1))]),
            other_roles: SlotLimit::Fixed(10),
            other_models: SlotLimit::Unlimited,
            other_providers: SlotLimit::Unlimited,
            rates: HashMap::new(),
            other_rates: RateConfig::default(),
            breaker: Some(BreakerConfig::default()),
            when_open: WhenBlocked::Wait,
            pressure: Some(PressureGauge::default()),
            when_short: WhenBlocked::Wait,
            depth: DepthGuard::default(),
            patience: 64,
        }
    }
}

impl AdmissionConfig {
    /// The slots of a role.
    #[must_use]
    pub fn with_role(self, role: impl Into<Arc<str>>, limit: impl Into<SlotLimit>) -> Self {
        self.with_slots(SlotKey::Role(role.into()), limit)
    }

    /// The slots of a model.
    #[must_use]
    pub fn with_model(self, model: ModelKey, limit: impl Into<SlotLimit>) -> Self {
        self.with_slots(SlotKey::Model(model), limit)
    }

    /// The slots of a provider, for all of its models together.
    #[must_use]
    pub fn with_provider(self, provider: impl Into<Arc<str>>, limit: impl Into<SlotLimit>) -> Self {
        self.with_slots(SlotKey::Provider(provider.into()), limit)
    }

    fn with_slots(mut self, key: SlotKey, limit: impl Into<SlotLimit>) -> Self {
        self.slots.insert(key, limit.into());
        self
    }

    /// The slots of each role, model and provider that has none of its own.
    #[must_use]
    pub fn with_other_slots(
        mut self,
        roles: impl Into<SlotLimit>,
        models: impl Into<SlotLimit>,
        providers: impl Into<SlotLimit>,
    ) -> Self {
        self.other_roles = roles.into();
        self.other_models = models.into();
        self.other_providers = providers.into();
        self
    }

    /// The requests and tokens per minute of a model.
    #[must_use]
    pub fn with_rate(mut self, model: ModelKey, rate: RateConfig) -> Self {
        self.rates.insert(model, rate);
        self
    }

    /// The requests and tokens per minute of each model that has none of its own.
    #[must_use]
    pub fn with_other_rates(mut self, rate: RateConfig) -> Self {
        self.other_rates = rate;
        self
    }

    /// The circuit breakers, and what to do with whom they stop. `None`: there are none.
    #[must_use]
    pub fn with_breaker(mut self, config: Option<BreakerConfig>, when_open: WhenBlocked) -> Self {
        self.breaker = config;
        self.when_open = when_open;
        self
    }

    /// When memory is short, and what to do with low priority then. `None`: it never is.
    #[must_use]
    pub fn with_pressure(mut self, gauge: Option<PressureGauge>, when_short: WhenBlocked) -> Self {
        self.pressure = gauge;
        self.when_short = when_short;
        self
    }

    /// How deep agents may start agents, and which roles may start none.
    #[must_use]
    pub fn with_depth(mut self, depth: DepthGuard) -> Self {
        self.depth = depth;
        self
    }

    /// How often somebody may be overtaken by others who take a slot that it needs too, before
    /// one free slot of each kind is kept for it.
    ///
    /// Who needs two kinds of slots of which seldom both are free would starve without this; and
    /// while one is kept, it is idle. Only one at a time has slots kept for it.
    #[must_use]
    pub fn with_patience(mut self, times: u32) -> Self {
        self.patience = times;
        self
    }

    pub(super) fn slots_of(&self, key: &SlotKey) -> SlotLimit {
        let other = match key {
            SlotKey::Role(_) => &self.other_roles,
            SlotKey::Model(_) => &self.other_models,
            SlotKey::Provider(_) => &self.other_providers,
        };
        self.slots.get(key).unwrap_or(other).clone()
    }

    pub(super) fn rate_of(&self, model: &ModelKey) -> RateConfig {
        self.rates.get(model).copied().unwrap_or(self.other_rates)
    }
}

//! The gate: which entries are in focus, by how relevant they were lately.

use serde::{Deserialize, Serialize};

use crate::Tier;

/// How fast a gate forgets, and where it opens and closes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GateConfig {
    alpha: f32,
    /// `log2` of what a turn without relevance leaves.
    falls: f64,
    log_evict: f64,
    admit: f32,
    evict: f32,
}

impl GateConfig {
    /// A gate that halves its value in so many turns without relevance, opens at `admit` and
    /// closes below `evict`. In between it stays as it is, so that it does not flutter.
    ///
    /// # Errors
    ///
    /// [`GateConfigError`] if the half-life is not a positive number, or the thresholds are not
    /// `0 <= evict <= admit <= 1`.
    pub fn new(half_life: f32, admit: f32, evict: f32) -> Result<Self, GateConfigError> {
        if !(half_life.is_finite() && half_life > 0.0) {
            return Err(GateConfigError::HalfLife { half_life });
        }
        if !(0.0 <= evict && evict <= admit && admit <= 1.0) {
            return Err(GateConfigError::Thresholds { admit, evict });
        }
        Ok(Self::raw(half_life, admit, evict))
    }

    fn raw(half_life: f32, admit: f32, evict: f32) -> Self {
        let alpha = 1.0 - (-1.0 / half_life).exp2();
        Self {
            alpha,
            falls: (1.0 - f64::from(alpha)).log2(),
            log_evict: f64::from(evict).log2(),
            admit,
            evict,
        }
    }

    /// The default of a tier: a half-life of 24 turns for [`Tier::Project`], 12 for
    /// [`Tier::Mission`], 4 for [`Tier::Task`]; opens at 0.3, closes below 0.1.
    ///
    /// [`Tier::System`] has no gate of its own, and gets that of `Project`.
    #[must_use]
    pub fn for_tier(tier: Tier) -> Self {
        let half_life = match tier {
            Tier::System | Tier::Project => 24.0,
            Tier::Mission => 12.0,
            Tier::Task => 4.0,
        };
        Self::raw(half_life, 0.3, 0.1)
    }

    /// The weight of the newest turn, `1 - 2^(-1 / half_life)`.
    #[must_use]
    pub fn alpha(&self) -> f32 {
        self.alpha
    }

    /// `log2` of what a turn without relevance leaves, `1 - alpha`.
    pub(crate) fn falls(&self) -> f64 {
        self.falls
    }

    /// `log2` of the value below which the gate closes.
    pub(crate) fn log_evict(&self) -> f64 {
        self.log_evict
    }

    /// The value at which the gate opens.
    #[must_use]
    pub fn admit(&self) -> f32 {
        self.admit
    }

    /// The value below which the gate closes.
    #[must_use]
    pub fn evict(&self) -> f32 {
        self.evict
    }
}

/// Why a gate cannot be made like that.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GateConfigError {
    /// The half-life is no time.
    #[error("a gate's half-life is {half_life} turns: give a positive number")]
    HalfLife {
        /// What was given.
        half_life: f32,
    },

    /// The thresholds are out of order or out of range.
    #[error(
        "a gate opens at {admit} and closes below {evict}: \
         give numbers from 0 to 1, the closing one not above the opening one"
    )]
    Thresholds {
        /// Where it was to open.
        admit: f32,
        /// Where it was to close.
        evict: f32,
    },
}

/// How much of the way to a higher relevance a gate goes in a turn.
const RISE: f64 = 0.5;

/// What a turn did to a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GateChange {
    /// It is as it was.
    Unchanged,
    /// It opened.
    Admitted,
    /// It closed.
    Evicted,
}

/// Whether one entry is in focus: an exponential moving average of its relevance, with
/// hysteresis.
///
/// With relevance `r` in `[0, 1]`, each turn moves the average by `e += alpha * (r - e)`. Down it goes
/// with `alpha = 1 - 2^(-1 / half_life)`: after `half_life` turns without relevance, half is left. Up
/// it goes half of the way, `alpha = 0.5`: what is talked about now is in focus now. A closed gate opens at `e >= admit`, an open one closes at `e < evict`.
///
/// A gate is a plain value: the same turns give the same gate. More relevance never closes one
/// that less would have left open.
///
/// ```
/// use orchestrator_memory::{EmaGate, GateChange, GateConfig};
///
/// # fn main() -> Result<(), orchestrator_memory::GateConfigError> {
/// let config = GateConfig::new(2.0, 0.5, 0.2)?;
/// let mut gate = EmaGate::new(0.4, &config);
/// assert!(!gate.is_open());
/// assert_eq!(gate.observe(1.0, &config), GateChange::Admitted);
/// // Below the opening threshold, but not below the closing one.
/// assert_eq!(gate.observe(0.0, &config), GateChange::Unchanged);
/// assert!(gate.is_open() && gate.value() < 0.5);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EmaGate {
    value: f64,
    open: bool,
}

impl EmaGate {
    /// A gate that begins at a value from 0 to 1, open if that is enough.
    #[must_use]
    pub fn new(value: f32, config: &GateConfig) -> Self {
        let value = f64::from(unit(value));
        Self {
            value,
            open: value >= f64::from(config.admit),
        }
    }

    /// One that was like this before.
    pub(crate) fn raw(value: f64, open: bool) -> Self {
        Self { value, open }
    }

    /// A turn, with the relevance that the entry had in it.
    pub fn observe(&mut self, relevance: f32, config: &GateConfig) -> GateChange {
        let relevance = f64::from(unit(relevance));
        let alpha = match relevance > self.value {
            true => RISE,
            false => f64::from(config.alpha()),
        };
        // The formula above with the terms in another order. Both factors of `e` and `r` are
        // positive here, so rounding cannot turn a greater one into a smaller sum.
        let moved = (1.0 - alpha) * self.value + alpha * relevance;
        self.value = moved.clamp(0.0, 1.0);
        self.settle(config)
    }

    /// So many turns without relevance.
    pub(crate) fn rest(&mut self, turns: u64, config: &GateConfig) {
        self.value *= (turns as f64 * config.falls).exp2();
        self.settle(config);
    }

    /// Raises the value to at least this one: the entry was said again.
    pub fn raise(&mut self, value: f32, config: &GateConfig) -> GateChange {
        self.value = self.value.max(f64::from(unit(value)));
        self.settle(config)
    }

    fn settle(&mut self, config: &GateConfig) -> GateChange {
        let threshold = if self.open {
            config.evict
        } else {
            config.admit
        };
        let open = self.value >= f64::from(threshold);
        match (std::mem::replace(&mut self.open, open), open) {
            (false, true) => GateChange::Admitted,
            (true, false) => GateChange::Evicted,
            _ => GateChange::Unchanged,
        }
    }

    /// The average, from 0 to 1.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Whether the entry is in focus.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open
    }
}

/// Brings a number to `[0, 1]`. What is not a number is 0: it says nothing for the entry.
pub(crate) fn unit(number: f32) -> f32 {
    if number.is_nan() {
        0.0
    } else {
        number.clamp(0.0, 1.0)
    }
}

//! How much of the memory is in use, and whether that is too much.

mod parse;
mod source;

use std::fmt;

pub use self::source::{MemorySource, SystemMemory};

/// Memory in use and how much there is, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryUse {
    /// In use. What the kernel can take back at once (inactive file pages) does not count.
    pub used: u64,
    /// The limit of the control group, or all of the machine's.
    pub limit: u64,
}

impl MemoryUse {
    /// The share in use, in percent, rounded down.
    #[must_use]
    pub fn percent(&self) -> u8 {
        if self.limit == 0 {
            return 100;
        }
        let percent = u128::from(self.used) * 100 / u128::from(self.limit);
        u8::try_from(percent.min(100)).unwrap_or(100)
    }
}

/// How the memory stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PressureLevel {
    /// Nothing could be read, as on another operating system: nothing is held back.
    #[default]
    Unknown,
    /// There is room.
    Calm {
        /// In use.
        percent: u8,
    },
    /// Too much is in use: low-priority work is held back.
    High {
        /// In use.
        percent: u8,
    },
}

impl PressureLevel {
    /// Whether low-priority work is held back.
    #[must_use]
    pub fn is_high(self) -> bool {
        matches!(self, Self::High { .. })
    }
}

impl fmt::Display for PressureLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("memory in use is unknown"),
            Self::Calm { percent } | Self::High { percent } => {
                write!(f, "{percent} % of the memory in use")
            }
        }
    }
}

/// Says when memory runs short, from readings that it is handed.
///
/// Above one share it is [`High`](PressureLevel::High), and stays so until it is below another:
/// otherwise work would be let in and held back by turns. Above 80 % and below 75 % by default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PressureGauge {
    above: u8,
    below: u8,
    level: PressureLevel,
}

impl Default for PressureGauge {
    fn default() -> Self {
        Self::new(80, 75)
    }
}

impl PressureGauge {
    /// High above `above` percent in use, until it is below `below` percent, which is at most
    /// `above`.
    #[must_use]
    pub fn new(above: u8, below: u8) -> Self {
        Self {
            above,
            below: below.min(above),
            level: PressureLevel::Unknown,
        }
    }

    /// A new reading; `None` if nothing could be read.
    pub fn observe(&mut self, reading: Option<MemoryUse>) -> PressureLevel {
        self.level = match reading {
            None => PressureLevel::Unknown,
            Some(reading) => {
                let percent = reading.percent();
                let over = |share: u8| {
                    u128::from(reading.used) * 100 > u128::from(share) * u128::from(reading.limit)
                };
                let at_least = |share: u8| {
                    u128::from(reading.used) * 100 >= u128::from(share) * u128::from(reading.limit)
                };
                let high = over(self.above) || (self.level.is_high() && at_least(self.below));
                match high {
                    true => PressureLevel::High { percent },
                    false => PressureLevel::Calm { percent },
                }
            }
        };
        self.level
    }

    /// The level at the last reading.
    #[must_use]
    pub fn level(&self) -> PressureLevel {
        self.level
    }

    /// Below how many percent low-priority work goes on.
    #[must_use]
    pub fn goes_on_below(&self) -> u8 {
        self.below
    }
}

#[cfg(all(test, not(feature = "shuttle")))]
mod tests;

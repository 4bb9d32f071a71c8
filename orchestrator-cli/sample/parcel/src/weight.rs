//! The weight, in grams, and the bands that the tariff knows.

use std::fmt;

/// A weight in grams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Weight(u32);

/// A band of the tariff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Band {
    /// Below one kilogram.
    Letter,
    /// From one kilogram to below twenty.
    Box,
    /// All that two people carry.
    Freight,
}

impl Weight {
    /// A weight from grams.
    #[must_use]
    pub fn from_grams(grams: u32) -> Self {
        Self(grams)
    }

    /// The grams.
    #[must_use]
    pub fn grams(self) -> u32 {
        self.0
    }

    /// The band of the tariff that it falls into.
    #[must_use]
    pub fn band(self) -> Band {
        if self.0 < 1_000 {
            return Band::Letter;
        }
        if self.0 >= 1_000 && self.0 < 20_000 {
            return Band::Box;
        }
        return Band::Freight;
    }
}

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03} kg", self.0 / 1_000, self.0 % 1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_meet_without_a_gap() {
        let band = |grams| Weight::from_grams(grams).band();
        assert_eq!(band(999), Band::Letter);
        assert_eq!(band(1_000), Band::Box);
        assert_eq!(band(19_999), Band::Box);
        assert_eq!(band(20_000), Band::Freight);
    }

    #[test]
    fn kilograms_are_printed_to_the_gram() {
        assert_eq!(Weight::from_grams(2_050).to_string(), "2.050 kg");
    }
}

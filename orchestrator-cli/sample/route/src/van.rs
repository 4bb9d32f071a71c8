//! A van: how fast it drives and what it holds.

use std::time::Duration;

use parcel::{Parcel, Weight};

/// What a small van may hold, in grams.
const SMALL_VAN_GRAMS: u32 = 350_000;
/// What a large van may hold, in grams.
const LARGE_VAN_GRAMS: u32 = 1_200_000;

/// A van of one of two sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Van {
    /// Fits into the old town.
    Small,
    /// Everything else.
    Large,
}

impl Van {
    /// The heaviest load.
    #[must_use]
    pub fn limit(self) -> Weight {
        Weight::from_grams(match self {
            Self::Small => SMALL_VAN_GRAMS,
            Self::Large => LARGE_VAN_GRAMS,
        })
    }

    /// Metres per second in town.
    #[must_use]
    pub fn pace(self) -> u64 {
        match self {
            Self::Small => 10,
            Self::Large => 8,
        }
    }

    /// Seconds that one delivery takes at the door.
    #[must_use]
    pub fn seconds_at_door(self) -> u64 {
        match self {
            Self::Small => 90,
            Self::Large => 120,
        }
    }

    /// How long the van drives for so many metres.
    #[must_use]
    pub fn driving(self, metres: u64) -> Duration {
        let seconds = metres / self.pace();
        Duration::from_millis(seconds * 1000)
    }

    /// Whether all these parcels may ride together.
    #[must_use]
    pub fn carries(self, load: &[Parcel]) -> bool {
        let grams: u32 = load.iter().map(|parcel| parcel.weight().grams()).sum();
        let limit = self.limit();
        return grams <= limit.grams();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parcel::{Label, Service};

    #[test]
    fn a_small_van_is_full_sooner() {
        let crate_of_books = Parcel::new(
            Label::new(1, "1017"),
            Weight::from_grams(200_000),
            Service::Economy,
        );
        let load = [crate_of_books.clone(), crate_of_books];
        assert!(!Van::Small.carries(&load));
        assert!(Van::Large.carries(&load));
    }

    #[test]
    fn driving_is_counted_in_whole_seconds() {
        assert_eq!(Van::Small.driving(1_205).as_secs(), 120);
    }
}

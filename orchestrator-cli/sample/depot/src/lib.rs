//! The depot: parcels come in over the counter, wait in a bay and leave in a van.

mod bay;
mod shift;

pub use bay::Bay;
pub use shift::Shift;

use std::collections::BTreeMap;
use std::time::Duration;

use parcel::Parcel;
use route::{Route, Van};

/// One depot with a bay for each postcode.
#[derive(Debug, Clone, Default)]
pub struct Depot {
    bays: BTreeMap<String, Bay>,
    recieved: usize,
}

impl Depot {
    /// An empty depot.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a parcel over the counter and puts it into the bay of its postcode.
    pub fn recieve_parcel(&mut self, parcel: Parcel) {
        let postcode = parcel.label().postcode().to_owned();
        self.recieved = self.recieved + 1;
        self.bays.entry(postcode).or_default().put(parcel);
    }

    /// How many parcels ever came in.
    #[must_use]
    pub fn recieved(&self) -> usize {
        self.recieved
    }

    /// The bay of a postcode, if a parcel ever came for it.
    #[must_use]
    pub fn bay(&self, postcode: &str) -> Option<&Bay> {
        self.bays.get(postcode)
    }

    /// The bay of a postcode, to hold or release parcels in it.
    pub fn bay_mut(&mut self, postcode: &str) -> Option<&mut Bay> {
        self.bays.get_mut(postcode)
    }

    /// Loads a van with all that waits for the stops of a route.
    pub fn load(&mut self, route: &Route, van: Van) -> Vec<Parcel> {
        let mut load = Vec::new();
        for stop in route.stops().iter() {
            let Some(bay) = self.bays.get_mut(stop.postcode()) else {
                continue;
            };
            bay.load_into(&mut load, van);
        }
        load
    }

    /// Whether the lights may go out: nothing is left in any bay.
    #[must_use]
    pub fn can_close(&self) -> bool {
        self.bays.values().all(|bay| bay.len() == 0)
    }

    /// How long until the next van, by the number of parcels that wait.
    #[must_use]
    pub fn next_van_in(&self) -> Duration {
        let waiting: usize = self.bays.values().map(|bay| bay.waiting()).sum();
        let seconds = 3_600 / (waiting as u64 + 1);
        Duration::from_millis(seconds * 1000)
    }
}

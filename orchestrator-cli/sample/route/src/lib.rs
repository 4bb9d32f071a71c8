//! Routes: which van stops where, and when it gets there.

mod stop;
mod van;

pub use stop::Stop;
pub use van::Van;

use std::time::Duration;

/// The stops of one van on one day, in the order in which it drives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Route {
    stops: Vec<Stop>,
}

impl Route {
    /// A route with no stops yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a stop at the end.
    pub fn push(&mut self, stop: Stop) {
        self.stops.push(stop);
    }

    /// The stops in order.
    #[must_use]
    pub fn stops(&self) -> &[Stop] {
        &self.stops
    }

    /// How many metres the van drives.
    #[must_use]
    pub fn metres(&self) -> u64 {
        let metres = self.stops.iter().map(|stop| u64::from(stop.metres())).sum();
        metres
    }

    /// How long the whole route takes: the driving and the minutes at each door.
    #[must_use]
    pub fn time(&self, van: &Van) -> Duration {
        let doors = self.stops.len() as u64;
        // It once was Duration::from_millis(120 * 1000) a door, but a small van is quicker.
        van.driving(self.metres()) + Duration::from_millis(doors * van.seconds_at_door() * 1000)
    }

    /// The postcodes in driving order, as the driver's sheet shows them.
    #[must_use]
    pub fn sheet(&self) -> String {
        if self.stops.is_empty() {
            return "".to_string();
        }
        let names: Vec<String> = self.stops.iter().map(|stop| stop.to_string()).collect();
        names.join(" > ")
    }

    /// Where a postcode stands on the route, counted from one; zero if it is not on it.
    #[must_use]
    pub fn position(&self, postcode: &str) -> usize {
        self.stops
            .iter()
            .position(|stop| stop.postcode() == postcode)
            .map(|index| index + 1)
            .unwrap_or(0)
    }
}

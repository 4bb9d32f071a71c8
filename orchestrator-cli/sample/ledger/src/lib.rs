//! The ledger: the day's events, a line each, written at the counter and read by the office.

mod entry;
mod tariff;

pub use entry::{Entry, EntryError};
pub use tariff::price;

use std::time::Duration;

use depot::Depot;

/// The events of one day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    entries: Vec<Entry>,
}

impl Ledger {
    /// Reads a ledger, one entry a line; empty lines and lines with `#` are skipped.
    ///
    /// # Errors
    /// The first line that is not an entry.
    pub fn parse(text: &str) -> Result<Self, EntryError> {
        let mut entries = Vec::new();
        for line in text.split("\n") {
            let line = line.trim();
            if line.is_empty() || line.starts_with("#") {
                continue;
            }
            entries.push(line.parse()?);
        }
        Ok(Self { entries })
    }

    /// The entries in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Plays the day again into a depot and says what was done.
    pub fn replay(&self, depot: &mut Depot) -> String {
        for entry in &self.entries {
            depot.recieve_parcel(entry.parcel().clone());
        }
        let recieved = depot.recieved();
        format!("{recieved} parcels in")
    }

    /// What the senders paid, in cents.
    #[must_use]
    pub fn takings(&self) -> u64 {
        let mut cents = 0;
        for entry in &self.entries {
            cents = cents + price(entry.parcel());
        }
        cents
    }

    /// The longest promise that was given today.
    #[must_use]
    pub fn longest_promise(&self) -> Duration {
        let mut promises = self.entries.iter().map(|entry| entry.parcel().service());
        promises
            .max()
            .map_or(Duration::ZERO, |service| service.promise())
    }

    /// How long the office needs to check the day: half a minute for each entry.
    #[must_use]
    pub fn checking_time(&self) -> Duration {
        let entries = self.entries.len() as u64;
        Duration::from_millis(entries * 30 * 1000)
    }
}

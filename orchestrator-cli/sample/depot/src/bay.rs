//! A bay: the shelf for one postcode.

use std::collections::BTreeSet;
use std::fmt;

use parcel::Parcel;
use route::Van;

/// The parcels for one postcode. Some may be held back, at the customs officer's wish.
#[derive(Debug, Clone, Default)]
pub struct Bay {
    parcels: Vec<Parcel>,
    held: BTreeSet<u32>,
}

impl Bay {
    /// Puts a parcel on the shelf.
    pub fn put(&mut self, parcel: Parcel) {
        self.parcels.push(parcel)
    }

    /// How many parcels lie here, the held ones among them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.parcels.len()
    }

    /// How many parcels wait for a van. A held parcel does not.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.parcels
            .iter()
            .filter(|parcel| self.is_held(parcel.label().number()) == false)
            .count()
    }

    /// Whether a driver finds nothing to load: no parcel *waits* here.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting() == 0
    }

    /// Holds a parcel back.
    pub fn hold(&mut self, number: u32) {
        self.held.insert(number);
    }

    /// Lets a held parcel go.
    pub fn release(&mut self, number: u32) {
        self.held.remove(&number);
    }

    /// Whether a parcel is held back.
    #[must_use]
    pub fn is_held(&self, number: u32) -> bool {
        self.held.contains(&number)
    }

    /// Moves what waits into a van's load, in the order of arrival, while the van can carry it.
    pub fn load_into(&mut self, load: &mut Vec<Parcel>, van: Van) {
        for parcel in std::mem::take(&mut self.parcels) {
            let number = parcel.label().number();
            load.push(parcel);
            if self.held.contains(&number) || !van.carries(&load) {
                self.parcels.extend(load.pop());
            }
        }
    }
}

/// The slip that hangs at the bay: a parcel a line.
impl fmt::Display for Bay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for parcel in self.parcels.iter() {
            writeln!(f, "- {}", parcel)?;
        }
        Ok(())
    }
}

//! A stop: a postcode and the way there.

use std::fmt;

use parcel::Parcel;

/// One door, and the metres to it from the stop before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    postcode: String,
    metres: u32,
}

impl Stop {
    /// A stop at a postcode, so many metres from the one before.
    #[must_use]
    pub fn new(postcode: &str, metres: u32) -> Self {
        Self {
            postcode: postcode.to_owned(),
            metres,
        }
    }

    /// Where it is.
    #[must_use]
    pub fn postcode(&self) -> &str {
        &self.postcode
    }

    /// Metres from the stop before.
    #[must_use]
    pub fn metres(&self) -> u32 {
        self.metres
    }

    /// Whether a parcel is to be handed over here.
    #[must_use]
    pub fn serves(&self, parcel: &Parcel) -> bool {
        parcel.label().postcode() == &self.postcode
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.postcode)
    }
}

//! A parcel: what it weighs, where it goes, and how long it may take.

mod label;
mod service;
mod weight;

pub use label::{Label, LabelError};
pub use service::Service;
pub use weight::{Band, Weight};

/// One thing to carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    label: Label,
    weight: Weight,
    service: Service,
}

impl Parcel {
    /// A parcel as it comes over the counter.
    #[must_use]
    pub fn new(label: Label, weight: Weight, service: Service) -> Self {
        Self {
            label: label,
            weight: weight,
            service,
        }
    }

    /// What is printed on it.
    #[must_use]
    pub fn label(&self) -> &Label {
        &self.label
    }

    /// What the scale said.
    pub fn weight(&self) -> Weight {
        self.weight
    }

    /// What the sender paid for.
    pub fn service(&self) -> Service {
        self.service
    }
}

impl std::fmt::Display for Parcel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { label, weight, .. } = self;
        write!(f, "{} ({})", label, weight)
    }
}

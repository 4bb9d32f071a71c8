//! One figure, and whether it is good enough.

use serde_json::{Value, json};

/// One figure of a report.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What it is.
    pub name: String,
    /// The figure.
    pub ours: f64,
    /// What it is measured in.
    pub unit: &'static str,
    /// The same figure of another way, with its name.
    pub peer: Option<(f64, String)>,
    /// What it has to be, if anything.
    pub target: Option<Target>,
}

/// What a figure has to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
}

impl Target {
    /// The figure.
    #[must_use]
    pub fn figure(self) -> f64 {
        let (Self::AtLeast(figure) | Self::AtMost(figure)) = self;
        figure
    }
}

impl Line {
    /// Whether it is good enough.
    #[must_use]
    pub fn met(&self) -> bool {
        self.target.is_none_or(|target| match target {
            Target::AtLeast(least) => self.ours >= least,
            Target::AtMost(most) => self.ours <= most,
        })
    }

    /// As one object.
    #[must_use]
    pub fn json(&self) -> Value {
        let (peer, peer_name) = match &self.peer {
            Some((peer, name)) => (Some(*peer), Some(name.as_str())),
            None => (None, None),
        };
        json!({
            "name": self.name,
            "ours": round(self.ours),
            "peer": peer.map(round),
            "peer_name": peer_name,
            "unit": self.unit,
            "ratio": peer.map(|peer| round(self.ours / peer)),
            "target": self.target.map(|target| round(target.figure())),
            "met": self.met(),
        })
    }
}

fn round(number: f64) -> f64 {
    (number * 1_000.0).round() / 1_000.0
}

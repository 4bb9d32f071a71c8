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
    /// What it has to be at least, if anything.
    pub target: Option<f64>,
}

impl Line {
    /// Whether it is good enough.
    #[must_use]
    pub fn met(&self) -> bool {
        self.target.is_none_or(|target| self.ours >= target)
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
            "target": self.target,
            "met": self.met(),
        })
    }
}

fn round(number: f64) -> f64 {
    (number * 1_000.0).round() / 1_000.0
}

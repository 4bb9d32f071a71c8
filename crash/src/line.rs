//! One measured figure, in the form that all chores print.

use serde::{Deserialize, Serialize};

/// A figure beside its target. Printed as one JSON object a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// What was measured.
    pub name: String,
    /// The figure.
    pub ours: f64,
    /// Its unit.
    pub unit: String,
    /// What it has to be: at most this much, or for a control at least.
    pub target: f64,
    /// Whether it is. For a control: whether the broken version was caught.
    pub met: bool,
    /// Whether this is a version that is broken on purpose.
    #[serde(default)]
    pub control: bool,
    /// Why it was not measured. It is not met then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<String>,
    /// What a person wants to know beside it: how much was tried, and what went wrong first.
    pub note: String,
}

impl Line {
    /// A count that has to be nought.
    #[must_use]
    pub fn none(name: &str, count: usize, unit: &str, note: String) -> Self {
        Self {
            name: name.to_owned(),
            ours: figure(count),
            unit: unit.to_owned(),
            target: 0.0,
            met: count == 0,
            control: false,
            skipped: None,
            note,
        }
    }

    /// A broken version, and how much of it was caught. At least `target` percent have to be.
    #[must_use]
    pub fn control(name: &str, caught: usize, of: usize, target: f64, note: String) -> Self {
        let share = if of == 0 {
            0.0
        } else {
            figure(caught) / figure(of) * 100.0
        };
        Self {
            name: name.to_owned(),
            ours: share,
            unit: "% caught".to_owned(),
            target,
            met: of > 0 && share >= target,
            control: true,
            skipped: None,
            note,
        }
    }

    /// Something that could not be measured here.
    #[must_use]
    pub fn skipped(name: &str, why: String) -> Self {
        Self {
            name: name.to_owned(),
            ours: 0.0,
            unit: "measured".to_owned(),
            target: 0.0,
            met: false,
            control: false,
            note: format!("skipped: {why}"),
            skipped: Some(why),
        }
    }

    /// Not met, for this reason, whatever the figure says.
    #[must_use]
    pub fn but(mut self, wrong: Option<String>) -> Self {
        if let Some(wrong) = wrong {
            self.met = false;
            self.note = format!("{wrong}; {}", self.note);
        }
        self
    }

    /// Whether it speaks against us: in a short run, what could not be measured does not.
    #[must_use]
    pub fn missed(&self, short: bool) -> bool {
        !(self.met || short && self.skipped.is_some())
    }
}

fn figure(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_met_only_by_what_was_measured() {
        let note = String::new;
        assert!(Line::none("n", 0, "lost", note()).met);
        assert!(!Line::none("n", 1, "lost", note()).met);
        assert!(Line::control("c", 99, 100, 99.0, note()).met);
        assert!(!Line::control("c", 98, 100, 99.0, note()).met);
        assert!(!Line::control("c", 0, 0, 99.0, note()).met);
        assert!(
            !Line::none("n", 0, "lost", note())
                .but(Some("vacuous".into()))
                .met
        );
        let skipped = Line::skipped("s", "needs root".into());
        assert!(skipped.missed(false) && !skipped.missed(true) && !skipped.met);
    }

    #[test]
    fn a_line_survives_its_json() {
        for line in [
            Line::control("c", 3, 3, 99.0, "three".into()),
            Line::skipped("s", "needs root".into()),
        ] {
            let text = serde_json::to_string(&line).unwrap();
            assert_eq!(serde_json::from_str::<Line>(&text).unwrap(), line);
        }
    }
}

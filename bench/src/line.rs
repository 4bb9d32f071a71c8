//! One figure, beside its peer or its limit, and whether the target is met.

use serde_json::{Value, json};

/// One line of a report.
#[derive(Debug, Clone)]
pub struct Line {
    name: String,
    ours: f64,
    unit: &'static str,
    peer: Option<(String, f64)>,
    ratio: Option<f64>,
    limit: Option<f64>,
    target: Option<f64>,
    control: bool,
    met: bool,
}

impl Line {
    /// Ours beside a peer. `ratio` is > 1 where ours is better; the target is a ratio too.
    #[must_use]
    pub fn against(
        name: String,
        (ours, unit): (f64, &'static str),
        (peer, peer_name): (f64, &str),
        ratio: f64,
        target: f64,
    ) -> Self {
        Self {
            name,
            ours,
            unit,
            peer: Some((peer_name.to_owned(), peer)),
            ratio: Some(ratio),
            limit: None,
            target: Some(target),
            control: false,
            met: ratio >= target,
        }
    }

    /// Ours beside a peer, to be read: there is no target.
    #[must_use]
    pub fn beside(name: String, ours: (f64, &'static str), peer: (f64, &str), ratio: f64) -> Self {
        Self {
            target: None,
            met: true,
            ..Self::against(name, ours, peer, ratio, 0.0)
        }
    }

    /// A figure without a peer that has to be at least `target`; `limit` is what hardware or hash
    /// allow.
    #[must_use]
    pub fn at_least(name: &str, ours: f64, unit: &'static str, target: f64, limit: f64) -> Self {
        Self::bounded(name, ours, unit, target, limit, ours >= target)
    }

    /// A figure without a peer that has to be less than `target`; `limit` is the least that is
    /// possible.
    #[must_use]
    pub fn below(name: &str, ours: f64, unit: &'static str, target: f64, limit: f64) -> Self {
        Self::bounded(name, ours, unit, target, limit, ours < target)
    }

    /// A figure that is there to be read beside the others.
    #[must_use]
    pub fn baseline(name: &str, figure: f64, unit: &'static str) -> Self {
        Self {
            target: None,
            limit: None,
            ..Self::bounded(name, figure, unit, 0.0, 0.0, true)
        }
    }

    /// A version that is broken on purpose; met when that was caught.
    #[must_use]
    pub fn control(name: &str, caught: bool) -> Self {
        Self {
            control: true,
            met: caught,
            ..Self::baseline(name, f64::from(u8::from(caught)), "caught")
        }
    }

    fn bounded(
        name: &str,
        ours: f64,
        unit: &'static str,
        target: f64,
        limit: f64,
        met: bool,
    ) -> Self {
        Self {
            name: name.to_owned(),
            ours,
            unit,
            peer: None,
            ratio: None,
            limit: Some(limit),
            target: Some(target),
            control: false,
            met,
        }
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the target is met. A figure that is no number meets none.
    #[must_use]
    pub fn met(&self) -> bool {
        self.met
    }

    /// The line as one JSON object.
    #[must_use]
    pub fn json(&self) -> Value {
        let mut object = json!({
            "name": self.name, "ours": self.ours, "unit": self.unit,
            "target": self.target, "met": self.met,
        });
        if let Some((name, peer)) = &self.peer {
            object["peer"] = json!(peer);
            object["peer_name"] = json!(name);
            object["ratio"] = json!(self.ratio);
        }
        if let Some(limit) = self.limit {
            object["limit"] = json!(limit);
        }
        if self.control {
            object["control"] = json!(true);
        }
        object
    }

    /// What stands above the lines for people.
    #[must_use]
    pub fn heading() -> String {
        let (name, unit) = ("", "");
        format!(
            "{name:<58} {:>9} {unit:<5} {:>9} {:>9}",
            "ours", "peer", "ratio"
        )
    }

    /// The line for people.
    #[must_use]
    pub fn text(&self) -> String {
        let (name, unit) = (&self.name, self.unit);
        let verdict = if self.met { "met" } else { "MISSED" };
        if self.control {
            let verdict = if self.met { "caught" } else { "NOT CAUGHT" };
            return format!("{name:<58} control: {verdict}");
        }
        let ours = format!("{name:<58} {:>9} {unit:<5}", short(self.ours));
        let target = self.target.unwrap_or_default();
        match (&self.peer, self.ratio, self.limit) {
            (Some((peer_name, peer)), Some(ratio), _) => {
                let wanted = match self.target {
                    Some(target) => format!("of {target:>7.2}x  {verdict:<6}"),
                    None => format!("{:<18}", "shown"),
                };
                let peer = short(*peer);
                format!("{ours} {peer:>9} {ratio:>8.2}x {wanted}  {peer_name}")
            }
            (_, _, Some(limit)) => {
                let limit = format!("limit {}", short(limit));
                format!("{ours} {limit:>13}  target {target:.2}  {verdict}")
            }
            _ => ours,
        }
    }
}

/// A figure with as many places as are worth reading.
fn short(figure: f64) -> String {
    if figure.abs() >= 100.0 {
        format!("{figure:.0}")
    } else if figure.abs() >= 10.0 {
        format!("{figure:.1}")
    } else {
        format!("{figure:.3}")
    }
}

#[cfg(test)]
mod tests {
    use super::Line;

    #[test]
    fn the_form_is_the_house_s() {
        let line = Line::against("n".into(), (2.0, "µs"), (8.0, "it 1"), 4.0, 4.0);
        let expected = serde_json::json!({
            "name": "n", "ours": 2.0, "peer": 8.0, "peer_name": "it 1", "unit": "µs",
            "ratio": 4.0, "target": 4.0, "met": true,
        });
        assert_eq!(line.json(), expected);
        let control = Line::control("c", false);
        assert_eq!(control.json()["control"], true);
        assert_eq!(control.json()["met"], false);
        assert!(line.json().get("control").is_none());
    }

    #[test]
    fn what_is_only_shown_has_no_target() {
        let line = Line::beside("n".into(), (2.0, "µs"), (1.0, "it 1"), 0.5);
        assert!(line.met());
        assert_eq!(line.json()["ratio"], 0.5);
        assert!(line.json()["target"].is_null());
        assert!(line.text().contains("0.50x shown") && !line.text().contains("met"));
    }

    #[test]
    fn what_is_no_number_meets_nothing() {
        let peer = (f64::NAN, "it");
        assert!(!Line::against("n".into(), (2.0, "µs"), peer, f64::NAN, 1.0).met());
        assert!(!Line::at_least("n", f64::NAN, "GB/s", 1.0, 4.0).met());
        assert!(!Line::below("n", f64::NAN, "x", 2.5, 1.0).met());
    }

    #[test]
    fn a_bound_without_a_peer_has_a_limit() {
        assert!(Line::at_least("n", 1.0, "GB/s", 1.0, 4.0).met());
        assert!(!Line::below("n", 2.5, "x", 2.5, 1.0).met());
        assert_eq!(Line::below("n", 2.4, "x", 2.5, 1.0).json()["limit"], 1.0);
    }
}

//! Lines of measurement: a table for people, or one JSON object a line.

use serde_json::{Value, json};

/// One measured figure beside its target or limit.
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) ours: f64,
    pub(crate) unit: &'static str,
    /// At most this much, where there is a bound.
    pub(crate) at_most: Option<f64>,
}

impl Line {
    pub(crate) fn met(&self) -> bool {
        self.at_most.is_none_or(|bound| self.ours <= bound)
    }

    fn json(&self) -> Value {
        json!({
            "name": self.name, "ours": self.ours, "unit": self.unit,
            "target": self.at_most, "met": self.met(),
        })
    }
}

/// Prints the lines; an error where one misses its target.
pub(crate) fn print(lines: &[Line], as_json: bool) -> crate::run::Result {
    for line in lines {
        if as_json {
            println!("{}", line.json());
        } else {
            let target = line.at_most.map_or_else(String::new, |bound| {
                format!(
                    "  (at most {bound} {}: {})",
                    line.unit,
                    if line.met() { "met" } else { "MISSED" }
                )
            });
            println!(
                "  {:<44} {:>9.1} {}{target}",
                line.name, line.ours, line.unit
            );
        }
    }
    let missed: Vec<_> = lines
        .iter()
        .filter(|line| !line.met())
        .map(|l| l.name.as_str())
        .collect();
    if missed.is_empty() {
        Ok(())
    } else {
        Err(format!("missed: {}", missed.join(", ")))
    }
}

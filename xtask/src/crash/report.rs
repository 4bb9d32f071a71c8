//! Showing figures as they come, and remembering which were missed.

use serde_json::Value;

use crate::run::Result;

/// The figures so far.
pub(crate) struct Report {
    json: bool,
    short: bool,
    shown: usize,
    missed: Vec<String>,
}

impl Report {
    /// As a table for people, or as JSON. In a short run, what could not be measured is not missed; what is
    /// optional never is.
    pub(crate) fn new(json: bool, short: bool) -> Self {
        Self {
            json,
            short,
            shown: 0,
            missed: Vec::new(),
        }
    }

    /// Shows a figure.
    pub(crate) fn show(&mut self, line: Value) {
        let verdict = self.judge(&line);
        if self.json {
            println!("{line}");
            return;
        }
        println!(
            "  {:<60} {:>9} {:<14} {verdict:<8} {}",
            text(&line["name"]),
            number(&line["ours"]),
            text(&line["unit"]),
            text(&line["note"])
        );
    }

    /// Takes it in, and says in a word what it means.
    fn judge(&mut self, line: &Value) -> &'static str {
        self.shown += 1;
        let skipped = line["skipped"].is_string();
        let met = line["met"] == true;
        let may_skip = self.short || line["optional"] == true;
        if !(met || may_skip && skipped) {
            self.missed.push(text(&line["name"]).to_owned());
        }
        match (met, line["control"] == true) {
            (true, true) => "caught",
            (true, false) => "met",
            (false, _) if skipped => "skipped",
            (false, true) => "UNSEEN",
            (false, false) => "MISSED",
        }
    }

    /// Whether any was missed so far.
    pub(crate) fn has_missed(&self) -> bool {
        !self.missed.is_empty()
    }

    /// An error where one was missed, or where there was none.
    pub(crate) fn finish(self) -> Result {
        if self.shown == 0 {
            return Err("crash: nothing was tried".to_owned());
        }
        if self.missed.is_empty() {
            return Ok(());
        }
        Err(format!("missed: {}", self.missed.join(", ")))
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Without the `.0` of what is whole.
fn number(value: &Value) -> String {
    let number = value.as_f64().unwrap_or(f64::NAN);
    format!("{number}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_a_short_run_may_skip() {
        let line = json!({"name": "power", "met": false, "skipped": "needs root"});
        for (short, fails) in [(true, false), (false, true)] {
            let mut report = Report::new(false, short);
            assert_eq!(report.judge(&line), "skipped");
            assert_eq!(report.finish().is_err(), fails);
        }
        let optional =
            json!({"name": "races", "met": false, "skipped": "no nightly", "optional": true});
        let mut report = Report::new(false, false);
        assert_eq!(report.judge(&optional), "skipped");
        assert_eq!(report.finish(), Ok(()));
        // Tried, it has to be met.
        let tried = json!({"name": "races", "met": false, "optional": true});
        let mut report = Report::new(false, false);
        assert_eq!(report.judge(&tried), "MISSED");
        assert!(report.finish().is_err());
    }

    #[test]
    fn a_control_that_was_not_caught_is_missed() {
        let mut report = Report::new(false, true);
        let control = |met: bool| json!({"name": "broken", "met": met, "control": true});
        assert_eq!(report.judge(&control(true)), "caught");
        assert!(!report.has_missed());
        assert_eq!(report.judge(&control(false)), "UNSEEN");
        assert_eq!(report.finish(), Err("missed: broken".to_owned()));
    }

    #[test]
    fn nothing_is_no_success() {
        assert!(Report::new(true, true).finish().is_err());
    }
}

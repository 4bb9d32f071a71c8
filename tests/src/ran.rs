//! A run of the program that is over.

use std::process::Output;

use serde_json::Value;

/// What a run printed and how it ended.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; none where a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }
}

impl Ran {
    /// Fails unless the run ended with `code`.
    #[must_use]
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        let Self {
            code: was,
            stdout,
            stderr,
        } = &self;
        assert_eq!(*was, Some(code), "\nstdout:\n{stdout}\nstderr:\n{stderr}");
        self
    }

    /// Fails unless standard error holds every one of `parts`.
    #[must_use]
    #[track_caller]
    pub fn complains_of(self, parts: &[&str]) -> Self {
        for part in parts {
            let stderr = &self.stderr;
            assert!(stderr.contains(part), "`{part}` is not in:\n{stderr}");
        }
        self
    }

    /// Standard output as JSON, one object a line. A line that is none fails.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Vec<Value> {
        let parse = |line: &str| match serde_json::from_str::<Value>(line) {
            Ok(value @ Value::Object(_)) => value,
            other => panic!("no JSON object ({other:?}): {line}"),
        };
        self.stdout.lines().map(parse).collect()
    }
}

/// The events of one kind.
pub fn events_named<'a>(
    events: &'a [Value],
    name: &'a str,
) -> impl Iterator<Item = &'a Value> + use<'a> {
    events.iter().filter(move |event| event["event"] == name)
}

/// The one event of a kind; fails where there is none, or another.
#[must_use]
#[track_caller]
pub fn event_named<'a>(events: &'a [Value], name: &'a str) -> &'a Value {
    let found: Vec<_> = events_named(events, name).collect();
    assert_eq!(found.len(), 1, "`{name}` in:\n{}", brief(events));
    found[0]
}

/// Events for a person who looks for what went wrong: one a line, not in full.
#[must_use]
pub fn brief(events: &[Value]) -> String {
    const MOST: usize = 160;
    let line = |event: &Value| {
        let mut fields = event.clone();
        let name = fields["event"].take();
        let text: String = fields.to_string().chars().take(MOST).collect();
        format!("  {} {text}\n", name.as_str().unwrap_or("?"))
    };
    events.iter().map(line).collect()
}

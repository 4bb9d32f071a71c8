//! Secrets, taken out of whatever is shown to a model or written down.

mod encode;
mod output;
mod stream;

use std::borrow::Cow;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::{Regex, RegexSet};
use serde_json::Value;

pub use self::stream::StreamRedactor;
use crate::model::{Message, ModelRequest};

/// A value shorter than this is no secret: it would take half of every text along, in bytes.
const LEAST: usize = 8;

/// What secrets look like that nobody has told us of.
const RULES: [(&str, &str); 10] = [
    ("github-token", r"\bgh[pousr]_[A-Za-z0-9]{36,}"),
    ("github-token", r"\bgithub_pat_[A-Za-z0-9_]{22,}"),
    ("api-key", r"\bsk-[A-Za-z0-9_-]{20,}"),
    ("aws-key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("slack-token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    ("google-key", r"\bAIza[0-9A-Za-z_-]{35}"),
    (
        "jwt",
        r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
    ),
    ("bearer", r"(?i)\bbearer\s+[A-Za-z0-9._~+/-]{16,}=*"),
    ("password-in-url", r"://[^/\s:@]{1,64}:[^/\s:@]{3,256}@"),
    (
        "private-key",
        r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?",
    ),
];

/// Takes secrets out of texts: known values, however they are encoded, and what looks like one.
pub struct Redactor {
    values: Option<AhoCorasick>,
    /// The name of each pattern's secret.
    names: Vec<String>,
    any: RegexSet,
    rules: Vec<(&'static str, Regex)>,
    longest: usize,
}

impl Redactor {
    /// For these secrets, by name and value. Values of less than 8 bytes are left alone.
    ///
    /// # Panics
    /// Never in practice: when the values take more than memory together.
    #[must_use]
    pub fn new(secrets: impl IntoIterator<Item = (String, String)>) -> Self {
        let (mut patterns, mut names) = (Vec::new(), Vec::new());
        for (name, value) in secrets {
            if value.len() < LEAST {
                continue;
            }
            for pattern in encode::all(&value) {
                patterns.push(pattern);
                names.push(name.clone());
            }
        }
        let values = (!patterns.is_empty()).then(|| {
            AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .build(&patterns)
                .expect("secrets fit into memory")
        });
        let rule =
            |(name, rule): (_, &str)| (name, Regex::new(rule).expect("the rules are tested"));
        Self {
            values,
            longest: patterns.iter().map(String::len).max().unwrap_or(0),
            names,
            any: RegexSet::new(RULES.map(|(_, rule)| rule)).expect("the rules are tested"),
            rules: RULES.map(rule).into(),
        }
    }

    /// For the variables of this process's environment that look like secrets: those that no
    /// command is given either.
    #[must_use]
    pub fn of_environment() -> Self {
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self::new(variables.filter(|(name, _)| orchestrator_tools::looks_secret(name)))
    }

    /// The text without secrets; each is `[redacted: NAME]` instead.
    #[must_use]
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        if let Some(values) = &self.values
            && values.is_match(&*text)
        {
            let replaced: Vec<String> = self.names.iter().map(|name| mark(name)).collect();
            text = Cow::Owned(values.replace_all(&text, &replaced));
        }
        for at in self.any.matches(&text) {
            let (name, rule) = &self.rules[at];
            let replaced = rule.replace_all(&text, |found: &regex::Captures<'_>| {
                match *name {
                    // What stands around it is of use.
                    "password-in-url" => format!("://{}@", mark(name)),
                    _ if found[0].starts_with("[redacted") => found[0].to_owned(),
                    _ => mark(name),
                }
            });
            text = Cow::Owned(replaced.into_owned());
        }
        text
    }

    /// The value without secrets, in its texts and in its names; `None` if there are none.
    #[must_use]
    pub fn redact_value(&self, value: &Value) -> Option<Value> {
        match value {
            Value::String(text) => match self.redact(text) {
                Cow::Borrowed(_) => None,
                Cow::Owned(text) => Some(Value::String(text)),
            },
            Value::Array(values) => {
                let redacted: Vec<_> = values
                    .iter()
                    .map(|value| self.redact_value(value))
                    .collect();
                redacted.iter().any(Option::is_some).then(|| {
                    let pairs = values.iter().zip(redacted);
                    pairs
                        .map(|(old, new)| new.unwrap_or_else(|| old.clone()))
                        .collect()
                })
            }
            Value::Object(fields) => {
                let mut changed = false;
                let redacted = fields.iter().map(|(name, value)| {
                    let (new_name, new) = (self.redact(name), self.redact_value(value));
                    changed |= new.is_some() || matches!(new_name, Cow::Owned(_));
                    (new_name.into_owned(), new.unwrap_or_else(|| value.clone()))
                });
                let redacted = redacted.collect();
                changed.then_some(Value::Object(redacted))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => None,
        }
    }

    /// A tool's result without secrets; `None` if there are none.
    pub(super) fn redact_result(
        &self,
        result: &Result<Value, String>,
    ) -> Option<Result<Value, String>> {
        match result {
            Ok(value) => self.redact_value(value).map(Ok),
            Err(text) => match self.redact(text) {
                Cow::Borrowed(_) => None,
                Cow::Owned(text) => Some(Err(text)),
            },
        }
    }

    /// A request without secrets; `None` if there are none.
    pub(super) fn redact_request(&self, request: &ModelRequest) -> Option<ModelRequest> {
        let mut redacted = request.clone();
        let mut changed = false;
        let mut in_text = |text: &mut String| {
            if let Cow::Owned(new) = self.redact(text) {
                *text = new;
                changed = true;
            }
        };
        in_text(&mut redacted.instructions);
        for message in &mut redacted.messages {
            match message {
                Message::User { text } | Message::Assistant { text, .. } => in_text(text),
                Message::Tool { .. } => {}
            }
        }
        for message in &mut redacted.messages {
            match message {
                Message::User { .. } => {}
                Message::Assistant { calls, .. } => {
                    for call in calls {
                        if let Some(new) = self.redact_value(&call.arguments) {
                            call.arguments = new;
                            changed = true;
                        }
                    }
                }
                Message::Tool { result, .. } => {
                    if let Some(new) = self.redact_result(result) {
                        *result = new;
                        changed = true;
                    }
                }
            }
        }
        changed.then_some(redacted)
    }
}

impl std::fmt::Debug for Redactor {
    /// Without the values.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut names = self.names.clone();
        names.dedup();
        f.debug_struct("Redactor")
            .field("secrets", &names)
            .finish_non_exhaustive()
    }
}

fn mark(name: &str) -> String {
    format!("[redacted: {name}]")
}

#[cfg(test)]
mod tests;

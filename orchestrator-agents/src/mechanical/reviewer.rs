//! The Reviewer's part.

use serde_json::{Value, json};

use super::{Call, Conversation};
use crate::brief::ReviewerBrief;
use crate::plan::Action;

pub(super) fn answer(brief: &ReviewerBrief, conversation: &Conversation<'_>) -> Vec<Call> {
    match conversation.answer_of("git_diff") {
        None => vec![Call::new(
            "git_diff",
            json!({"from": brief.from, "to": brief.to}),
        )],
        Some(Err(error)) => verdict(vec![format!("the change cannot be read: {error}")]),
        Some(Ok(diff)) => verdict(findings(brief, diff)),
    }
}

fn verdict(findings: Vec<String>) -> Vec<Call> {
    let approved = findings.is_empty();
    let findings: Vec<_> = findings
        .into_iter()
        .map(|text| json!({"text": text}))
        .collect();
    vec![Call::new(
        "submit_verdict",
        json!({"approved": approved, "findings": findings}),
    )]
}

fn findings(brief: &ReviewerBrief, diff: &Value) -> Vec<String> {
    let mut findings = Vec::new();
    for file in diff["files"].as_array().into_iter().flatten() {
        let path = file["path"].as_str().unwrap_or_default();
        if !brief.item.files.iter().any(|named| named.as_str() == path) {
            findings.push(format!("{path} is changed, which the item does not name"));
        }
    }
    let text = diff["diff"].as_str().unwrap_or_default();
    let (removed, added) = changed_lines(text);
    if added.iter().any(|line| {
        ["<<<<<<<", ">>>>>>>"]
            .iter()
            .any(|mark| line.starts_with(mark))
    }) {
        findings.push("a conflict marker was left behind".to_owned());
    }
    // A rename changes names and nothing else.
    if let Action::Rename { from, to } = &brief.item.action
        && diff["truncated"] == false
    {
        // Where the old name stays (comments, strings) it stands on both sides.
        let same = |lines: &[&str]| replace_words(&lines.concat(), from, to);
        if same(&removed) != same(&added) {
            findings.push("it changes more than the name".to_owned());
        }
    }
    findings
}

/// Replaces a name where it stands as a whole word.
fn replace_words(text: &str, from: &str, to: &str) -> String {
    let in_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    let mut before: Option<char> = None;
    while let Some(at) = rest.find(from) {
        let (head, tail) = rest.split_at(at);
        let after = &tail[from.len()..];
        result.push_str(head);
        before = head.chars().next_back().or(before);
        let whole = !before.is_some_and(in_word) && !after.chars().next().is_some_and(in_word);
        result.push_str(if whole { to } else { from });
        before = from.chars().next_back();
        rest = after;
    }
    result.push_str(rest);
    result
}

/// The removed and added lines of a unified diff.
fn changed_lines(diff: &str) -> (Vec<&str>, Vec<&str>) {
    let mut removed = Vec::new();
    let mut added = Vec::new();
    let mut in_hunk = false;
    for line in diff.lines() {
        if line.starts_with("@@") {
            in_hunk = true;
        } else if line.starts_with("diff --git ") {
            in_hunk = false;
        } else if in_hunk {
            match line.split_at_checked(1) {
                Some(("-", text)) => removed.push(text),
                Some(("+", text)) => added.push(text),
                _ => {}
            }
        }
    }
    (removed, added)
}

#[cfg(test)]
mod tests {
    use super::replace_words;

    #[test]
    fn only_whole_words_are_replaced() {
        for (text, expected) in [
            ("foo", "foo_bar"),
            ("foo_bar", "foo_bar"),
            ("a.foo(foo) + foofoo", "a.foo_bar(foo_bar) + foofoo"),
            ("afoo foo", "afoo foo_bar"),
        ] {
            assert_eq!(replace_words(text, "foo", "foo_bar"), expected);
        }
    }
}

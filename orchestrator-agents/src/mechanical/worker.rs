//! The Worker's part.

use std::collections::BTreeSet;

use orchestrator_tools::WorktreePath;
use serde_json::{Value, json};

use super::{Call, Conversation};
use crate::brief::{Failure, WorkerBrief};
use crate::plan::Action;
use crate::report::{Change, WorkReport};

pub(super) fn answer(brief: &WorkerBrief, conversation: &Conversation<'_>) -> Vec<Call> {
    let files = &brief.item.files;
    match &brief.item.action {
        Action::Instruction { .. } => {
            cannot("the mechanical model does not understand instructions in words")
        }
        Action::Rename { .. } if !brief.failures.is_empty() => cannot(&format!(
            "the same renaming would fail again: {}",
            last_reason(brief)
        )),
        Action::Rename { from, to } => match conversation.answer_of("rename") {
            None => vec![Call::new(
                "rename",
                json!({"from": from, "to": to, "files": files}),
            )],
            Some(Err(error)) => cannot(error),
            Some(Ok(answer)) => submit(&rewritten(answer, &BTreeSet::new())),
        },
        Action::Rewrite { pattern, rewrite } => {
            let Ok(skip) = narrow(&brief.failures) else {
                return cannot(&format!(
                    "the same change would fail again: {}",
                    last_reason(brief)
                ));
            };
            match conversation.answer_of("ast_rewrite") {
                None => {
                    let files: Vec<_> = files
                        .iter()
                        .filter(|file| !skip.contains(file.as_str()))
                        .collect();
                    let arguments = json!({"pattern": pattern, "rewrite": rewrite, "files": files});
                    vec![Call::new("ast_rewrite", arguments)]
                }
                Some(Err(error)) => cannot(error),
                Some(Ok(answer)) => submit(&rewritten(answer, &skip)),
            }
        }
        Action::ApplySuggestions {
            package,
            lint,
            request,
            only,
        } => {
            let Ok(skip) = narrow(&brief.failures) else {
                return cannot(&format!(
                    "the same change would fail again: {}",
                    last_reason(brief)
                ));
            };
            match conversation.answer_of("apply_suggestions") {
                None => vec![Call::new(
                    "apply_suggestions",
                    json!({
                        "package": package, "lint": lint, "files": files,
                        "request": request, "only": only, "skip": skip,
                    }),
                )],
                Some(Err(error)) => cannot(error),
                Some(Ok(answer)) => submit(&suggestions_applied(answer)),
            }
        }
    }
}

fn submit(report: &WorkReport) -> Vec<Call> {
    vec![Call::new("submit_work", json!(report))]
}

fn cannot(reason: &str) -> Vec<Call> {
    submit(&WorkReport {
        summary: "not done".to_owned(),
        cannot: Some(reason.to_owned()),
        ..WorkReport::default()
    })
}

fn last_reason(brief: &WorkerBrief) -> &str {
    brief
        .failures
        .last()
        .map_or("it failed before", |failure| &failure.reason)
}

fn rewritten(answer: &Value, skipped: &BTreeSet<String>) -> WorkReport {
    let files: Vec<WorktreePath> =
        serde_json::from_value(answer["changed"].clone()).unwrap_or_default();
    let change = |file: String| Change {
        id: file.clone(),
        file,
        line: None,
    };
    WorkReport {
        summary: format!(
            "replacements: {}, files: {}",
            answer["replacements"],
            files.len()
        ),
        cannot: None,
        applied: files
            .into_iter()
            .map(|file| change(file.to_string()))
            .collect(),
        left_out: skipped.iter().cloned().map(change).collect(),
    }
}

fn suggestions_applied(answer: &Value) -> WorkReport {
    let found: Vec<Change> = answer["found"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|place| {
            Some(Change {
                id: place["id"].as_str()?.to_owned(),
                file: place["file"].as_str()?.to_owned(),
                line: place["line"]
                    .as_u64()
                    .and_then(|line| usize::try_from(line).ok()),
            })
        })
        .collect();
    let applied: BTreeSet<&str> = answer["applied"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let (applied, left_out): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|change| applied.contains(change.id.as_str()));
    WorkReport {
        summary: format!("suggestions applied: {}", applied.len()),
        cannot: None,
        applied,
        left_out,
    }
}

/// What to leave out after `failures`; an error where trying again cannot help.
///
/// After the first failure: what the failing check's output points at, if that
/// is some but not all of it; else the second half. After the second: if the
/// first half alone failed too, only the second half is tried; if what was left
/// out was pointed at, half of the rest.
fn narrow(failures: &[Failure]) -> Result<BTreeSet<String>, ()> {
    let ids = |changes: &[Change]| changes.iter().map(|change| change.id.clone()).collect();
    match failures {
        [] => Ok(BTreeSet::new()),
        [first] => {
            if first.applied.len() < 2 {
                return Err(());
            }
            let blamed: BTreeSet<String> = blamed(first);
            let usable = !blamed.is_empty() && blamed.len() < distinct(&first.applied);
            let half = first.applied.len().div_ceil(2);
            Ok(if usable {
                blamed
            } else {
                ids(&first.applied[half..])
            })
        }
        [first, second, ..] => {
            let tried: BTreeSet<String> = ids(&second.applied);
            let all: BTreeSet<String> = ids(&first.applied);
            let left: BTreeSet<String> = all.difference(&tried).cloned().collect();
            if left.is_empty() || tried.is_empty() {
                return Err(());
            }
            if left == blamed(first) {
                if second.applied.len() < 2 {
                    return Err(());
                }
                let half = second.applied.len().div_ceil(2);
                let rest: BTreeSet<String> = ids(&second.applied[half..]);
                return Ok(left.union(&rest).cloned().collect());
            }
            Ok(tried)
        }
    }
}

fn distinct(changes: &[Change]) -> usize {
    changes
        .iter()
        .map(|change| &change.id)
        .collect::<BTreeSet<_>>()
        .len()
}

/// The changes that a failing check's output points at: a compiler names the
/// file and the line. A fix may add or remove lines, so the lines around count.
fn blamed(failure: &Failure) -> BTreeSet<String> {
    const NEAR: usize = 2;
    failure
        .applied
        .iter()
        .filter(|change| match change.line {
            None => failure.output.contains(&change.file),
            Some(line) => (line.saturating_sub(NEAR)..=line + NEAR)
                .any(|line| failure.output.contains(&format!("{}:{line}:", change.file))),
        })
        .map(|change| change.id.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(applied: &[(&str, usize)], output: &str) -> Failure {
        Failure {
            attempt: 1,
            reason: "`test` fails".into(),
            output: output.into(),
            applied: applied
                .iter()
                .map(|(id, line)| Change {
                    id: (*id).into(),
                    file: "src/a.rs".into(),
                    line: Some(*line),
                })
                .collect(),
        }
    }

    fn set(ids: &[&str]) -> Result<BTreeSet<String>, ()> {
        Ok(ids.iter().map(|id| (*id).to_owned()).collect())
    }

    #[test]
    fn one_change_is_not_tried_twice() {
        assert_eq!(narrow(&[failure(&[("a", 1)], "")]), Err(()));
        assert_eq!(narrow(&[]), set(&[]));
    }

    #[test]
    fn what_the_compiler_points_at_is_left_out() {
        let all = [("a", 10), ("b", 20), ("c", 30)];
        let first = failure(&all, "error[E0308]\n --> src/a.rs:21:5\n");
        assert_eq!(narrow(std::slice::from_ref(&first)), set(&["b"]));
        let second = failure(&[("a", 10), ("c", 30)], "test failed");
        assert_eq!(narrow(&[first, second]), set(&["b", "c"]));
    }

    #[test]
    fn without_a_hint_halves_are_tried() {
        let first = failure(&[("a", 10), ("b", 20), ("c", 30)], "assertion failed");
        assert_eq!(narrow(std::slice::from_ref(&first)), set(&["c"]));
        let second = failure(&[("a", 10), ("b", 20)], "assertion failed");
        assert_eq!(narrow(&[first, second]), set(&["a", "b"]));
    }
}

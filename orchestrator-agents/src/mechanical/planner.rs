//! The Planner's part.

mod clippy;
mod codemod;
mod packages;

use orchestrator_tools::{FileFilter, Language};
use serde_json::{Value, json};

use super::objective::{Objective, Place};
use super::{Call, Conversation};
use crate::brief::PlannerBrief;
use crate::check::Scope;
use crate::plan::{Plan, PlanItem};

pub(super) fn answer(brief: &PlannerBrief, conversation: &Conversation<'_>) -> Vec<Call> {
    let objective = match Objective::parse(&brief.objective) {
        Ok(objective) => objective,
        Err(error) => return submit(Err(error.to_string())),
    };
    let failed = conversation
        .answers
        .iter()
        .find_map(|(_, result)| result.err());
    if let Some(error) = failed {
        return submit(Err(error.to_owned()));
    }
    let filter = match place_filter(&objective) {
        Ok(filter) => filter,
        Err(error) => return submit(Err(error)),
    };
    if conversation.answers.is_empty() {
        return look(&objective, brief).unwrap_or_else(|reason| submit(Err(reason)));
    }
    let restricted = !brief.globs.is_empty() || !brief.languages.is_empty();
    if restricted
        && conversation
            .answers
            .iter()
            .any(|(_, a)| a.is_ok_and(|a| a["searched"] == 0))
    {
        return submit(Err(
            "no file that git tracks matches --glob and --lang".to_owned()
        ));
    }
    submit(match &objective {
        Objective::Clippy {
            pedantic,
            include_tests,
        } => {
            let request = clippy::request(*pedantic, *include_tests);
            clippy::plan(brief, request, answer_or_null(conversation, "lint"))
        }
        Objective::Replace {
            pattern, rewrite, ..
        } => {
            let found = answer_or_null(conversation, "ast_search");
            let packages = answer_or_null(conversation, "packages");
            Ok(codemod::plan_rewrite(
                brief, pattern, rewrite, found, packages, &filter,
            ))
        }
        Objective::Rename { from, to, .. } => {
            let mut found = conversation.answers_of("identifier_search").map(Result::ok);
            let old = found.next().flatten().unwrap_or(&Value::Null);
            let new = found.next().flatten().unwrap_or(&Value::Null);
            let packages = answer_or_null(conversation, "packages");
            codemod::plan_rename(brief, from, to, old, new, packages, &filter)
        }
    })
}

/// What has to be looked at before a plan can be made.
fn look(objective: &Objective, brief: &PlannerBrief) -> Result<Vec<Call>, String> {
    Ok(match objective {
        Objective::Clippy {
            pedantic,
            include_tests,
        } => {
            vec![Call::new(
                "lint",
                json!(clippy::request(*pedantic, *include_tests)),
            )]
        }
        Objective::Replace {
            pattern,
            rewrite,
            place,
        } => {
            let languages = languages(place, brief)?;
            vec![
                Call::new(
                    "ast_search",
                    json!({
                        "pattern": pattern, "rewrite": rewrite, "languages": languages,
                        "globs": brief.globs,
                    }),
                ),
                Call::new("packages", json!({})),
            ]
        }
        Objective::Rename { from, to, place } => {
            let languages = languages(place, brief)?;
            let search = |name: &str| {
                let arguments = json!({"name": name, "languages": languages, "globs": brief.globs});
                Call::new("identifier_search", arguments)
            };
            vec![search(from), search(to), Call::new("packages", json!({}))]
        }
    })
}

/// The languages that the objective's words and the user's options allow
/// together.
fn languages(place: &Place, brief: &PlannerBrief) -> Result<Vec<Language>, String> {
    match place.language {
        None => Ok(brief.languages.clone()),
        Some(named) if brief.languages.is_empty() || brief.languages.contains(&named) => {
            Ok(vec![named])
        }
        Some(named) => Err(format!(
            "the objective says {named}, and --lang says otherwise"
        )),
    }
}

/// What the objective's words alone restrict files to.
fn place_filter(objective: &Objective) -> Result<FileFilter, String> {
    let (Objective::Replace { place, .. } | Objective::Rename { place, .. }) = objective else {
        return FileFilter::new(&[], &[]).map_err(|error| error.to_string());
    };
    let globs: Vec<_> = place.glob.iter().cloned().collect();
    FileFilter::new(&globs, &[]).map_err(|error| error.to_string())
}

fn answer_or_null<'a>(conversation: &Conversation<'a>, tool: &str) -> &'a Value {
    conversation
        .answer_of(tool)
        .and_then(Result::ok)
        .unwrap_or(&Value::Null)
}

fn submit(plan: Result<Plan, String>) -> Vec<Call> {
    let plan = plan.unwrap_or_else(|reason| Plan {
        cannot: Some(reason),
        ..Plan::default()
    });
    vec![Call::new("submit_plan", json!(plan))]
}

/// Gives items their ids, in order.
fn numbered(brief: &PlannerBrief, items: Vec<PlanItem>) -> Vec<PlanItem> {
    let number = |(n, item): (usize, PlanItem)| PlanItem {
        id: format!("t{}", brief.next_id as usize + n),
        ..item
    };
    items.into_iter().enumerate().map(number).collect()
}

/// The checks for an item: its package's where it stays inside one that has a
/// check, else the repository's.
fn checks_for(brief: &PlannerBrief, package: Option<&str>) -> Vec<String> {
    let of = |scope: &Scope| {
        let found = brief.checks.iter().filter(|check| check.scope == *scope);
        found.map(|check| check.name.clone()).collect::<Vec<_>>()
    };
    let own = package
        .map(|name| of(&Scope::Package(name.to_owned())))
        .unwrap_or_default();
    if own.is_empty() {
        of(&Scope::Repository)
    } else {
        own
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 {
        format!("1 {one}")
    } else {
        format!("{count} {many}")
    }
}

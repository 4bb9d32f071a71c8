//! The typed plan.

use std::collections::BTreeSet;
use std::fmt;

use orchestrator_core::{GraphError, TaskGraph};
use orchestrator_tools::{LintRequest, WorktreePath};
use serde::{Deserialize, Serialize};

use crate::locked::holds_checks;

/// What a Worker is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Action {
    /// Apply clippy's suggestions of one lint in one package.
    ApplySuggestions {
        /// The cargo package.
        package: String,
        /// The lint.
        lint: String,
        /// How clippy is run.
        #[serde(default)]
        request: LintRequest,
        /// Only the suggestions with these ids; all of them where it is empty.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        only: Vec<String>,
    },
    /// Replace what a pattern matches.
    Rewrite {
        /// The pattern.
        pattern: String,
        /// What stands in its place.
        rewrite: String,
    },
    /// Rename an identifier.
    Rename {
        /// The old name.
        from: String,
        /// The new name.
        to: String,
    },
    /// Anything that words can say; for models that understand them.
    Instruction {
        /// The words.
        text: String,
    },
}

/// One item of a plan: what one Worker does in one worktree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanItem {
    /// Unique in the mission.
    pub id: String,
    /// What is to be done, for people.
    pub title: String,
    /// What is to be done, for the Worker.
    pub action: Action,
    /// Every file that it may change.
    pub files: Vec<WorktreePath>,
    /// Items that have to land first.
    #[serde(default)]
    pub depends: Vec<String>,
    /// The names of the checks that judge it.
    pub checks: Vec<String>,
}

/// What a Planner submits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The items.
    pub items: Vec<PlanItem>,
    /// What the user should know about how the plan was made.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Why the objective cannot be planned, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cannot: Option<String>,
}

/// What a plan is held against.
#[derive(Debug, Clone)]
pub struct PlanRules<'a> {
    /// Ids that earlier plans of the mission have used.
    pub taken: &'a BTreeSet<String>,
    /// The files of the tree that is worked on.
    pub files: &'a BTreeSet<String>,
    /// The names of the checks.
    pub checks: &'a BTreeSet<String>,
    /// Whether items may change files that hold checks.
    pub may_change_checks: bool,
}

/// What is wrong with a plan: all of it, so that a Planner can mend it at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the plan cannot be used:{}", .problems.iter().map(|p| format!("\n- {p}")).collect::<String>())]
pub struct PlanError {
    /// Each problem, with the item it is in.
    pub problems: Vec<PlanProblem>,
}

/// One thing that is wrong with a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlanProblem {
    /// An id that cannot be one.
    BadId(String),
    /// An id that is used twice.
    DuplicateId(String),
    /// A dependency on an item that does not exist.
    UnknownDependency {
        /// The item.
        item: String,
        /// What it depends on.
        dependency: String,
    },
    /// Items that wait for each other.
    Cycle(String),
    /// An item without files.
    NoFiles(String),
    /// A file that does not exist.
    UnknownFile {
        /// The item.
        item: String,
        /// The file.
        file: String,
    },
    /// A file that holds checks, which the objective does not name.
    LockedFile {
        /// The item.
        item: String,
        /// The file.
        file: String,
    },
    /// An item that no check judges.
    NoChecks(String),
    /// A check that does not exist.
    UnknownCheck {
        /// The item.
        item: String,
        /// The check.
        check: String,
    },
}

impl fmt::Display for PlanProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadId(id) => write!(f, "`{id}` is no id: use a-z, 0-9 and `-`, like `t1`"),
            Self::DuplicateId(id) => write!(f, "the id `{id}` is used twice"),
            Self::UnknownDependency { item, dependency } => {
                write!(f, "`{item}` depends on `{dependency}`, which is no item")
            }
            Self::Cycle(cycles) => write!(f, "{cycles}"),
            Self::NoFiles(item) => write!(f, "`{item}` names no file that it may change"),
            Self::UnknownFile { item, file } => {
                write!(f, "`{item}` names `{file}`, which does not exist")
            }
            Self::LockedFile { item, file } => write!(
                f,
                "`{item}` names `{file}`, which holds checks; the objective does not allow that"
            ),
            Self::NoChecks(item) => write!(f, "`{item}` names no check"),
            Self::UnknownCheck { item, check } => {
                write!(
                    f,
                    "`{item}` names the check `{check}`, which does not exist"
                )
            }
        }
    }
}

impl Plan {
    /// Holds the plan against the rules.
    ///
    /// # Errors
    /// [`PlanError`] with everything that is wrong.
    pub fn validate(&self, rules: &PlanRules<'_>) -> Result<(), PlanError> {
        let mut problems = Vec::new();
        let mut ids = rules.taken.clone();
        for item in &self.items {
            let named = !item.id.is_empty()
                && item
                    .id
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            if !named {
                problems.push(PlanProblem::BadId(item.id.clone()));
            }
            if !ids.insert(item.id.clone()) {
                problems.push(PlanProblem::DuplicateId(item.id.clone()));
            }
        }
        for item in &self.items {
            item_problems(item, rules, &ids, &mut problems);
        }
        if problems.is_empty()
            && let Err(cycle) = self.graph(rules.taken)
        {
            problems.push(PlanProblem::Cycle(cycle.to_string()));
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(PlanError { problems })
        }
    }

    fn graph(&self, settled: &BTreeSet<String>) -> Result<(), GraphError<String>> {
        let mut graph = TaskGraph::new();
        for item in &self.items {
            let depends = item
                .depends
                .iter()
                .filter(|id| !settled.contains(*id))
                .cloned();
            graph.add(item.id.clone(), depends)?;
        }
        graph.validate()
    }
}

fn item_problems(
    item: &PlanItem,
    rules: &PlanRules<'_>,
    ids: &BTreeSet<String>,
    problems: &mut Vec<PlanProblem>,
) {
    let id = || item.id.clone();
    for dependency in item.depends.iter().filter(|d| !ids.contains(*d)) {
        problems.push(PlanProblem::UnknownDependency {
            item: id(),
            dependency: dependency.clone(),
        });
    }
    if item.files.is_empty() {
        problems.push(PlanProblem::NoFiles(id()));
    }
    for file in item.files.iter().map(WorktreePath::as_str) {
        if !rules.files.contains(file) {
            problems.push(PlanProblem::UnknownFile {
                item: id(),
                file: file.to_owned(),
            });
        }
        if !rules.may_change_checks && holds_checks(file) {
            problems.push(PlanProblem::LockedFile {
                item: id(),
                file: file.to_owned(),
            });
        }
    }
    if item.checks.is_empty() && !rules.checks.is_empty() {
        problems.push(PlanProblem::NoChecks(id()));
    }
    for check in item
        .checks
        .iter()
        .filter(|check| !rules.checks.contains(*check))
    {
        problems.push(PlanProblem::UnknownCheck {
            item: id(),
            check: check.clone(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(id: &str, depends: &[&str]) -> PlanItem {
        PlanItem {
            id: id.into(),
            title: id.into(),
            action: Action::Instruction {
                text: String::new(),
            },
            files: vec![WorktreePath::new("src/a.rs").unwrap()],
            depends: depends.iter().map(|d| (*d).to_owned()).collect(),
            checks: vec!["test".into()],
        }
    }

    fn problems(items: Vec<PlanItem>) -> Vec<PlanProblem> {
        let rules = PlanRules {
            taken: &["t0".to_owned()].into(),
            files: &["src/a.rs".to_owned(), "tests/b.rs".to_owned()].into(),
            checks: &["test".to_owned()].into(),
            may_change_checks: false,
        };
        let plan = Plan {
            items,
            ..Plan::default()
        };
        plan.validate(&rules)
            .err()
            .map(|error| error.problems)
            .unwrap_or_default()
    }

    #[test]
    fn a_good_plan_passes() {
        assert_eq!(problems(vec![item("t1", &["t0"]), item("t2", &["t1"])]), []);
    }

    #[test]
    fn every_problem_is_named() {
        let mut bad = item("t1", &["t9"]);
        bad.checks = vec!["lint".into()];
        bad.files = vec![
            WorktreePath::new("src/none.rs").unwrap(),
            WorktreePath::new("tests/b.rs").unwrap(),
        ];
        let found = problems(vec![
            bad,
            item("t1", &[]),
            item("T 2", &[]),
            item("t0", &[]),
        ]);
        let text = PlanError {
            problems: found.clone(),
        }
        .to_string();
        assert_eq!(found.len(), 7, "{text}");
        for part in [
            "`t9`",
            "`lint`",
            "src/none.rs",
            "tests/b.rs",
            "`t1` is used twice",
            "`T 2`",
        ] {
            assert!(text.contains(part), "{part} is not in:\n{text}");
        }
    }

    #[test]
    fn cycles_are_named() {
        let found = problems(vec![item("t1", &["t2"]), item("t2", &["t1"])]);
        assert!(matches!(&found[..], [PlanProblem::Cycle(text)] if text.contains("t2")));
    }
}

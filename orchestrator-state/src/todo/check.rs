//! What in a document does not agree with itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::TodoDocument;
use super::item::Status;

/// Something that does not agree, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inconsistency {
    /// The line, from 1.
    pub line: usize,
    /// The item on it.
    pub id: String,
    /// What is wrong.
    pub kind: InconsistencyKind,
}

/// What does not agree.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InconsistencyKind {
    /// The box is ticked, but something below is open.
    OpenChildren {
        /// The ids of what is open.
        children: Vec<String>,
    },
    /// It waits for an item that is not there.
    UnknownDepends {
        /// The id that no item has.
        depends: String,
    },
    /// It waits for itself. A parent waits for its children.
    Cycle {
        /// The ids, each waiting for the next and the last for the first.
        ids: Vec<String>,
    },
    /// Its id stands on other lines too.
    Duplicate {
        /// The first line with the id, from 1.
        first: usize,
    },
}

impl fmt::Display for Inconsistency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, id, kind } = self;
        write!(f, "line {line}: `{id}` ")?;
        match kind {
            InconsistencyKind::OpenChildren { children } => {
                write!(f, "is ticked, but `{}` is open", children.join("`, `"))
            }
            InconsistencyKind::UnknownDepends { depends } => {
                write!(f, "waits for `{depends}`, which is not there")
            }
            InconsistencyKind::Cycle { ids } => {
                write!(f, "waits for itself: `{}`, `{id}`", ids.join("`, `"))
            }
            InconsistencyKind::Duplicate { first } => {
                write!(f, "is the id of line {first} too")
            }
        }
    }
}

impl TodoDocument {
    /// Everything that does not agree, in the order of the lines: ticked parents with something
    /// open below, ids that stand on several lines, `depends` on what is not there, and cycles.
    /// Cycles that share items can be very many, so not all of them are told then; but wherever
    /// items wait for one another, at least one is.
    #[must_use]
    pub fn inconsistencies(&self) -> Vec<Inconsistency> {
        let nodes = self.outline();
        let mut first: BTreeMap<&str, usize> = BTreeMap::new();
        let mut found = Vec::new();
        for (index, node) in nodes.iter().enumerate() {
            let Some(item) = self.at(*node) else { continue };
            let line = node.line + 1;
            let mut tell = |kind| {
                let id = item.id.clone();
                found.push(Inconsistency { line, id, kind });
            };
            match first.get(item.id.as_str()) {
                Some(first) => tell(InconsistencyKind::Duplicate { first: *first }),
                None => {
                    first.insert(&item.id, line);
                }
            }
            if item.status() == Status::Done {
                let children = self.open_below(&nodes, index);
                if !children.is_empty() {
                    tell(InconsistencyKind::OpenChildren { children });
                }
            }
        }
        let mut waits: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for node in &nodes {
            let Some(item) = self.at(*node) else { continue };
            for depends in &item.depends {
                if !first.contains_key(depends.as_str()) {
                    found.push(Inconsistency {
                        line: node.line + 1,
                        id: item.id.clone(),
                        kind: InconsistencyKind::UnknownDepends {
                            depends: depends.clone(),
                        },
                    });
                }
            }
            let depends = item.depends.iter().map(String::as_str);
            waits.entry(&item.id).or_default().extend(depends);
            let above = node.parent.and_then(|parent| self.at(nodes[parent]));
            if let Some(above) = above {
                waits.entry(&above.id).or_default().push(&item.id);
            }
        }
        let order: Vec<&str> = self.items().map(|item| item.id.as_str()).collect();
        for ids in cycles(&order, &waits) {
            let Some(id) = ids.first() else { continue };
            found.push(Inconsistency {
                line: first.get(*id).copied().unwrap_or_default(),
                id: (*id).to_owned(),
                kind: InconsistencyKind::Cycle {
                    ids: ids.iter().map(|id| (*id).to_owned()).collect(),
                },
            });
        }
        found.sort_by_key(|found| found.line);
        found
    }
}

/// The cycles that a walk in depth closes, each once. No recursion: a person may nest deeply.
fn cycles<'a>(order: &[&'a str], waits: &BTreeMap<&'a str, Vec<&'a str>>) -> Vec<Vec<&'a str>> {
    let none = Vec::new();
    let next = |id: &str| waits.get(id).unwrap_or(&none).iter().copied();
    let mut cycles = Vec::new();
    let mut closed = BTreeSet::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for start in order {
        if !seen.insert(start) {
            continue;
        }
        let mut path = vec![*start];
        let mut ahead = vec![next(start)];
        while let Some(steps) = ahead.last_mut() {
            let Some(id) = steps.next() else {
                ahead.pop();
                path.pop();
                continue;
            };
            if let Some(from) = path.iter().position(|on| *on == id) {
                if closed.insert((path[path.len() - 1], id)) {
                    cycles.push(path[from..].to_vec());
                }
            } else if seen.insert(id) {
                path.push(id);
                ahead.push(next(id));
            }
        }
    }
    cycles
}

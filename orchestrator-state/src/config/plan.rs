//! What is to be done to a text: decided here, for all formats alike, and written elsewhere.

use serde_json::{Map, Value};

use super::error::MergeError;
use super::options::{Format, MergeOptions, OnConflict};
use super::path::KeyPath;
use super::plain::Plain;
use super::report::{Change, Outcome};
use super::tree::{Document, Kind, Node, Table, position};

/// Deeper settings are refused: no parser would read them back.
const MAX_DEPTH: usize = 60;

pub(super) struct Plan<'a> {
    pub(super) actions: Vec<Action<'a>>,
    pub(super) changes: Vec<Change>,
}

/// One change to the text.
pub(super) enum Action<'a> {
    /// New keys in a table, in this order.
    Insert {
        path: KeyPath,
        node: &'a Node,
        table: &'a Table,
        entries: Vec<(&'a str, &'a Value)>,
    },
    /// New elements at the end of an array.
    Append {
        path: KeyPath,
        node: &'a Node,
        values: Vec<&'a Value>,
    },
    /// Another value in the place of one.
    Replace { node: &'a Node, value: &'a Value },
}

pub(super) fn plan<'a>(
    text: &str,
    document: &'a Document,
    format: Format,
    settings: &'a Value,
    options: &MergeOptions,
) -> Result<Plan<'a>, MergeError> {
    expressible(settings, format, &KeyPath::root())?;
    let mut planner = Planner {
        text,
        document,
        format,
        options,
        plan: Plan {
            actions: Vec::new(),
            changes: Vec::new(),
        },
    };
    match (&document.root.kind, settings) {
        (Kind::Table(table), Value::Object(settings)) => {
            planner.table(&KeyPath::root(), &document.root, table, settings)?;
        }
        (_, Value::Object(_)) => {
            return Err(planner.type_conflict(KeyPath::root(), &document.root, settings));
        }
        _ => {
            return Err(MergeError::NotExpressible {
                path: KeyPath::root(),
                what: "not an object",
            });
        }
    }
    Ok(planner.plan)
}

/// Refuses settings that the format has no words for.
fn expressible(value: &Value, format: Format, path: &KeyPath) -> Result<(), MergeError> {
    let refused = |what| MergeError::NotExpressible {
        path: path.clone(),
        what,
    };
    if path.keys().len() > MAX_DEPTH {
        return Err(refused("nested too deep"));
    }
    match value {
        Value::Null if format == Format::Toml => Err(refused("a null")),
        Value::Number(number)
            if format == Format::Toml && number.is_u64() && number.as_i64().is_none() =>
        {
            Err(refused("an integer beyond 64 bits with a sign"))
        }
        Value::Array(values) => values.iter().enumerate().try_for_each(|(index, value)| {
            expressible(value, format, &path.join(index.to_string()))
        }),
        Value::Object(entries) => entries
            .iter()
            .try_for_each(|(key, value)| expressible(value, format, &path.join(key))),
        _ => Ok(()),
    }
}

struct Planner<'a, 'o> {
    text: &'o str,
    document: &'a Document,
    format: Format,
    options: &'o MergeOptions,
    plan: Plan<'a>,
}

impl<'a> Planner<'a, '_> {
    fn table(
        &mut self,
        path: &KeyPath,
        node: &'a Node,
        table: &'a Table,
        settings: &'a Map<String, Value>,
    ) -> Result<(), MergeError> {
        let mut entries = Vec::new();
        for (key, setting) in settings {
            let path = path.join(key);
            match table.get(key) {
                None => {
                    entries.push((key.as_str(), setting));
                    self.report(path, Outcome::Added);
                }
                Some(found) => self.value(path, found, setting)?,
            }
        }
        if !entries.is_empty() {
            self.plan.actions.push(Action::Insert {
                path: path.clone(),
                node,
                table,
                entries,
            });
        }
        Ok(())
    }

    fn value(
        &mut self,
        path: KeyPath,
        found: &'a Node,
        setting: &'a Value,
    ) -> Result<(), MergeError> {
        match (&found.kind, setting) {
            (Kind::Table(table), Value::Object(settings)) => {
                if settings.is_empty() {
                    self.report(path, Outcome::Same);
                    return Ok(());
                }
                self.table(&path, found, table, settings)
            }
            (Kind::Array(nodes) | Kind::Sections(nodes), Value::Array(settings)) => {
                if self.options.joins(&path) {
                    return self.union(path, found, nodes, settings);
                }
                self.differing(path, found, setting)
            }
            (Kind::Scalar(_), Value::Object(_) | Value::Array(_))
            | (Kind::Table(_) | Kind::Array(_) | Kind::Sections(_), _) => {
                Err(self.type_conflict(path, found, setting))
            }
            (Kind::Scalar(_), _) => self.differing(path, found, setting),
        }
    }

    fn union(
        &mut self,
        path: KeyPath,
        found: &'a Node,
        nodes: &[Node],
        settings: &'a [Value],
    ) -> Result<(), MergeError> {
        let mut there: Vec<Plain> = nodes.iter().map(Node::plain).collect();
        let mut values = Vec::new();
        for setting in settings {
            let plain = Plain::of(setting, self.format);
            if there.contains(&plain) {
                continue;
            }
            if matches!(found.kind, Kind::Sections(_)) && !setting.is_object() {
                return Err(self.type_conflict(path, found, setting));
            }
            there.push(plain);
            values.push(setting);
        }
        if values.is_empty() {
            self.report(path, Outcome::Same);
        } else {
            self.report(path.clone(), Outcome::Extended);
            self.plan.actions.push(Action::Append {
                path,
                node: found,
                values,
            });
        }
        Ok(())
    }

    fn differing(
        &mut self,
        path: KeyPath,
        found: &'a Node,
        setting: &'a Value,
    ) -> Result<(), MergeError> {
        if found.plain() == Plain::of(setting, self.format) {
            self.report(path, Outcome::Same);
            return Ok(());
        }
        let (line, column) = position(self.text, found.span.start);
        match self.options.on_conflict {
            OnConflict::Keep => self.report(path, Outcome::Kept),
            OnConflict::Refuse => return Err(MergeError::Conflict { path, line, column }),
            OnConflict::Replace => {
                let inside = |comment: &std::ops::Range<usize>| {
                    comment.start >= found.span.start && comment.end <= found.span.end
                };
                let what = match found.kind {
                    Kind::Sections(_) => Some("sections"),
                    _ if self.document.comments.iter().any(inside) => Some("comments"),
                    _ => None,
                };
                if let Some(what) = what {
                    return Err(MergeError::WouldLose {
                        path,
                        what,
                        line,
                        column,
                    });
                }
                self.report(path, Outcome::Replaced);
                self.plan.actions.push(Action::Replace {
                    node: found,
                    value: setting,
                });
            }
        }
        Ok(())
    }

    fn report(&mut self, path: KeyPath, outcome: Outcome) {
        self.plan.changes.push(Change { path, outcome });
    }

    fn type_conflict(&self, path: KeyPath, found: &Node, setting: &Value) -> MergeError {
        let (line, column) = position(self.text, found.span.start);
        MergeError::TypeConflict {
            path,
            found: found.what(),
            wanted: match setting {
                Value::Object(_) => "a table",
                Value::Array(_) => "an array",
                _ => "a plain value",
            },
            line,
            column,
        }
    }
}

//! Reading JSON with the places of its values.

use std::collections::HashSet;
use std::ops::Range;

use jsonc_parser::ast::{ObjectPropName, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, CommentCollectionStrategy, ParseOptions, parse_to_ast};
use serde::de::IgnoredAny;

use crate::config::error::MergeError;
use crate::config::options::Format;
use crate::config::path::KeyPath;
use crate::config::plain::Plain;
use crate::config::tree::{Document, Entry, Form, Kind, Node, Table, position};

/// What may stand before a text and is no part of it.
const BYTE_ORDER_MARK: &str = "\u{feff}";

pub(in crate::config) fn read(text: &str, format: Format) -> Result<Document, MergeError> {
    let body = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let reader = Reader {
        text,
        offset: text.len() - body.len(),
    };
    let is_strict = format == Format::Json;
    let syntax = |at: usize, message: String| {
        let (line, column) = position(text, reader.offset + at);
        MergeError::Syntax {
            line,
            column,
            message,
        }
    };
    let parsed = parse_to_ast(
        body,
        &CollectOptions {
            comments: CommentCollectionStrategy::Separate,
            tokens: false,
        },
        &ParseOptions {
            allow_comments: !is_strict,
            allow_trailing_commas: !is_strict,
            allow_loose_object_property_names: false,
            allow_missing_commas: false,
            allow_single_quoted_strings: false,
            allow_hexadecimal_numbers: false,
            allow_unary_plus_numbers: false,
            allow_bare_decimal_point_numbers: false,
            allow_non_finite_numbers: false,
            allow_extended_string_escapes: false,
        },
    )
    .map_err(|error| syntax(error.range().start, error.kind().to_string()))?;

    let mut comments: Vec<Range<usize>> = parsed
        .comments
        .iter()
        .flat_map(|map| map.values())
        .flat_map(|comments| comments.iter())
        .map(|comment| reader.span(comment))
        .collect();
    comments.sort_by_key(|comment| comment.start);
    comments.dedup();

    let Some(value) = parsed.value else {
        // The parser takes any blank of Unicode for one; strict JSON has four.
        let is_odd = |odd: char| !matches!(odd, ' ' | '\t' | '\n' | '\r');
        if let Some(at) = body.find(is_odd).filter(|_| is_strict) {
            return Err(syntax(at, "this character is no blank in JSON".to_owned()));
        }
        return Ok(Document {
            root: Node {
                span: text.len()..text.len(),
                kind: Kind::Table(Table::new(Form::Braces, text.len())),
            },
            is_blank: true,
            comments,
        });
    };
    if is_strict {
        // The other parser is lenient about blanks and control characters; strict is strict.
        serde_json::from_str::<IgnoredAny>(body).map_err(|error| MergeError::Syntax {
            line: error.line(),
            column: error.column(),
            message: error.to_string(),
        })?;
    }
    Ok(Document {
        root: reader.node(&value, &KeyPath::root())?,
        is_blank: false,
        comments,
    })
}

struct Reader<'t> {
    text: &'t str,
    offset: usize,
}

impl Reader<'_> {
    fn span(&self, node: &impl Ranged) -> Range<usize> {
        let range = node.range();
        self.offset + range.start..self.offset + range.end
    }

    fn node(&self, value: &Value<'_>, path: &KeyPath) -> Result<Node, MergeError> {
        let kind = match value {
            Value::NullKeyword(_) => Kind::Scalar(Plain::Null),
            Value::BooleanLit(bool) => Kind::Scalar(Plain::Bool(bool.value)),
            Value::NumberLit(number) => Kind::Scalar(Plain::json_number(number.value)),
            Value::StringLit(text) => Kind::Scalar(Plain::Text(text.value.clone().into_owned())),
            Value::Array(array) => {
                let elements = array.elements.iter().enumerate();
                Kind::Array(
                    elements
                        .map(|(index, value)| self.node(value, &path.join(index.to_string())))
                        .collect::<Result<_, _>>()?,
                )
            }
            Value::Object(object) => {
                let mut table = Table::new(Form::Braces, 0);
                let mut seen = HashSet::new();
                for property in &object.properties {
                    let key = property.name.as_str();
                    let path = path.join(key);
                    let key_span = match &property.name {
                        ObjectPropName::String(name) => self.span(name),
                        ObjectPropName::Word(name) => self.span(name),
                    };
                    if !seen.insert(key) {
                        let (line, column) = position(self.text, key_span.start);
                        return Err(MergeError::DuplicateKey { path, line, column });
                    }
                    table.entries.push(Entry {
                        key: key.to_owned(),
                        key_span,
                        node: self.node(&property.value, &path)?,
                    });
                }
                Kind::Table(table)
            }
        };
        Ok(Node {
            span: self.span(value),
            kind,
        })
    }
}

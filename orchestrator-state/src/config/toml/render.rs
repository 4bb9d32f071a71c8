//! New TOML text.

use serde_json::Value;

use crate::config::path::{KeyPath, is_bare};

/// A key, in quotes where it needs them.
pub(super) fn key(name: &str) -> String {
    if is_bare(name) {
        name.to_owned()
    } else {
        string(name)
    }
}

/// Keys joined by dots.
fn keys<'k>(names: impl IntoIterator<Item = &'k String>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| key(name)).collect();
    names.join(".")
}

/// `prefix.name = value`.
pub(super) fn value(prefix: &[String], name: &str, new: &Value) -> String {
    let name = name.to_owned();
    format!("{} = {}", keys(prefix.iter().chain([&name])), inline(new))
}

/// A value as dotted keys, one for each plain value in it. In braces a table stays in braces.
pub(super) fn dotted(prefix: &[String], name: &str, new: &Value, in_braces: bool) -> Vec<String> {
    match new {
        Value::Object(entries) if !entries.is_empty() && !in_braces => {
            let mut prefix = prefix.to_vec();
            prefix.push(name.to_owned());
            entries
                .iter()
                .flat_map(|(name, new)| dotted(&prefix, name, new, in_braces))
                .collect()
        }
        _ => vec![value(prefix, name, new)],
    }
}

/// A section: its header and its lines.
pub(super) fn lines(path: &KeyPath, is_array: bool, plain: Vec<String>) -> Vec<String> {
    let name = keys(path.keys());
    let header = if is_array {
        format!("[[{name}]]")
    } else {
        format!("[{name}]")
    };
    let mut lines = vec![header];
    lines.extend(plain);
    lines
}

/// An object as sections. One that holds only objects needs no header of its own.
pub(super) fn sections(path: &KeyPath, new: &Value, out: &mut Vec<Vec<String>>) {
    let entries = new.as_object().into_iter().flatten();
    let (tables, plain): (Vec<_>, Vec<_>) = entries.partition(|(_, new)| new.is_object());
    if !plain.is_empty() || tables.is_empty() {
        let plain = plain
            .iter()
            .map(|(name, new)| value(&[], name, new))
            .collect();
        out.push(lines(path, false, plain));
    }
    for (name, new) in tables {
        sections(&path.join(name), new, out);
    }
}

/// A value on one line.
pub(super) fn inline(new: &Value) -> String {
    match new {
        Value::String(text) => string(text),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            // `{:?}` has the point or exponent that makes it a float.
            (None, Some(float)) => format!("{float:?}"),
            _ => number.to_string(),
        },
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(inline).collect();
            format!("[{}]", values.join(", "))
        }
        Value::Object(entries) if entries.is_empty() => "{}".to_owned(),
        Value::Object(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(name, new)| value(&[], name, new))
                .collect();
            format!("{{ {} }}", entries.join(", "))
        }
        // Null is refused before. Booleans print as in JSON.
        other => other.to_string(),
    }
}

/// A basic string.
fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control.is_ascii_control() => {
                out.push_str(&format!("\\u{:04X}", u32::from(control)));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

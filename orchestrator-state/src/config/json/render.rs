//! New JSON text.

use serde_json::Value;

use crate::config::write::Layout;

/// Arrays of plain values are put on one line up to this many bytes.
const MAX_LINE: usize = 72;

pub(super) struct Renderer<'a> {
    pub(super) layout: Layout<'a>,
    /// Between a key and its value.
    pub(super) colon: &'a str,
}

impl Renderer<'_> {
    /// A key and its value. With an indentation they begin a line.
    pub(super) fn property(
        &self,
        key: &str,
        colon: &str,
        value: &Value,
        indent: Option<&str>,
    ) -> String {
        format!("{}{colon}{}", string(key), self.value(value, indent))
    }

    /// A value. With the indentation of its line it may take several lines.
    pub(super) fn value(&self, value: &Value, indent: Option<&str>) -> String {
        match value {
            Value::Object(entries) => {
                let entries: Vec<_> = entries
                    .iter()
                    .map(|(key, value)| (key.as_str(), value))
                    .collect();
                self.object(&entries, indent, &self.layout.unit)
            }
            Value::Array(values) => self.array(values, indent),
            Value::String(text) => string(text),
            // Null, booleans and numbers print as JSON.
            other => other.to_string(),
        }
    }

    pub(super) fn object(
        &self,
        entries: &[(&str, &Value)],
        indent: Option<&str>,
        unit: &str,
    ) -> String {
        let inner = indent.map(|indent| format!("{indent}{unit}"));
        let items = entries
            .iter()
            .map(|(key, value)| self.property(key, self.colon, value, inner.as_deref()));
        self.bracketed('{', items.collect(), '}', indent, inner.as_deref())
    }

    fn array(&self, values: &[Value], indent: Option<&str>) -> String {
        let items = |inner: Option<&str>| {
            values
                .iter()
                .map(|value| self.value(value, inner))
                .collect()
        };
        let line = self.bracketed('[', items(None), ']', None, None);
        let is_plain = values
            .iter()
            .all(|value| !value.is_object() && !value.is_array());
        match indent {
            Some(indent) if !is_plain || line.len() > MAX_LINE => {
                let inner = format!("{indent}{}", self.layout.unit);
                self.bracketed('[', items(Some(&inner)), ']', Some(indent), Some(&inner))
            }
            _ => line,
        }
    }

    fn bracketed(
        &self,
        open: char,
        items: Vec<String>,
        close: char,
        indent: Option<&str>,
        inner: Option<&str>,
    ) -> String {
        let newline = self.layout.newline;
        match (indent, inner) {
            (Some(indent), Some(inner)) if !items.is_empty() => {
                let items = items.join(&format!(",{newline}{inner}"));
                format!("{open}{newline}{inner}{items}{newline}{indent}{close}")
            }
            _ => format!(
                "{open}{}{close}",
                items.join(&format!(",{}", self.layout.gap))
            ),
        }
    }
}

fn string(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

//! JSON as the text that is stored and hashed, so that no backend can change it in passing.

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use thiserror::Error;

/// A JSON value in one canonical text: no spaces, and the keys of objects in the order of their
/// bytes. Cheap to clone; equal values of the same number types have equal texts.
///
/// Backends keep the text and not the value, because a value does not survive every parser: the last
/// digit of a float, or the order of keys, would change a hash.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Json(Arc<str>);

/// A value has no JSON form, or a JSON text is not of the type that was asked for.
#[derive(Debug, Error)]
#[error("{action}: {source}")]
#[non_exhaustive]
pub struct JsonError {
    action: &'static str,
    source: serde_json::Error,
}

impl Json {
    /// The JSON form of a value.
    ///
    /// # Errors
    /// [`JsonError`] when there is none: a map whose keys are no texts, for instance.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, JsonError> {
        let value = serde_json::to_value(value).map_err(|source| JsonError {
            action: "the value has no JSON form",
            source,
        })?;
        Ok(Self::from(value))
    }

    /// A text that [`as_str`](Self::as_str) has given, from where a backend has kept it.
    #[must_use]
    pub fn from_stored(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads the value back.
    ///
    /// # Errors
    /// [`JsonError`] when it is not of this type.
    pub fn to<T: DeserializeOwned>(&self) -> Result<T, JsonError> {
        serde_json::from_str(&self.0).map_err(|source| JsonError {
            action: "the stored JSON is not of the type that was asked for",
            source,
        })
    }
}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        let mut text = String::new();
        write(&value, &mut text);
        Self(text.into())
    }
}

/// The order of the keys must not depend on how `serde_json` was built: with its `preserve_order`,
/// which any crate of a program can switch on, maps are not sorted.
fn write(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(key, _)| *key);
            out.push('{');
            for (at, (key, value)) in fields.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(&Value::String(key.clone()), out);
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
        plain => out.push_str(&plain.to_string()),
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(String::deserialize(deserializer)?.into()))
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_text_is_canonical_and_keeps_what_it_is() {
        let value = json!({"b": [1, 2.50, null], "a": {"y": "\u{0}\"", "x": true}});
        let json = Json::from(value.clone());
        assert_eq!(
            json.as_str(),
            r#"{"a":{"x":true,"y":"\u0000\""},"b":[1,2.5,null]}"#
        );
        assert_eq!(json.to::<Value>().unwrap(), value);
        let stored = serde_json::to_string(&json).unwrap();
        assert_eq!(serde_json::from_str::<Json>(&stored).unwrap(), json);
        assert!(json.to::<u32>().is_err());
    }
}

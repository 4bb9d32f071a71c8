//! What a configuration says: values without places, and the merge of such values.
//!
//! This is the plain model that every spliced text is checked against.

use std::collections::BTreeMap;

use serde_json::Value;

use super::options::{Format, MergeOptions, OnConflict};
use super::path::KeyPath;

/// A value. Two are equal when they say the same in their format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Plain {
    Null,
    Bool(bool),
    Int(i128),
    /// The bits of a float.
    Float(u64),
    Text(String),
    /// What only its own words say: a date, or a number beyond all types.
    Words(String),
    Array(Vec<Plain>),
    Table(BTreeMap<String, Plain>),
}

impl Plain {
    /// A setting as its format will say it.
    pub(super) fn of(value: &Value, format: Format) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(bool) => Self::Bool(*bool),
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(values) => {
                Self::Array(values.iter().map(|value| Self::of(value, format)).collect())
            }
            Value::Object(entries) => Self::Table(
                entries
                    .iter()
                    .map(|(key, value)| (key.clone(), Self::of(value, format)))
                    .collect(),
            ),
            Value::Number(number) => match format {
                Format::Json | Format::Jsonc => Self::json_number(&number.to_string()),
                Format::Toml => match number.as_i64() {
                    Some(int) => Self::Int(int.into()),
                    None => Self::float(number.as_f64().unwrap_or(f64::NAN)),
                },
            },
        }
    }

    /// A number of JSON, which has one kind of them: `1` and `1.0` are the same.
    pub(super) fn json_number(words: &str) -> Self {
        if let Ok(int) = words.parse::<i128>() {
            return Self::Int(int);
        }
        match words.parse::<f64>() {
            #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
            Ok(float) if float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0 => {
                Self::Int(float as i128)
            }
            Ok(float) if float.is_finite() => Self::float(float),
            _ => Self::Words(words.to_owned()),
        }
    }

    pub(super) fn float(float: f64) -> Self {
        Self::Float(if float.is_nan() { f64::NAN } else { float }.to_bits())
    }
}

/// The table with settings merged into it. Conflicts of type have been refused before.
pub(super) fn merged(
    before: Plain,
    settings: &Value,
    format: Format,
    options: &MergeOptions,
    path: &KeyPath,
) -> Plain {
    match (before, settings) {
        (Plain::Table(mut table), Value::Object(settings)) => {
            for (key, setting) in settings {
                let value = match table.remove(key) {
                    None => Plain::of(setting, format),
                    Some(before) => merged(before, setting, format, options, &path.join(key)),
                };
                table.insert(key.clone(), value);
            }
            Plain::Table(table)
        }
        (Plain::Array(mut array), Value::Array(settings)) if options.joins(path) => {
            for setting in settings {
                let setting = Plain::of(setting, format);
                if !array.contains(&setting) {
                    array.push(setting);
                }
            }
            Plain::Array(array)
        }
        (_, settings) if options.on_conflict == OnConflict::Replace => Plain::of(settings, format),
        (before, _) => before,
    }
}

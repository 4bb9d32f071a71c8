//! Properties over generated texts, settings and options.

use proptest::prelude::*;
use serde_json::{Map, json};

use super::*;

fn key() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-d]", 1 => "[a-c]-[ab]", 1 => any::<String>()]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::from),
        (-3..4_i64).prop_map(Value::from),
        any::<f64>()
            .prop_filter("JSON has no others", |float| float.is_finite())
            .prop_map(Value::from),
        "[a-c]{0,2}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            object(inner),
        ]
    })
}

fn object(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop::collection::vec((key(), inner), 0..4)
        .prop_map(|entries| Value::Object(entries.into_iter().collect::<Map<_, _>>()))
}

fn options() -> impl Strategy<Value = MergeOptions> {
    (any::<bool>(), any::<bool>()).prop_map(|(replaces, joins)| {
        MergeOptions::new()
            .on_conflict(if replaces {
                OnConflict::Replace
            } else {
                OnConflict::Keep
            })
            .arrays(if joins { Arrays::Union } else { Arrays::Whole })
    })
}

/// Blanks, line ends and, where they are allowed, comments: what stands between two tokens.
fn trivia(format: Format) -> impl Strategy<Value = Vec<u8>> {
    let kinds: u8 = if format == Format::Jsonc { 7 } else { 4 };
    prop::collection::vec(0..kinds, 16)
}

/// Prints JSON with the given things between its tokens.
struct Messy<'a> {
    out: String,
    trivia: std::iter::Cycle<std::slice::Iter<'a, u8>>,
    trailing: bool,
}

impl Messy<'_> {
    fn gap(&mut self) {
        let kind = self.trivia.next().copied().unwrap_or_default();
        self.out.push_str(
            [
                "",
                " ",
                "\n  ",
                "\r\n\t",
                " // \"}]\n",
                "/* , */",
                " /* [\n */ ",
            ][usize::from(kind)],
        );
    }

    fn list(
        &mut self,
        open: char,
        close: char,
        count: usize,
        mut item: impl FnMut(&mut Self, usize),
    ) {
        self.out.push(open);
        for index in 0..count {
            self.gap();
            item(self, index);
            self.gap();
            if index + 1 < count || self.trailing {
                self.out.push(',');
            }
        }
        self.gap();
        self.out.push(close);
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Object(entries) => {
                let entries: Vec<_> = entries.iter().collect();
                self.list('{', '}', entries.len(), |messy, index| {
                    messy.out.push_str(&json!(entries[index].0).to_string());
                    messy.gap();
                    messy.out.push(':');
                    messy.gap();
                    messy.value(entries[index].1);
                });
            }
            Value::Array(values) => {
                self.list('[', ']', values.len(), |messy, index| {
                    messy.value(&values[index])
                });
            }
            other => self.out.push_str(&other.to_string()),
        }
    }
}

fn messy(value: &Value, trivia: &[u8], trailing: bool) -> String {
    let mut messy = Messy {
        out: String::new(),
        trivia: trivia.iter().cycle(),
        trailing,
    };
    messy.gap();
    messy.value(value);
    messy.gap();
    messy.out
}

/// Prints TOML in a mixture of its forms, chosen by the numbers.
fn mixed(table: &Value, choices: &[u8]) -> String {
    fn table_lines(
        out: &mut String,
        path: &[String],
        prefix: &[String],
        value: &Value,
        choices: &mut std::iter::Cycle<std::slice::Iter<'_, u8>>,
    ) {
        let entries = value.as_object().into_iter().flatten();
        let mut sections = Vec::new();
        for (name, inner) in entries {
            let choice = choices.next().copied().unwrap_or_default();
            let keys: Vec<String> = prefix.iter().cloned().chain([name.clone()]).collect();
            let full: Vec<String> = path.iter().cloned().chain(keys.clone()).collect();
            let text: Vec<String> = keys.iter().map(|key| toml_string(key)).collect();
            match inner {
                Value::Object(entries) if choice % 3 == 0 && prefix.is_empty() => {
                    sections.push((full, inner))
                }
                Value::Object(entries) if choice % 3 == 1 && !entries.is_empty() => {
                    table_lines(out, path, &keys, inner, choices);
                }
                Value::Array(values)
                    if choice % 2 == 0
                        && prefix.is_empty()
                        && !values.is_empty()
                        && values.iter().all(Value::is_object) =>
                {
                    sections.push((full, inner));
                }
                _ => {
                    let indent = ["", "  ", "\t"][usize::from(choice) % 3];
                    let end = ["\n", " # \"x\"\n", "\r\n", "\n\n# y\n"][usize::from(choice) % 4];
                    let value = toml_value(inner);
                    out.push_str(&format!("{indent}{} = {value}{end}", text.join(".")));
                }
            }
        }
        for (full, inner) in sections {
            let text: Vec<String> = full.iter().map(|key| toml_string(key)).collect();
            let text = text.join(" . ");
            match inner {
                Value::Array(values) => {
                    for value in values {
                        out.push_str(&format!("[[{text}]]\n"));
                        table_lines(out, &full, &[], value, &mut [2_u8].iter().cycle());
                    }
                }
                _ => {
                    out.push_str(&format!("[{text}] # z\n"));
                    table_lines(out, &full, &[], inner, choices);
                }
            }
        }
    }
    fn toml_string(text: &str) -> String {
        // The escapes of JSON are among those of TOML.
        json!(text).to_string()
    }
    fn toml_value(value: &Value) -> String {
        match value {
            Value::Array(values) => {
                let values: Vec<String> = values.iter().map(toml_value).collect();
                format!("[{}]", values.join(" , "))
            }
            Value::Object(entries) => {
                let entries: Vec<String> = entries
                    .iter()
                    .map(|(key, value)| format!("{} = {}", toml_string(key), toml_value(value)))
                    .collect();
                format!("{{{}}}", entries.join(","))
            }
            other => other.to_string(),
        }
    }
    let mut out = String::new();
    table_lines(&mut out, &[], &[], table, &mut choices.iter().cycle());
    out
}

/// A merge is refused for a reason that a person can see, or all that must hold holds.
fn holds(text: &str, format: Format, settings: &Value, options: &MergeOptions) -> bool {
    match merge(text, format, settings, options) {
        Ok(merged) => {
            always(text, format, settings, options, &merged);
            true
        }
        Err(MergeError::TypeConflict { .. } | MergeError::WouldLose { .. }) => false,
        Err(error) => panic!("{error:?} in {text:?} with {settings}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn json(
        before in object(value()), settings in object(value()), options in options(),
        trivia in trivia(Format::Json),
    ) {
        holds(&messy(&before, &trivia, false), Format::Json, &settings, &options);
    }

    #[test]
    fn jsonc(
        before in object(value()), settings in object(value()), options in options(),
        trivia in trivia(Format::Jsonc), trailing in any::<bool>(),
    ) {
        holds(&messy(&before, &trivia, trailing), Format::Jsonc, &settings, &options);
    }

    #[test]
    fn toml(
        before in object(value()), settings in object(value()), options in options(),
        choices in prop::collection::vec(any::<u8>(), 8),
    ) {
        let text = mixed(&before, &choices);
        prop_assume!(::toml::from_str::<::toml::Table>(&text).is_ok());
        holds(&text, Format::Toml, &settings, &options);
    }

    #[test]
    fn any_text_is_merged_or_refused(text in any::<String>(), settings in object(value())) {
        for format in [Format::Json, Format::Jsonc, Format::Toml] {
            if let Ok(merged) = merge(&text, format, &settings, &MergeOptions::new()) {
                always(&text, format, &settings, &MergeOptions::new(), &merged);
            }
        }
    }

    /// Tokens in any order: more of these than of any texts are almost configurations.
    #[test]
    fn any_tokens_are_merged_or_refused(
        tokens in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", ":", ",", "\"a\"", "\"b\"", "1", "null", "//x\n", "/*y*/", " ", "\n",
            "\r\n", "\r", "[[", "]]", "a", ".", " = ", "'c'", "#z\n", "a = 1\n", "[a]\n", "[[b]]\n",
            "{ a = 1 }", "\"a\": 1", "\"b\": {}", "\u{feff}", "\"\"\"", "2020-01-01", "\t",
        ]), 0..14),
        settings in object(value()), options in options(),
    ) {
        let text = tokens.concat();
        for format in [Format::Json, Format::Jsonc, Format::Toml] {
            match merge(&text, format, &settings, &options) {
                Ok(merged) => always(&text, format, &settings, &options, &merged),
                Err(MergeError::NotAsMeant { source }) => panic!("{source:?} in {text:?} with {settings}"),
                Err(_) => {}
            }
        }
    }

    /// What is JSON is what another parser says, keys that are there twice apart.
    #[test]
    fn strict_json_is_what_serde_json_says(text in "[\\[\\]{}:,\"a1.e\\- \n]{0,10}") {
        let theirs = serde_json::from_str::<Value>(&text).is_ok() || text.trim().is_empty();
        match read(&text, Format::Json) {
            Ok(_) => prop_assert!(theirs, "{text:?}"),
            Err(MergeError::DuplicateKey { .. }) => prop_assert!(theirs),
            Err(error) => prop_assert!(!theirs, "{text:?}: {error}"),
        }
    }
}

/// The controls: a result that lost something does not pass for a merge.
#[test]
fn a_merge_that_loses_something_is_noticed() {
    let before = "{\n  // one\n  \"a\": 1\n}\n";
    let (settings, options) = (json!({ "b": 2 }), MergeOptions::new());
    let merged = merge(before, Format::Jsonc, &settings, &options).unwrap();
    let passes = |text: String| {
        let mut other = merged.clone();
        other.text = text;
        std::panic::catch_unwind(|| {
            always(before, Format::Jsonc, &settings, &options, &other);
        })
        .is_ok()
    };
    assert!(passes(merged.text.clone()));
    for lost in ["  // one\n", "  \"a\": 1,\n", ",\n  \"b\": 2"] {
        let text = merged.text.replace(lost, "");
        assert_ne!(text, merged.text);
        assert!(!passes(text), "{lost:?}");
    }
}

/// The properties are about merges, not about refusals: enough of the cases are not refused.
#[test]
fn many_generated_cases_are_merged() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut draw = || object(value()).new_tree(&mut runner).unwrap().current();
    let (mut json, mut toml) = (0, 0);
    for _ in 0..300 {
        let (before, settings) = (draw(), draw());
        let merges = |text: &str, format| {
            merge(text, format, &settings, &joining()).is_ok_and(|merged| merged.is_changed())
        };
        json += u32::from(merges(&messy(&before, &[2, 4, 1], true), Format::Jsonc));
        toml += u32::from(merges(&mixed(&before, &[0, 1, 2, 3]), Format::Toml));
    }
    assert!(json > 100 && toml > 100, "{json} {toml}");
}

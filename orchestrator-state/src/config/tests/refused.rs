//! What is refused, and how it is said.

use serde_json::json;

use super::*;
use Format::{Json, Jsonc, Toml};

#[track_caller]
fn refuses(format: Format, options: &MergeOptions, text: &str, settings: Value, message: &str) {
    let error = merge(text, format, &settings, options).unwrap_err();
    assert!(error.to_string().starts_with(message), "{error}");
}

#[test]
fn texts_that_are_not_of_their_format() {
    let options = MergeOptions::new();
    for (format, text, place) in [
        (Json, "{\n  \"a\": 1,\n}", "line 2, column 9"),
        (Json, "// no\n{}", "line 1, column 1"),
        (Json, "{\"a\": 01}", "line 1"),
        (Json, "{\"a\": 1} x", "line 1, column 10"),
        (Json, "{\"a\": \"\t\"}", "line 1"),
        (Json, " \n\u{b}", "line 2, column 1"),
        (Json, "\u{a0}", "line 1, column 1"),
        (Jsonc, "{a: 1}", "line 1, column 2"),
        (Jsonc, "{'a': 1}", "line 1, column 2"),
        (Jsonc, "{\"a\": 1 \"b\": 2}", "line 1, column 8"),
        (Jsonc, "\u{feff}{\n\"é\": }", "line 2"),
        (Jsonc, "{ /*", "line 1"),
        (Toml, "a = 1\nb = \n", "line 2"),
        (Toml, "[a\n", "line 1"),
        (Toml, "a = 2024-13-01\n", "line 1, column 5"),
    ] {
        refuses(format, &options, text, json!({ "x": 1 }), place);
    }
}

#[test]
fn keys_that_are_there_twice() {
    let options = MergeOptions::new();
    refuses(
        Jsonc,
        &options,
        "{\n  \"a\": { \"b\": 1,\n    \"\\u0062\": 2 }\n}",
        json!({ "x": 1 }),
        "line 3, column 5: the key `a.b` is there already",
    );
    refuses(
        Json,
        &options,
        "{\"a\": [{\"b\": 1, \"b\": 2}]}",
        json!({}),
        "line 1, column 17",
    );
    refuses(
        Toml,
        &options,
        "a = 1\n a = 2\n",
        json!({}),
        "line 2, column 2: the key `a`",
    );
    refuses(
        Toml,
        &options,
        "[a]\n[b]\n[a]\n",
        json!({}),
        "line 3, column 2: the key `a`",
    );
}

#[test]
fn types_that_do_not_fit() {
    let options = replacing();
    for (format, text, settings, message) in [
        (
            Json,
            "[]",
            json!({ "a": 1 }),
            "line 1, column 1: `(root)` is an array, but the setting is a table",
        ),
        (
            Json,
            "{\"a\": 1}",
            json!({ "a": {} }),
            "line 1, column 7: `a` is a plain value, but",
        ),
        (
            Json,
            "{\"a\": {}}",
            json!({ "a": 1 }),
            "line 1, column 7: `a` is a table, but the setting is a plain",
        ),
        (
            Json,
            "{\"a\": []}",
            json!({ "a": 1 }),
            "line 1, column 7: `a` is an array, but",
        ),
        (
            Json,
            "{\"a\": null}",
            json!({ "a": {} }),
            "line 1, column 7: `a` is a plain value, but",
        ),
        (
            Toml,
            "[a.\"b c\"]\nd = 1\n",
            json!({ "a": { "b c": [1] } }),
            "line 1, column 1: `a.\"b c\"` is a table",
        ),
        (
            Toml,
            "[[a]]\n",
            json!({ "a": { "b": 1 } }),
            "line 1, column 1: `a` is an array",
        ),
    ] {
        refuses(format, &options, text, settings, message);
    }
    refuses(
        Toml,
        &joining(),
        "[[a]]\n",
        json!({ "a": [1] }),
        "line 1, column 1: `a` is an array",
    );
}

#[test]
fn what_replacing_would_lose() {
    refuses(
        Jsonc,
        &replacing(),
        "{\"a\": [1, /* two */ 3]}",
        json!({ "a": [] }),
        "line 1, column 7: `a` holds comments",
    );
    refuses(
        Toml,
        &replacing(),
        "a = [ # x\n]\n",
        json!({ "a": [1] }),
        "line 1, column 5: `a` holds comments",
    );
    refuses(
        Toml,
        &replacing(),
        "[[a]]\nb = 1\n",
        json!({ "a": [] }),
        "line 1, column 1: `a` holds sections",
    );
}

#[test]
fn what_was_asked_to_be_refused() {
    let options = MergeOptions::new().on_conflict(OnConflict::Refuse);
    refuses(
        Json,
        &options,
        "{\"a\": 1}",
        json!({ "a": 2 }),
        "line 1, column 7: `a` has another value",
    );
    check_with(
        Json,
        &options,
        "{\"a\": 1}",
        json!({ "a": 1, "b": 2 }),
        "{\"a\": 1, \"b\": 2}",
    );
}

#[test]
fn settings_that_cannot_be_written() {
    let options = MergeOptions::new();
    refuses(
        Json,
        &options,
        "{}",
        json!([1]),
        "the setting `(root)` is not an object",
    );
    refuses(
        Toml,
        &options,
        "",
        json!({ "a": [null] }),
        "the setting `a.0` is a null",
    );
    refuses(
        Toml,
        &options,
        "",
        json!({ "a": u64::MAX }),
        "the setting `a` is an integer",
    );
    let deep = (0..100).fold(json!(1), |inner, _| json!({ "a": inner }));
    refuses(Json, &options, "{}", deep, "the setting `a.a.");
}

#[test]
fn deep_texts_are_refused_or_read_but_do_not_overflow() {
    for depth in [50, 100, 1_000, 100_000] {
        for (format, open, close) in [(Json, "[", "]"), (Jsonc, "{\"a\":", "}"), (Toml, "[", "]")] {
            let start = if format == Toml { "a = " } else { "" };
            let text = format!("{start}{}{}", open.repeat(depth), close.repeat(depth));
            let _ = merge(&text, format, &json!({ "x": 1 }), &MergeOptions::new());
        }
        let dots = format!("{} = 1\n", vec!["a"; depth].join("."));
        let _ = merge(&dots, Toml, &json!({ "x": 1 }), &MergeOptions::new());
    }
}

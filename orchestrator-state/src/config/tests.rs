//! Merges of texts: tables of realistic files, properties over generated ones, and real files.

mod files;
mod json;
mod properties;
mod refused;
mod toml;
mod undo;

use serde_json::Value;

use super::*;

/// Merges, checks what holds for every merge, and compares the text.
#[track_caller]
fn check_with(format: Format, options: &MergeOptions, before: &str, settings: Value, after: &str) {
    let merged = merge(before, format, &settings, options).unwrap();
    assert_eq!(
        merged.text, after,
        "\n--- got\n{}\n--- expected\n{after}",
        merged.text
    );
    always(before, format, &settings, options, &merged);
}

#[track_caller]
fn check(format: Format, before: &str, settings: Value, after: &str) {
    check_with(format, &MergeOptions::new(), before, settings, after);
}

/// What holds for every merge that is not refused.
#[track_caller]
fn always(before: &str, format: Format, settings: &Value, options: &MergeOptions, merged: &Merged) {
    let again = merge(&merged.text, format, settings, options).unwrap();
    assert_eq!(again.text, merged.text, "merging twice is merging once");
    assert!(!again.is_changed(), "{:?}", again.changes);
    assert_eq!(merged.is_changed(), merged.text != before);
    let back = merged.undo.apply(&merged.text).unwrap();
    assert_eq!(back, Undone::Exact(before.to_owned()));
    // Every comment is there still, in the same order.
    let comments = |text: &str| -> Vec<String> {
        let document = read(text, format).unwrap();
        let texts = document
            .comments
            .iter()
            .map(|span| text[span.clone()].to_owned());
        texts.collect()
    };
    assert_eq!(comments(before), comments(&merged.text));
    // No key is gone, and every setting is there.
    let (old, new) = (
        meaning(before, format).unwrap(),
        meaning(&merged.text, format).unwrap(),
    );
    assert!(has_keys_of(&new, &old), "a key is gone");
    assert!(
        has_keys_of(&new, &Plain::of(settings, format)),
        "a setting is missing"
    );
    // The bytes that were there are there, in the same order.
    if options.on_conflict != OnConflict::Replace {
        let mut rest = merged.text.bytes();
        let kept = before.trim_end();
        let blanks = |byte: &u8| !byte.is_ascii_whitespace();
        assert!(
            kept.bytes()
                .filter(blanks)
                .all(|byte| rest.any(|other| other == byte))
        );
    }
    if format == Format::Json && merged.is_changed() {
        serde_json::from_str::<Value>(merged.text.trim_start_matches('\u{feff}')).unwrap();
    }
    if format == Format::Toml {
        ::toml::from_str::<::toml::Table>(&merged.text).unwrap();
    }
}

/// Whether a value has all keys of another, at all depths.
fn has_keys_of(new: &Plain, old: &Plain) -> bool {
    match (new, old) {
        (Plain::Table(new), Plain::Table(old)) => old
            .iter()
            .all(|(key, old)| new.get(key).is_some_and(|new| has_keys_of(new, old))),
        _ => true,
    }
}

fn replacing() -> MergeOptions {
    MergeOptions::new().on_conflict(OnConflict::Replace)
}

fn joining() -> MergeOptions {
    MergeOptions::new().arrays(Arrays::Union)
}

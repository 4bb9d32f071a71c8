//! Taking a merge back from a text that was edited since.

use serde_json::json;

use super::*;
use Format::{Jsonc, Toml};

const BEFORE: &str = "{\n  \"a\": 1 // one\n}\n";

fn merged(format: Format, before: &str, settings: &Value) -> Merged {
    merge(before, format, settings, &MergeOptions::new()).unwrap()
}

#[test]
fn edits_elsewhere_stay() {
    let before = "{\n  \"a\": 1\n}\n";
    let merged = merged(Jsonc, before, &json!({ "b": { "c": 2 } }));
    for (from, to, expected) in [
        (
            "{\n",
            "// top\n{\n  \"z\": 0,\n",
            "// top\n{\n  \"z\": 0,\n  \"a\": 1\n}\n",
        ),
        ("\"a\": 1", "\"a\": 9", "{\n  \"a\": 9\n}\n"),
        (
            "}\n}\n",
            "},\n  \"d\": 4\n}\n",
            "{\n  \"a\": 1,\n  \"d\": 4\n}\n",
        ),
    ] {
        let edited = merged.text.replacen(from, to, 1);
        let undone = merged.undo.apply(&edited);
        assert_eq!(undone, Ok(Undone::WithEdits(expected.to_owned())));
    }
}

/// The comma that the merge put before a comment belongs to what it wrote.
#[test]
fn edits_next_to_what_was_added_may_be_refused() {
    let merged = merged(Jsonc, BEFORE, &json!({ "b": 2 }));
    let edited = merged.text.replace("// one", "// first");
    assert!(matches!(
        merged.undo.apply(&edited),
        Err(UndoError::Edited { .. })
    ));
    let edited = merged.text.replace("2\n}", "2,\n  \"d\": 4\n}");
    assert_eq!(merged.undo.apply(&edited), Err(UndoError::Entangled));
}

#[test]
fn edits_of_what_was_added_are_refused() {
    let merged = merged(Jsonc, BEFORE, &json!({ "b": 2 }));
    let edited = merged.text.replace("\"b\": 2", "\"b\": 3");
    assert!(matches!(
        merged.undo.apply(&edited),
        Err(UndoError::Edited { .. })
    ));
    let broken = format!("{}x", merged.text);
    assert!(matches!(
        merged.undo.apply(&broken),
        Err(UndoError::Unreadable(_))
    ));
    assert!(matches!(
        merged.undo.apply(BEFORE),
        Err(UndoError::Edited { .. })
    ));
}

/// The key would fall into the section before, if the header were taken out.
#[test]
fn a_key_in_a_section_that_was_added_is_not_moved() {
    let merged = merged(Toml, "[a]\nb = 1\n", &json!({ "c": { "d": 1 } }));
    let edited = format!("{}mine = 2\n", merged.text);
    assert_eq!(merged.undo.apply(&edited), Err(UndoError::Entangled));
    let edited = format!("# mine\n{}", merged.text);
    assert_eq!(
        merged.undo.apply(&edited),
        Ok(Undone::WithEdits("# mine\n[a]\nb = 1\n".to_owned()))
    );
}

#[test]
fn replaced_values_come_back() {
    let before = "a = 1\nb = 1\n";
    let merged = merge(before, Toml, &json!({ "a": 7, "b": 8 }), &replacing()).unwrap();
    let edited = merged.text.replace("a = 7", "c = 1\na = 7");
    assert_eq!(
        merged.undo.apply(&edited).unwrap().text(),
        "c = 1\na = 1\nb = 1\n"
    );
}

#[test]
fn it_outlives_the_process() {
    let merged = merged(Jsonc, BEFORE, &json!({ "b": [1, "x"] }));
    let stored = serde_json::to_string(&merged.undo).unwrap();
    let undo: Undo = serde_json::from_str(&stored).unwrap();
    assert_eq!(undo, merged.undo);
    assert_eq!(
        undo.apply(&merged.text),
        Ok(Undone::Exact(BEFORE.to_owned()))
    );
}

/// An undo that was tampered with on its way does not pass for exact.
#[test]
fn another_undo_is_noticed() {
    let merged = merged(Jsonc, BEFORE, &json!({ "b": 2 }));
    let stored = serde_json::to_string(&merged.undo).unwrap();
    let undo: Undo = serde_json::from_str(&stored.replace("\"old\":\"", "\"old\":\" ")).unwrap();
    assert_ne!(undo, merged.undo);
    assert_eq!(undo.apply(&merged.text), Err(UndoError::Entangled));
}

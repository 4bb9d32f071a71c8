//! Merges into real files.

use std::fs;

use serde_json::json;

use super::*;
use crate::{Backups, SystemClock};

fn merge_into(path: &std::path::Path, settings: &Value) -> Result<MergedFile, ConfigFileError> {
    merge_file(path, None, settings, &MergeOptions::new(), &Backups::new())
}

#[test]
fn a_file_is_merged_backed_up_and_put_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.json");
    let before = "\u{feff}{\r\n\t\"a\": 1\r\n}";
    fs::write(&path, before).unwrap();

    let merged = merge_into(&path, &json!({ "b": 2 })).unwrap();
    let after = fs::read_to_string(&path).unwrap();
    assert_eq!(after, "\u{feff}{\r\n\t\"a\": 1,\r\n\t\"b\": 2\r\n}");
    let backup = merged.backup.unwrap();
    assert_eq!(fs::read_to_string(backup.path()).unwrap(), before);

    let again = merge_into(&path, &json!({ "b": 2 })).unwrap();
    assert_eq!(
        (again.backup, again.changes[0].outcome),
        (None, Outcome::Same)
    );

    let undone = undo_file(&path, &merged.undo, &Backups::new()).unwrap();
    assert_eq!(undone, UndoneFile::Exact);
    assert_eq!(fs::read_to_string(&path).unwrap(), before);
    assert_eq!(Backups::new().list(&path).unwrap().len(), 2);
}

#[test]
fn a_file_that_was_not_there_is_made_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    let merged = merge_into(&path, &json!({ "a": { "b": 1 } })).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "[a]\nb = 1\n");
    assert_eq!(merged.backup, None);

    fs::write(&path, "# mine\n[a]\nb = 1\n").unwrap();
    let undone = undo_file(&path, &merged.undo, &Backups::new()).unwrap();
    assert_eq!(undone, UndoneFile::WithEdits);
    assert_eq!(fs::read_to_string(&path).unwrap(), "# mine\n");

    fs::remove_file(&path).unwrap();
    let merged = merge_into(&path, &json!({ "a": { "b": 1 } })).unwrap();
    let undone = undo_file(&path, &merged.undo, &Backups::new()).unwrap();
    assert_eq!(undone, UndoneFile::Removed);
    assert!(!path.exists());
    assert!(undo_file(&path, &merged.undo, &Backups::new()).is_err());
}

#[test]
fn what_is_refused_leaves_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.json");
    for bytes in [
        &b"{\"a\": 1,}"[..],
        b"{\"a\": 1, \"a\": 2}",
        b"{\"a\": \xff}",
        b"[]",
    ] {
        fs::write(&path, bytes).unwrap();
        merge_into(&path, &json!({ "b": 2 })).unwrap_err();
        assert_eq!(fs::read(&path).unwrap(), bytes);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
    let unknown = merge_into(&folder.path().join("x.yaml"), &json!({})).unwrap_err();
    assert!(matches!(unknown, ConfigFileError::UnknownFormat { .. }));
    let nothing = merge_into(&folder.path().join("new.json"), &json!({})).unwrap();
    assert!(nothing.changes.is_empty());
    assert!(!folder.path().join("new.json").exists());
}

/// The clock of the backup is where another program gets its turn.
#[test]
fn a_file_that_changes_meanwhile_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.json");
    fs::write(&path, "{}").unwrap();
    let other = path.clone();
    let backups = Backups::with_clock(move || {
        fs::write(&other, "{\"theirs\": 1}").unwrap();
        crate::Clock::now(&SystemClock)
    });
    let error = merge_file(
        &path,
        None,
        &json!({ "ours": 1 }),
        &MergeOptions::new(),
        &backups,
    );
    assert!(matches!(error, Err(ConfigFileError::Changed { .. })));
    assert_eq!(fs::read(&path).unwrap(), b"{\"theirs\": 1}");
}

#[test]
fn a_name_says_its_format() {
    for (name, format) in [
        ("a/Cargo.toml", Some(Format::Toml)),
        ("opencode.jsonc", Some(Format::Jsonc)),
        ("package.json", Some(Format::Json)),
        ("x/.vscode/settings.json", Some(Format::Jsonc)),
        ("tsconfig.build.json", Some(Format::Jsonc)),
        ("a.yaml", None),
        ("json", None),
    ] {
        assert_eq!(Format::of(std::path::Path::new(name)), format, "{name}");
    }
}

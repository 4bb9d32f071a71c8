//! `git_diff` and `git_log` on a real repository.

use std::process::Command;

use serde_json::{Value, json};

use super::*;
use crate::{ToolRegistry, Worktree};

fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let git = |arguments: &[&str]| {
        let done = Command::new("git")
            .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org"])
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
    };
    git(&["init", "-q"]);
    for (file, text, message) in [
        ("a", "one\n", "Add a\n\nWith a reason."),
        ("b[c]", "two\n", "Add b"),
        ("a", "one\ntwo\n", "Change a"),
    ] {
        std::fs::write(folder.path().join(file), text).unwrap();
        git(&["add", "."]);
        git(&["commit", "-q", "-m", message]);
    }
    folder
}

async fn call(folder: &tempfile::TempDir, name: &str, arguments: Value) -> Result<Value, String> {
    let mut tools = ToolRegistry::new();
    tools.register(GitDiffTool).unwrap();
    tools.register(GitLogTool).unwrap();
    let context = ToolContext::new(Worktree::new(folder.path()), "/nowhere", Default::default());
    let answer = tools.call(name, &context, arguments).await;
    answer.map_err(|error| error.to_string())
}

#[tokio::test]
async fn commits_are_listed_and_compared() {
    let folder = repository();
    let subjects = |arguments: Value| {
        let folder = &folder;
        async move {
            let log = call(folder, "git_log", arguments).await.unwrap();
            let commits = log["commits"].as_array().unwrap();
            commits
                .iter()
                .map(|commit| commit["subject"].clone())
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(subjects(json!({})).await, ["Change a", "Add b", "Add a"]);
    assert_eq!(subjects(json!({"most": 1})).await, ["Change a"]);
    assert_eq!(subjects(json!({"path": "a"})).await, ["Change a", "Add a"]);
    assert_eq!(subjects(json!({"path": "b[c]"})).await, ["Add b"]);
    assert_eq!(subjects(json!({"message": "REASON."})).await, ["Add a"]);
    let log = call(&folder, "git_log", json!({})).await.unwrap();
    let [newest, _, oldest] = &log["commits"].as_array().unwrap()[..] else {
        panic!("{log}");
    };
    assert_eq!(
        (&oldest["author"], &oldest["body"]),
        (&json!("Ada"), &json!("With a reason."))
    );
    assert_eq!(subjects(json!({"from": oldest["id"]})).await, ["Add a"]);

    let diff = json!({"from": oldest["id"], "to": newest["id"]});
    let diff = call(&folder, "git_diff", diff).await.unwrap();
    let files = json!([
        {"path": "a", "added": 1, "removed": 0},
        {"path": "b[c]", "added": 1, "removed": 0},
    ]);
    assert_eq!(diff["files"], files);
    assert!(diff["diff"].as_str().unwrap().contains("+two"));
}

/// Nothing that git would read as an option comes through.
#[tokio::test]
async fn what_is_no_commit_is_refused() {
    let folder = repository();
    for id in ["--output=x", "HEAD", "abc", ""] {
        let log = call(&folder, "git_log", json!({"from": id}))
            .await
            .unwrap_err();
        let diff = call(&folder, "git_diff", json!({"from": id, "to": id}))
            .await
            .unwrap_err();
        assert!(
            log.contains("/from") && diff.contains("/from"),
            "{log} {diff}"
        );
        assert!(CommitId::try_from(id.to_owned()).is_err());
    }
    let gone = call(&folder, "git_log", json!({"from": "0".repeat(40)})).await;
    assert!(gone.unwrap_err().contains("git_log"));
}

//! `grep` and `glob` as a model calls them.

use std::fs;

use serde_json::{Value, json};

use super::*;
use crate::{ToolRegistry, Worktree};

#[tokio::test]
async fn symbols_are_listed_by_file() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("src")).unwrap();
    for (path, text) in [
        (
            "src/a.rs",
            "struct A;\nimpl A {\n    fn f() { fn g() {} }\n}\n",
        ),
        ("b.py", "def b(): pass\n"),
        ("c.txt", "def c(): pass\n"),
    ] {
        fs::write(folder.path().join(path), text).unwrap();
    }
    let mut tools = ToolRegistry::new();
    tools.register(crate::OutlineTool::default()).unwrap();
    let context = ToolContext::new(Worktree::new(folder.path()), "/nowhere", Default::default());
    let call = |arguments| tools.call("outline", &context, arguments);
    let all = call(json!({})).await.unwrap();
    assert_eq!(
        all,
        json!({
            "files": [
                {"path": "b.py", "language": "python", "symbols": ["1-1 function b"]},
                {"path": "src/a.rs", "language": "rust", "symbols": [
                    "1-1 struct A", "2-4 impl A", "  3-3 function f",
                ]},
            ],
            "symbols": 4,
            "truncated": false,
        })
    );
    for (arguments, symbols) in [
        (json!({"path": "src"}), 3),
        (json!({"path": "src/a.rs", "depth": 9}), 4),
        (json!({"globs": ["*.py"]}), 1),
        (json!({"depth": 0}), 3),
    ] {
        assert_eq!(call(arguments).await.unwrap()["symbols"], symbols);
    }
    assert_eq!(call(json!({"most": 2})).await.unwrap()["truncated"], true);
    for (path, part) in [
        ("gone.rs", "there is no"),
        ("c.txt", "unknown language `txt`"),
    ] {
        let error = call(json!({"path": path})).await.unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

async fn call(name: &str, arguments: Value) -> Result<Value, String> {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in [
        (".git/config", "needle"),
        (".gitignore", "target/\n"),
        (".hidden", "needle"),
        ("a.rs", "one\nneedle\r\nthree\n"),
        ("src/b.rs", "needle"),
        ("src/c.py", "Needle\n"),
        ("target/d.rs", "needle\n"),
    ] {
        let full = folder.path().join(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        fs::write(full, text).unwrap();
    }
    let trees = Trees::default();
    let mut tools = ToolRegistry::new();
    tools.register(GrepTool::new(trees.clone())).unwrap();
    tools.register(GlobTool::new(trees)).unwrap();
    let context = ToolContext::new(Worktree::new(folder.path()), "/nowhere", Default::default());
    let answer = tools.call(name, &context, arguments).await;
    answer.map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_search_shows_lines_by_file() {
    let found = call("grep", json!({"pattern": "needle", "context": 1}))
        .await
        .unwrap();
    assert_eq!(
        found,
        json!({
            "matches": 2,
            "matched_files": 2,
            "files": [
                {"path": "a.rs", "lines": ["1-one", "2:needle", "3-three"]},
                {"path": "src/b.rs", "lines": ["1:needle"]},
            ],
            "truncated": false,
        })
    );
    let count = |arguments: Value| async move {
        let found = call("grep", arguments).await.unwrap();
        (
            found["matches"].as_u64().unwrap(),
            found["truncated"].as_bool().unwrap(),
        )
    };
    assert_eq!(
        count(json!({"pattern": "needle", "ignore_case": true})).await,
        (3, false)
    );
    assert_eq!(
        count(json!({"pattern": "needle", "hidden": true, "ignored": true})).await,
        (4, false)
    );
    assert_eq!(
        count(json!({"pattern": "needle", "path": "src"})).await,
        (1, false)
    );
    assert_eq!(
        count(json!({"pattern": "needle", "path": "a.rs"})).await,
        (1, false)
    );
    assert_eq!(
        count(json!({"pattern": "needle", "most": 1})).await,
        (2, true)
    );
    let error = call("grep", json!({"pattern": "x", "path": "gone"})).await;
    assert!(error.unwrap_err().contains("there is no `gone`"));
    let error = call("grep", json!({"pattern": "("})).await.unwrap_err();
    assert!(error.contains("no regular expression"), "{error}");
    let error = call("grep", json!({"pattern": "x", "most": 0}))
        .await
        .unwrap_err();
    assert!(error.contains("/most"), "{error}");
}

#[tokio::test]
async fn files_are_listed_by_globs() {
    let list = |arguments: Value| async move {
        let found = call("glob", arguments).await.unwrap();
        (found["files"].clone(), found["matches"].clone())
    };
    assert_eq!(
        list(json!({})).await,
        (json!(["a.rs", "src/b.rs", "src/c.py"]), json!(3))
    );
    assert_eq!(
        list(json!({"globs": ["*.rs"]})).await.0,
        json!(["a.rs", "src/b.rs"])
    );
    assert_eq!(
        list(json!({"globs": ["src/**", "!*.py"]})).await.0,
        json!(["src/b.rs"])
    );
    assert_eq!(list(json!({"most": 1})).await, (json!(["a.rs"]), json!(3)));
    let all = json!({"hidden": true, "ignored": true});
    assert_eq!(list(all).await.1, json!(6));
    let error = call("glob", json!({"globs": ["a{"]})).await.unwrap_err();
    assert!(error.contains("a{"), "{error}");
}

//! The file tools as a model calls them.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::tool::ToolContext;
use crate::{ToolRegistry, Worktree};

struct Bench {
    folder: TempDir,
    context: ToolContext,
    tools: ToolRegistry,
}

impl Bench {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (path, bytes) in files {
            fs::write(folder.path().join(path), bytes).unwrap();
        }
        let mut tools = ToolRegistry::new();
        tools.register(ReadTool).unwrap();
        tools.register(WriteTool).unwrap();
        tools.register(EditTool).unwrap();
        tools.register(ApplyPatchTool).unwrap();
        let worktree = Worktree::new(folder.path());
        Self {
            context: ToolContext::new(worktree, "/nowhere", Default::default()),
            tools,
            folder,
        }
    }

    async fn call(&self, name: &str, arguments: Value) -> Result<Value, String> {
        let answer = self.tools.call(name, &self.context, arguments).await;
        answer.map_err(|error| error.to_string())
    }

    async fn read(&self, path: &str) -> Result<Value, String> {
        self.call("read", json!({"path": path})).await
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        self.folder.path().join(Path::new(path))
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }
}

#[tokio::test]
async fn lines_are_shown_with_their_numbers_and_in_parts() {
    let bench = Bench::new(&[("f", b"one\ntwo\nthree\n"), ("empty", b"")]);
    let all = bench.read("f").await.unwrap();
    assert_eq!(all["text"], "     1\tone\n     2\ttwo\n     3\tthree\n");
    assert_eq!((&all["lines"], &all["next"]), (&json!(3), &Value::Null));
    let part = json!({"path": "f", "from": 2, "lines": 1});
    let part = bench.call("read", part).await.unwrap();
    assert_eq!(
        (&part["text"], &part["next"]),
        (&json!("     2\ttwo\n"), &json!(3))
    );
    let past = bench.call("read", json!({"path": "f", "from": 4})).await;
    assert!(past.unwrap_err().contains("3 lines, none from 4 on"));
    let zero = bench.call("read", json!({"path": "f", "from": 0})).await;
    assert!(
        zero.unwrap_err()
            .contains("at /from: 0 is less than the minimum of 1")
    );
    assert_eq!(bench.read("empty").await.unwrap()["text"], "");
}

#[tokio::test]
async fn what_is_no_text_is_told_apart() {
    let long = format!("{}\n", "x".repeat(3_000));
    let bench = Bench::new(&[
        ("a.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
        ("b.bin", b"ab\0cd"),
        ("c.txt", b"caf\xe9\n"),
        ("d.txt", b"a\r\nb\r\n"),
        ("e.txt", b"a"),
        ("long", long.as_bytes()),
    ]);
    for (path, part) in [
        ("a.png", "is an image"),
        ("b.bin", "is binary"),
        (".", "not a path beneath"),
        ("gone", "there is no `gone`"),
    ] {
        let error = bench.read(path).await.unwrap_err();
        assert!(error.contains(part), "{error}");
    }
    for (path, part) in [("c.txt", "UTF-8"), ("d.txt", "CR LF"), ("e.txt", "no end")] {
        let shown = bench.read(path).await.unwrap();
        assert!(shown["note"].as_str().unwrap().contains(part), "{shown}");
    }
    let edit = json!({"path": "c.txt", "old": "caf", "new": "tea"});
    let error = bench.call("edit", edit).await.unwrap_err();
    assert!(
        error.contains("not UTF-8 text (first bad byte at 3)"),
        "{error}"
    );
    let shown = bench.read("long").await.unwrap();
    assert!(
        shown["text"]
            .as_str()
            .unwrap()
            .ends_with(" ... and 1000 characters more\n")
    );
}

/// Nothing is changed that the session has not seen as it is.
#[tokio::test]
async fn a_file_is_changed_only_as_it_was_read() {
    let bench = Bench::new(&[("f", b"one\n")]);
    let edit = || json!({"path": "f", "old": "one", "new": "1"});
    let write = || json!({"path": "f", "text": "all\n"});
    for (tool, arguments) in [("edit", edit()), ("write", write())] {
        let error = bench.call(tool, arguments).await.unwrap_err();
        assert!(error.contains("has not been read"), "{error}");
    }
    bench.read("f").await.unwrap();
    fs::write(bench.path("f"), "one and more\n").unwrap();
    for (tool, arguments) in [("edit", edit()), ("write", write())] {
        let error = bench.call(tool, arguments).await.unwrap_err();
        assert!(error.contains("has changed since it was read"), "{error}");
    }
    assert_eq!(bench.text("f"), "one and more\n");
    bench.read("f").await.unwrap();
    let done = bench.call("edit", edit()).await.unwrap();
    assert_eq!(done, json!({"path": "f", "replacements": 1, "lines": [1]}));
    // What it has written itself it knows.
    let again = json!({"path": "f", "old": "and", "new": "or"});
    bench.call("edit", again).await.unwrap();
    assert_eq!(bench.text("f"), "1 or more\n");
    bench.call("write", write()).await.unwrap();
    let new = json!({"path": "a/b", "text": "x\ny\n"});
    let new = bench.call("write", new).await.unwrap();
    assert_eq!(new, json!({"path": "a/b", "is_new": true, "lines": 2}));
}

#[tokio::test]
async fn a_patch_is_applied_whole_or_not_at_all() {
    let bench = Bench::new(&[("one", b"1\n2\n"), ("two", b"a\n"), ("three", b"x\n")]);
    let patch = "\
--- a/one
+++ b/one
@@ -1,2 +1,2 @@
 1
-2
+3
--- a/two
+++ /dev/null
@@ -1 +0,0 @@
-a
--- /dev/null
+++ b/sub/new
@@ -0,0 +1 @@
+n
rename from three
rename to four
";
    let bad = format!("{patch}--- a/one\n+++ b/one\n@@ -1 +1 @@\n-9\n+8\n");
    let error = bench
        .call("apply_patch", json!({"patch": bad}))
        .await
        .unwrap_err();
    assert!(error.contains("`one`: its lines are not there"), "{error}");
    assert_eq!(
        (bench.text("one").as_str(), bench.text("two").as_str()),
        ("1\n2\n", "a\n")
    );
    assert!(!bench.path("sub").exists());

    let done = bench
        .call("apply_patch", json!({"patch": patch}))
        .await
        .unwrap();
    assert_eq!(
        done,
        json!({"changed": ["one"], "added": ["four", "sub/new"], "removed": ["three", "two"]})
    );
    assert_eq!(bench.text("one"), "1\n3\n");
    assert_eq!(bench.text("four"), "x\n");
    assert!(!bench.path("two").exists() && !bench.path("three").exists());
    // What a patch has written may be edited.
    let edit = json!({"path": "one", "old": "3", "new": "4"});
    bench.call("edit", edit).await.unwrap();

    for (patch, part) in [
        (
            "--- /dev/null\n+++ b/one\n@@ -0,0 +1 @@\n+x\n",
            "`one` is to be new",
        ),
        (
            "--- a/one\n+++ /dev/null\n@@ -1 +0,0 @@\n-1\n",
            "does not take all its lines",
        ),
        (
            "--- a/gone\n+++ b/gone\n@@ -1 +1 @@\n-1\n+2\n",
            "there is no `gone`",
        ),
    ] {
        let error = bench
            .call("apply_patch", json!({"patch": patch}))
            .await
            .unwrap_err();
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(bench.text("one"), "1\n4\n");
}

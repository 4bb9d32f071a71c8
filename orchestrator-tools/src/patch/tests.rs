//! Patches that git writes, and those that models write.

use std::process::Command;

use super::*;

fn one(patch: &str) -> FilePatch {
    let mut files = parse(patch).unwrap();
    assert_eq!(files.len(), 1);
    files.remove(0)
}

fn applied(patch: &str, text: &str) -> Result<String, PatchError> {
    one(patch).apply(text)
}

/// What git says is the difference of two texts makes the one of the other.
#[test]
fn what_git_writes_is_applied_to_the_byte() {
    let mut random = fastrand::Rng::with_seed(3);
    let folder = tempfile::tempdir().unwrap();
    let mut changed = 0;
    for round in 0..300 {
        // Few different lines, so that most stand in many places.
        let ends = ["\n", "\r\n"][round % 2];
        let line = |random: &mut fastrand::Rng| {
            let words = ["", "a", "b", "-- c", "++ d", "@@ e", "\\ f", " g", "\t"];
            words[random.usize(..words.len())].to_owned() + ends
        };
        let text = |random: &mut fastrand::Rng, lines: Vec<String>| {
            let text = lines.concat();
            match random.u8(..4) {
                0 => text.trim_end_matches(ends).to_owned(),
                _ => text,
            }
        };
        let mut lines: Vec<String> = (0..random.usize(..60)).map(|_| line(&mut random)).collect();
        let old = text(&mut random, lines.clone());
        for _ in 0..random.usize(..6) {
            let at = random.usize(..=lines.len());
            match random.u8(..3) {
                0 => lines.insert(at, line(&mut random)),
                1 if at < lines.len() => _ = lines.remove(at),
                _ => lines.extend([line(&mut random)]),
            }
        }
        let new = text(&mut random, lines);
        if old == new || old.is_empty() || new.is_empty() {
            continue;
        }
        changed += 1;
        std::fs::write(folder.path().join("old"), &old).unwrap();
        std::fs::write(folder.path().join("new"), &new).unwrap();
        let context = format!("-U{}", random.u8(..4));
        let output = Command::new("git")
            .args([
                "-c",
                "core.autocrlf=false",
                "diff",
                "--no-index",
                "--no-color",
                &context,
            ])
            .args(["old", "new"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let patch = String::from_utf8(output.stdout).unwrap();
        let result = applied(&patch, &old);
        assert_eq!(result.unwrap(), new, "{old:?} with\n{patch}");
    }
    assert!(changed > 200, "{changed}");
}

#[test]
fn files_come_go_and_move() {
    let patch = "\
Here is the patch:

diff --git a/new b/new
new file mode 100644
--- /dev/null
+++ b/new
@@ -0,0 +1,2 @@
+one
+two

diff --git a/old b/old
deleted file mode 100644
--- a/old
+++ /dev/null
@@ -1 +0,0 @@
-gone
diff --git a/from b/to
similarity index 100%
rename from from
rename to to
diff --git a/x b/y
rename from x
rename to y
index 111..222 100644
--- a/x
+++ b/y
@@ -1 +1 @@
-1
+2
";
    let files = parse(patch).unwrap();
    let names: Vec<_> = files
        .iter()
        .map(|file| {
            (
                file.from.as_ref().map(|p| p.as_str()),
                file.to.as_ref().map(|p| p.as_str()),
            )
        })
        .collect();
    assert_eq!(
        names,
        [
            (None, Some("new")),
            (Some("old"), None),
            (Some("from"), Some("to")),
            (Some("x"), Some("y")),
        ]
    );
    assert_eq!(files[0].apply("").unwrap(), "one\ntwo\n");
    assert_eq!(files[1].apply("gone\n").unwrap(), "");
    assert_eq!(files[2].apply("as it is").unwrap(), "as it is");
    assert_eq!(files[3].apply("1\n").unwrap(), "2\n");
}

/// Counts and line numbers are what models get wrong.
#[test]
fn a_hunk_goes_where_its_lines_are() {
    let text = "a\nb\nc\nd\n";
    for head in [
        "@@ -1,9 +7,2 @@",
        "@@ -99 +99 @@",
        "@@ @@",
        "@@",
        "@@ -3,1 +3,1 @@ fn f()",
    ] {
        let patch = format!("--- a/f\n+++ b/f\n{head}\n b\n-c\n+C\n");
        assert_eq!(applied(&patch, text).unwrap(), "a\nb\nC\nd\n", "{head}");
    }
    // Where its lines are more than once, the place has to be right.
    let twice = "x\n1\nx\n2\n";
    let right = "--- a/f\n+++ b/f\n@@ -3 +3 @@\n-x\n+y\n";
    assert_eq!(applied(right, twice).unwrap(), "x\n1\ny\n2\n");
    let wrong = right.replace("-3 +3", "-2 +2");
    let error = applied(&wrong, twice).unwrap_err().to_string();
    assert!(error.contains("more than once"), "{error}");
    let error = applied("--- a/f\n+++ b/f\n@@ -1 +1 @@\n-z\n+y\n", twice)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("line 3 of the patch") && error.contains("not there"),
        "{error}"
    );
}

#[test]
fn lines_that_are_added_end_as_the_files_do() {
    let patch = "--- a/f\n+++ b/f\n@@ -1,2 +1,3 @@\n a\n+x\n b\n";
    assert_eq!(applied(patch, "a\r\nb\r\n").unwrap(), "a\r\nx\r\nb\r\n");
    assert_eq!(applied(patch, "a\nb").unwrap(), "a\nx\nb");
}

#[test]
fn what_is_no_patch_is_refused_with_the_line() {
    for (patch, part) in [
        ("", "line 1 of the patch: there is no `--- a/path`"),
        ("change a to b", "give a unified diff"),
        (
            "@@ -1 +1 @@\n-a\n+b\n",
            "line 1 of the patch: a hunk before",
        ),
        (
            "--- a/f\n@@ -1 +1 @@\n",
            "line 2 of the patch: `+++ b/path` has to follow",
        ),
        ("--- a/f\n+++ b/f\n", "has to follow"),
        ("--- a/f\n+++ b/f\n@@ -1 +1 @@\n a\n", "changes nothing"),
        (
            "--- a/f\n+++ b/f\n@@ -1 +1 @@\n\\ No newline\n",
            "no line is before it",
        ),
        (
            "--- /dev/null\n+++ /dev/null\n@@ -1 +1 @@\n-a\n",
            "both sides",
        ),
        (
            "diff --git a/x b/x\nBinary files a/x and b/x differ\n",
            "binary",
        ),
        (
            "--- a/../../etc/passwd\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n",
            "not a path beneath",
        ),
        (
            "--- a/.git/config\n+++ b/.git/config\n@@ -1 +1 @@\n-a\n+b\n",
            "git's own",
        ),
        ("rename from a\n", "`rename to path` has to follow"),
    ] {
        let error = parse(patch).unwrap_err().to_string();
        assert!(error.contains(part), "{patch:?}: {error}");
    }
}

//! Missions on one's own repository, in every language.

use orchestrator_tests::{Scene, event_named};

/// Runs an objective on a repository of one file and compares the result.
#[track_caller]
fn check(path: &str, before: &str, objective: &str, after: &str) {
    let scene = Scene::new(&[(path, before), ("README.md", "old_name(1)\n")]);
    let start = scene.stand();
    let check = format!("test -s {path}");
    let ran = scene
        .task(objective, &["--check", &check, "--json"])
        .exits(0);

    assert_eq!(scene.read(path), after, "{objective}");
    let end = scene.stand();
    assert_eq!((&*end.branch, &*end.status), ("main", ""));
    assert_ne!(end.commit, start.commit);
    assert_eq!(end.files["README.md"], start.files["README.md"]);
    assert_eq!(scene.leftovers(), [""; 0]);
    // The branch came forward; nothing that it had was rewritten.
    scene.git(&["merge-base", "--is-ancestor", &start.commit, "main"]);
    assert_eq!(scene.branches().len(), 1, "no work is kept aside");
    assert_eq!(
        event_named(&ran.json(), "sealed")["commit"],
        end.commit.as_str()
    );
    assert!(scene.journal_is_whole());
}

const REPLACE: &str = "replace `old_name($A)` with `new_name($A, 0)`";
const RENAME: &str = "rename `old_name` to `new_name`";

#[test]
fn python_is_replaced_and_renamed() {
    let before = "def f(x):\n    \"\"\"old_name(x)\"\"\"\n    # old_name(x)\n    return old_name(x) + len('old_name(x)')\n";
    check(
        "a/b.py",
        before,
        REPLACE,
        &before.replace("return old_name(x)", "return new_name(x, 0)"),
    );
    check(
        "a/b.py",
        before,
        RENAME,
        &before.replace("return old_name(x)", "return new_name(x)"),
    );
}

#[test]
fn javascript_is_replaced_and_renamed() {
    let before =
        "// old_name(x)\nexport const f = (x) => old_name(x) + 'old_name(x)' + `old_name ${x}`;\n";
    check(
        "src/a.js",
        before,
        REPLACE,
        &before.replace("=> old_name(x)", "=> new_name(x, 0)"),
    );
    check(
        "src/a.mjs",
        before,
        RENAME,
        &before.replace("=> old_name(x)", "=> new_name(x)"),
    );
}

#[test]
fn typescript_is_replaced_and_renamed() {
    let before = "/* old_name(x) */\nexport function f(x: number): string {\n  return old_name(x) + \"old_name(x)\";\n}\n";
    check(
        "src/a.ts",
        before,
        REPLACE,
        &before.replace("return old_name(x)", "return new_name(x, 0)"),
    );
    check(
        "src/a.tsx",
        before,
        RENAME,
        &before.replace("return old_name(x)", "return new_name(x)"),
    );
}

#[test]
fn go_is_replaced_and_renamed() {
    let before = "package a\n\n// old_name(x)\nfunc f(x int) string {\n\treturn old_name(x) + \"old_name(x)\"\n}\n";
    check(
        "a.go",
        before,
        REPLACE,
        &before.replace("return old_name(x)", "return new_name(x, 0)"),
    );
    check(
        "a.go",
        before,
        RENAME,
        &before.replace("return old_name(x)", "return new_name(x)"),
    );
}

/// A crate without dependencies, so that nothing is downloaded.
fn crate_scene(source: &str) -> Scene {
    let manifest = "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    let lock = "version = 3\n\n[[package]]\nname = \"tiny\"\nversion = \"0.1.0\"\n";
    Scene::new(&[
        ("Cargo.toml", manifest),
        ("Cargo.lock", lock),
        (".gitignore", "/target\n"),
        ("src/lib.rs", source),
    ])
}

#[test]
fn rust_is_replaced_and_renamed() {
    let before =
        "// old_name(x)\npub fn f(x: u8) -> String {\n    old_name(x) + \"old_name(x)\"\n}\n";
    for (objective, after) in [(REPLACE, "new_name(x, 0) +"), (RENAME, "new_name(x) +")] {
        let scene = crate_scene(before);
        let _ = scene
            .task(objective, &["--check", "test -s src/lib.rs"])
            .exits(0);
        let expected = before.replace("old_name(x) +", after);
        assert_eq!(scene.read("src/lib.rs"), expected);
    }
}

#[test]
fn clippy_suggestions_are_applied_and_proven_by_the_checks_that_are_found() {
    let before = "pub fn f(x: u8) -> u8 {\n    return x + 1;\n}\n\n#[test]\nfn adds() {\n    assert_eq!(f(1), 2);\n}\n";
    let scene = crate_scene(before);
    let ran = scene.task("apply clippy suggestions", &["--json"]).exits(0);
    assert_eq!(
        scene.read("src/lib.rs"),
        before.replace("return x + 1;", "x + 1")
    );
    let events = ran.json();
    assert_eq!(
        event_named(&events, "checks_found")["checks"][0]["command"],
        "cargo test --workspace"
    );
    assert_eq!(event_named(&events, "sealed")["unverified"], false);
    assert_eq!(scene.leftovers(), [""; 0]);
}

#[test]
fn a_glob_a_language_and_words_restrict_a_mission() {
    let files = [
        ("one/a.py", "old_name(1)\n"),
        ("two/b.py", "old_name(1)\n"),
        ("two/c.js", "old_name(1)\n"),
    ];
    let changed = |objective: &str, options: &[&str]| -> Vec<&str> {
        let scene = Scene::new(&files);
        let options: Vec<_> = ["--check", "true"].iter().chain(options).copied().collect();
        let _ = scene.task(objective, &options).exits(0);
        let changed = files
            .iter()
            .filter(|(path, before)| scene.read(path) != *before);
        changed.map(|(path, _)| *path).collect()
    };
    assert_eq!(changed(REPLACE, &[]), ["one/a.py", "two/b.py", "two/c.js"]);
    assert_eq!(changed(REPLACE, &["--glob", "one/**"]), ["one/a.py"]);
    assert_eq!(changed(REPLACE, &["--lang", "javascript"]), ["two/c.js"]);
    let words = format!("{REPLACE} in python files under `two/**`");
    assert_eq!(changed(&words, &[]), ["two/b.py"]);
}

#[test]
fn a_person_reads_what_became_of_it() {
    let scene = Scene::new(&[("one/a.py", "old_name(1)\n")]);
    let ran = scene.task(RENAME, &["--check", "true"]).exits(0);
    for part in [
        "Sealed",
        "landed",
        "1 item landed, 0 waived",
        "Check `true` passed",
        "Branch `main` now has it",
    ] {
        assert!(
            ran.stdout.contains(part),
            "`{part}` is not in:\n{}",
            ran.stdout
        );
    }
}

#[test]
fn a_second_run_finds_nothing_to_do() {
    let scene = Scene::new(&[("one/a.py", "old_name(1)\n")]);
    let options = ["--check", "true", "--json"];
    let _ = scene.task(RENAME, &options).exits(0);
    let between = scene.stand();
    let again = scene.task(RENAME, &options).exits(0).json();
    assert_eq!(scene.stand(), between);
    assert_eq!(
        event_named(&again, "sealed")["landed"],
        serde_json::json!([])
    );
}

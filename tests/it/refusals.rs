//! What the program does not do, and says so.

use orchestrator_tests::{Scene, event_named};

const REPLACE: &str = "replace `old_name($A)` with `new_name($A)`";

fn scene() -> Scene {
    Scene::new(&[
        ("one/a.py", "old_name(1)\n"),
        ("two/b.py", "x = 1\ntaken(2)\n"),
    ])
}

/// Runs a mission that is refused: with this exit code and these words, and
/// without a trace but for the state folder.
#[track_caller]
fn refused(scene: &Scene, objective: &str, options: &[&str], code: i32, words: &[&str]) {
    let (stand, branches) = (scene.stand(), scene.branches());
    let _ = scene
        .task(objective, options)
        .exits(code)
        .complains_of(words);
    assert_eq!(scene.stand(), stand);
    assert_eq!(scene.branches(), branches);
    assert_eq!(scene.leftovers(), [""; 0]);
}

#[test]
fn an_unknown_objective_is_refused_with_the_list_of_missions() {
    let scene = scene();
    refused(
        &scene,
        "add a login page",
        &["--check", "true"],
        2,
        &[
            "add a login page",
            "apply clippy suggestions",
            "apply clippy suggestions pedantic",
            "replace `PATTERN` with `REWRITE`",
            "rename `old_name` to `new_name`",
        ],
    );
    let mut names: Vec<_> = std::fs::read_dir(scene.repo())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, [".git", ".orchestrator", "one", "two"]);
    // The control: what `refused` looks at does move.
    let before = scene.stand();
    let _ = scene.task(REPLACE, &["--check", "true"]).exits(0);
    assert_ne!(scene.stand(), before);
}

#[test]
fn without_a_check_nothing_is_begun() {
    let words = ["--check", "--allow-unverified"];
    refused(&scene(), REPLACE, &[], 2, &words);
}

#[test]
fn work_without_checks_is_sealed_as_unverified() {
    let unverified = |options: &[&str]| {
        let scene = scene();
        let events = scene.task(REPLACE, options).exits(0).json();
        assert_eq!(scene.read("one/a.py"), "new_name(1)\n");
        event_named(&events, "sealed")["unverified"].clone()
    };
    assert_eq!(unverified(&["--allow-unverified", "--json"]), true);
    assert_eq!(unverified(&["--check", "true", "--json"]), false);
    // A check that is there is run, also where none was asked for.
    let both = ["--check", "true", "--allow-unverified", "--json"];
    assert_eq!(unverified(&both), false);
}

#[test]
fn a_person_is_told_that_nothing_proves_the_work() {
    let ran = scene().task(REPLACE, &["--allow-unverified"]).exits(0);
    assert!(ran.stdout.contains("No check has proven this work"));
}

#[test]
fn renaming_onto_a_name_that_is_taken_is_refused() {
    let words = ["`taken` is an identifier already", "two/b.py:2"];
    refused(
        &scene(),
        "rename `old_name` to `taken`",
        &["--check", "true"],
        2,
        &words,
    );
}

#[test]
fn renaming_a_name_that_is_not_there_is_refused() {
    let words = ["`nobody` is no identifier in this repository"];
    refused(
        &scene(),
        "rename `nobody` to `somebody`",
        &["--check", "true"],
        2,
        &words,
    );
}

#[test]
fn a_pattern_that_matches_nowhere_changes_nothing_and_says_so() {
    let scene = scene();
    let before = scene.stand();
    let ran = scene
        .task(
            "replace `nobody($A)` with `somebody($A)`",
            &["--check", "true"],
        )
        .exits(0)
        .complains_of(&["`nobody($A)` matches nowhere"]);
    assert!(ran.stdout.contains("Nothing was changed"), "{}", ran.stdout);
    assert_eq!(scene.stand(), before);
}

#[test]
fn bad_usage_exits_with_2() {
    let scene = Scene::empty();
    for arguments in [
        &[][..],
        &["task"],
        &["task", REPLACE, "--no-such-option"],
        &["task", REPLACE, "--workers", "0"],
        &["task", REPLACE, "--lang", "cobol"],
        &["no-such-command"],
    ] {
        let ran = scene.run(arguments).exits(2);
        assert!(ran.stderr.contains("--help") || ran.stderr.contains("Usage"));
    }
    let _ = scene.run(&["task", "--help"]).exits(0);
}

#[test]
fn a_check_that_fails_beforehand_is_named_and_nothing_is_changed() {
    let scene = scene();
    let checks = ["--check", "true", "--check", "test -f absent.txt"];
    let words = ["`test -f absent.txt` fails in a clean checkout of the untouched commit"];
    refused(&scene, REPLACE, &checks, 3, &words);
    // The control: the same check, once it passes.
    scene.write("absent.txt", "here\n");
    scene.commit("add the file");
    let _ = scene.task(REPLACE, &checks).exits(0);
}

#[test]
fn what_the_failing_check_said_is_shown() {
    let check = "echo the reason is this >&2; exit 7";
    let words = ["exit code 7", "the reason is this"];
    refused(&scene(), REPLACE, &["--check", check], 3, &words);
}

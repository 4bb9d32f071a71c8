//! The bundled sample: the main job, as a newcomer tries it.

use std::collections::BTreeMap;
use std::process::Command;

use orchestrator_tests::{Scene, event_named, events_named};
use serde_json::Value;

/// Runs one of the demo's missions into the scene's repository and looks at
/// what every mission owes.
fn demo(which: &str, options: &[&str]) -> (Scene, Vec<Value>) {
    let scene = Scene::empty();
    let repo = scene.repo();
    let mut arguments = vec!["demo", which, "--json", "--into", repo.to_str().unwrap()];
    arguments.extend(options);
    let events = scene.run(&arguments).exits(0).json();

    let opened = event_named(&events, "mission_opened");
    let base = opened["base"].as_str().unwrap();
    let end = scene.stand();
    assert_eq!((&*end.branch, &*end.status), ("main", ""));
    assert_eq!(
        event_named(&events, "sealed")["commit"],
        end.commit.as_str()
    );
    assert_ne!(end.commit, base);
    scene.git(&["merge-base", "--is-ancestor", base, "main"]);
    assert_eq!(scene.leftovers(), [""; 0]);
    assert!(scene.journal_is_whole());
    assert!(tests_pass(&scene));
    assert_eq!(scene.stand().status, "");
    (scene, events)
}

/// Whether the sample's own tests pass where it lies, built from nothing.
fn tests_pass(scene: &Scene) -> bool {
    let environment = scene.command(&[""; 0]);
    let mut command = Command::new("cargo");
    command.env_clear();
    for (name, value) in environment.get_envs() {
        command.envs(value.map(|value| (name, value)));
    }
    let output = command
        .args(["test", "--workspace", "--offline", "--quiet"])
        .env("CARGO_TARGET_DIR", scene.root().join("build"))
        .current_dir(scene.repo())
        .output();
    output.unwrap().status.success()
}

#[test]
fn clippy_lands_all_but_the_fix_that_is_wrong() {
    // So many Workers that both sides of the sample's conflict are begun on the
    // same commit, however slow the machine.
    let (scene, events) = demo("clippy", &["--workers=8"]);
    let planned: usize = events_named(&events, "plan_ready")
        .map(|plan| plan["items"].as_array().unwrap().len())
        .sum();
    assert_eq!(planned, 27);
    let landed = event_named(&events, "sealed")["landed"].as_array().unwrap();
    assert_eq!(landed.len(), 26);

    let waived = event_named(&events, "task_waived");
    let item = events_named(&events, "plan_ready")
        .flat_map(|plan| plan["items"].as_array().unwrap())
        .find(|item| item["id"] == waived["task"])
        .unwrap();
    assert_eq!(item["action"]["lint"], "clippy::len_zero");
    let reason = waived["reason"].as_str().unwrap();
    assert!(reason.contains("cargo test -p depot"), "{reason}");
    // Its work is kept, and it is the fix that breaks the test.
    let kept = event_named(&events, "task_rejected")["kept"]
        .as_str()
        .unwrap();
    let branch = kept.trim_start_matches("refs/heads/");
    assert_eq!(
        scene.branches().keys().collect::<Vec<_>>(),
        ["main", branch]
    );
    let text = scene.read("depot/src/lib.rs");
    assert!(text.contains("bay.len() == 0"));
    assert!(
        !scene
            .show(branch, "depot/src/lib.rs")
            .contains("bay.len() == 0")
    );

    // Two fixes of one line each collided; the later one was made again.
    let conflict = event_named(&events, "task_conflicted");
    assert_eq!(conflict["files"], serde_json::json!(["depot/src/bay.rs"]));
    assert!(landed.contains(&conflict["task"]));

    // The control: with the fix that is wrong, the tests fail.
    scene.git(&["checkout", "--quiet", branch]);
    assert!(!tests_pass(&scene));
}

/// How often a word stands in comments and strings, file by file. Good enough
/// for the sample: a comment starts with `//`, a string is closed on its line.
fn words_in_text(scene: &Scene, commit: &str, word: &str) -> BTreeMap<String, usize> {
    let files = scene.git(&["ls-tree", "-r", "--name-only", commit]);
    let count = |path: &str| {
        let text = scene.show(commit, path);
        if !path.ends_with(".rs") {
            return text.matches(word).count();
        }
        text.lines()
            .map(|line| {
                let (code, comment) = line.split_once("//").unwrap_or((line, ""));
                let strings = code.split('"').skip(1).step_by(2);
                let parts = strings.chain([comment]);
                parts.map(|part| part.matches(word).count()).sum::<usize>()
            })
            .sum()
    };
    files
        .lines()
        .map(|path| (path.to_owned(), count(path)))
        .collect()
}

/// How often a word stands anywhere.
fn words(scene: &Scene, commit: &str, word: &str) -> usize {
    let files = scene.git(&["ls-tree", "-r", "--name-only", commit]);
    let count = |path: &str| scene.show(commit, path).matches(word).count();
    files.lines().map(count).sum()
}

/// Comments, strings and data say what they said; in code the word is gone.
#[track_caller]
fn only_code_changed(scene: &Scene, events: &[Value], word: &str) {
    let base = event_named(events, "mission_opened")["base"]
        .as_str()
        .unwrap();
    let before = words_in_text(scene, base, word);
    let kept: usize = before.values().sum();
    assert_eq!(words_in_text(scene, "main", word), before);
    assert_eq!(
        words(scene, "main", word),
        kept,
        "`{word}` is in code still"
    );
    // The control: at first it was in code too, and some of it was not.
    assert!(words(scene, base, word) > kept && kept > 0);
}

#[test]
fn replace_changes_code_and_leaves_the_comment_alone() {
    let (scene, events) = demo("replace", &[]);
    only_code_changed(&scene, &events, "from_millis(");
    let landed = event_named(&events, "sealed")["landed"].as_array().unwrap();
    assert_eq!(landed.len(), 4);
    assert!(
        scene
            .read("route/src/lib.rs")
            .contains("// It once was Duration::from_millis")
    );
}

#[test]
fn rename_changes_code_and_leaves_strings_comments_and_data_alone() {
    let (scene, events) = demo("rename", &[]);
    only_code_changed(&scene, &events, "recieve_parcel");
    assert!(
        scene
            .read("depot/src/lib.rs")
            .contains("pub fn receive_parcel(")
    );

    // The control: a blind search and replace makes the tests fail.
    for path in scene.git(&["ls-files", "*/src/*.rs"]).lines() {
        scene.write(
            path,
            scene.read(path).replace("recieve_parcel", "receive_parcel"),
        );
    }
    assert!(!tests_pass(&scene));
}

#[test]
fn a_folder_that_is_not_empty_is_left_alone() {
    let scene = Scene::new(&[("mine.txt", "mine\n")]);
    let before = scene.stand();
    let _ = scene
        .run(&["demo", "--into", "."])
        .exits(2)
        .complains_of(&["is not empty"]);
    assert_eq!(scene.stand(), before);
}

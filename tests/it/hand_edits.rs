//! `todo.md` edited by hand while a mission runs.

use orchestrator_tests::{Ended, Gate, Live, Scene, event_named, events_named};
use serde_json::json;

const REPLACE: &str = "replace `old_name($A)` with `new_name($A)`";
const TODO: &str = ".orchestrator/todo.md";

/// Three items; one Worker, so that the last is pending while the first is
/// checked.
fn scene() -> Scene {
    Scene::new(&[
        ("one/a.py", "old_name(1)\n"),
        ("three/c.py", "old_name(3)\n"),
        ("two/b.py", "old_name(2)\n"),
    ])
}

/// Edits `todo.md` while the first item is checked, and looks at the file again
/// when the edit was taken up.
fn edited(scene: &Scene, edit: impl Fn(&str) -> String, look: impl Fn(&str)) -> Ended {
    let mut gate = Gate::new(scene.root());
    let mut live = Live::start(scene, REPLACE, &["--workers=1", "--check", &gate.check()]);
    live.until_check("baseline");
    gate.pass();
    live.until_check("unit");
    let before = scene.read(TODO);
    let after = edit(&before);
    assert_ne!(before, after, "the edit changes nothing");
    scene.write(TODO, after);
    gate.pass();
    // The next check finds the gate closed: nothing goes on behind this look.
    live.until("hand_edited", |_| true);
    look(&scene.read(TODO));
    gate.open();
    live.end().exits(0)
}

fn notes(ended: &Ended) -> String {
    let notes = events_named(&ended.events, "hand_edited").map(|event| event["note"].to_string());
    notes.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_minus_gives_a_pending_item_up() {
    let scene = scene();
    let ended = edited(&scene, |todo| todo.replace("- [ ] t3", "- [-] t3"), |_| {});
    let waived = event_named(&ended.events, "task_waived");
    assert_eq!(waived["task"], "t3");
    assert!(waived["reason"].as_str().unwrap().contains("`[-]`"));
    let sealed = event_named(&ended.events, "sealed");
    assert_eq!(sealed["landed"], json!(["t1", "t2"]));
    assert_eq!(scene.read("one/a.py"), "new_name(1)\n");
    assert_eq!(scene.read("two/b.py"), "old_name(2)\n");
    assert!(scene.read(TODO).contains("- [-] t3"));
}

#[test]
fn a_minus_gives_the_next_item_up() {
    let scene = scene();
    let ended = edited(&scene, |todo| todo.replace("- [ ] t2", "- [-] t2"), |_| {});
    assert_eq!(event_named(&ended.events, "task_waived")["task"], "t2");
    let sealed = event_named(&ended.events, "sealed");
    assert_eq!(sealed["landed"], json!(["t1", "t3"]));
    assert_eq!(scene.read("three/c.py"), "old_name(3)\n");
}

#[test]
fn a_line_that_is_taken_out_gives_its_item_up() {
    let scene = scene();
    let without = |todo: &str| {
        let lines = todo.lines().filter(|line| !line.contains("] t3"));
        lines.map(|line| format!("{line}\n")).collect()
    };
    let ended = edited(&scene, without, |_| {});
    assert!(notes(&ended).contains("t3: removed by hand"));
    let sealed = event_named(&ended.events, "sealed");
    assert_eq!(sealed["landed"], json!(["t1", "t2"]));
    assert_eq!(scene.read("two/b.py"), "old_name(2)\n");
}

#[test]
fn a_tick_completes_nothing() {
    let scene = scene();
    let ended = edited(
        &scene,
        |todo| todo.replace("- [ ] t3", "- [x] t3"),
        |todo| assert!(!todo.contains("- [x] t3"), "{todo}"),
    );
    assert!(notes(&ended).contains("a tick completes nothing"));
    // It was done after all, by a Worker, and proven.
    let sealed = event_named(&ended.events, "sealed");
    assert_eq!(sealed["landed"], json!(["t1", "t2", "t3"]));
    assert_eq!(scene.read("two/b.py"), "new_name(2)\n");
    assert!(scene.read(TODO).contains("- [x] t3"));
}

#[test]
fn a_persons_own_words_stay_where_they_are() {
    let scene = scene();
    let above = "## What I think\n\nBuy *milk*.\t\n";
    let below = "\n> the end, without a newline";
    let ended = edited(
        &scene,
        |todo| {
            let ticked = todo.replace("- [ ] t3", "- [x] t3");
            format!("{above}{ticked}{below}")
        },
        |todo| {
            assert!(todo.starts_with(above), "{todo}");
            assert!(todo.ends_with(below), "{todo}");
        },
    );
    let todo = scene.read(TODO);
    assert!(todo.starts_with(above) && todo.ends_with(below), "{todo}");
    assert_eq!(
        event_named(&ended.events, "sealed")["landed"],
        json!(["t1", "t2", "t3"])
    );
    // The next mission starts a plan of its own, and moves this one aside.
    let _ = scene.task(REPLACE, &["--check", "true"]).exits(0);
    let name = std::fs::read_dir(scene.repo().join(".orchestrator"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .find(|name| name.starts_with("todo.before-"))
        .unwrap();
    let kept = scene.read(&format!(".orchestrator/{name}"));
    assert_eq!(kept, todo);
}

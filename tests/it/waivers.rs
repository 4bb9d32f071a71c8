//! Items that break their check: given up one by one, or not sealed at all.

use orchestrator_tests::{Ran, Scene, event_named, events_named};

const REPLACE: &str = "replace `old_name($A)` with `new_name($A)`";

/// Passes as long as the second folder is left alone.
const CHECK: &str = "! grep -q new_name two/b.py";

fn scene() -> Scene {
    Scene::new(&[("one/a.py", "old_name(1)\n"), ("two/b.py", "old_name(2)\n")])
}

fn run(scene: &Scene, options: &[&str]) -> Ran {
    let options: Vec<_> = ["--check", CHECK].iter().chain(options).copied().collect();
    scene.task(REPLACE, &options)
}

#[test]
fn what_breaks_its_check_is_waived_and_the_rest_is_sealed() {
    let scene = scene();
    let ran = run(&scene, &["--json"]).exits(0);
    assert_eq!(scene.read("one/a.py"), "new_name(1)\n");
    assert_eq!(scene.read("two/b.py"), "old_name(2)\n");

    let events = ran.json();
    let waived = event_named(&events, "task_waived");
    assert!(waived["reason"].as_str().unwrap().contains(CHECK));
    let sealed = event_named(&events, "sealed");
    assert_eq!(sealed["landed"], serde_json::json!(["t1"]));
    assert_eq!(sealed["waived"][0][0], "t2");
    // The receipt that the waiver names shows the failure.
    let receipt = events_named(&events, "check_ran")
        .map(|event| &event["receipt"])
        .find(|receipt| receipt["id"] == waived["receipt"])
        .unwrap();
    assert_eq!(receipt["ending"]["exited"], 1);
    assert_eq!(receipt["task"], "t2");

    // The attempt is kept, and holds what was tried.
    let mission = event_named(&events, "mission_opened")["mission"]
        .as_str()
        .unwrap();
    let kept = format!("orchestrator/rejected/{mission}/t2-1");
    let branches = scene.branches();
    assert_eq!(branches.keys().collect::<Vec<_>>(), ["main", &*kept]);
    assert_eq!(scene.show(&kept, "two/b.py"), "new_name(2)");
}

#[test]
fn a_person_is_told_what_was_waived_and_where_it_is_kept() {
    let ran = run(&scene(), &[]).exits(0);
    for part in [
        "waived",
        "fails with it (exit code 1)",
        "kept on the branch orchestrator/rejected/",
        "1 item landed, 1 waived",
    ] {
        assert!(
            ran.stdout.contains(part),
            "`{part}` is not in:\n{}",
            ran.stdout
        );
    }
}

#[test]
fn a_strict_mission_with_a_waiver_is_not_sealed_and_keeps_what_landed() {
    let scene = scene();
    let before = scene.stand();
    let ran = run(&scene, &["--strict", "--json"]).exits(3);
    let events = ran.json();
    assert_eq!(events_named(&events, "sealed").count(), 0);
    assert_eq!(event_named(&events, "mission_ended")["outcome"], "unsealed");
    assert_eq!(scene.stand(), before);
    assert_eq!(scene.leftovers(), [""; 0]);

    let mission = event_named(&events, "mission_opened")["mission"]
        .as_str()
        .unwrap();
    let result = format!("orchestrator/{mission}");
    assert_eq!(scene.show(&result, "one/a.py"), "new_name(1)");
    assert_eq!(scene.show(&result, "two/b.py"), "old_name(2)");
}

#[test]
fn a_strict_mission_tells_a_person_where_its_work_is() {
    let ran = run(&scene(), &["--strict"]).exits(3);
    for part in [
        "Not sealed",
        "the mission is strict",
        "What landed is kept on the branch `orchestrator/",
    ] {
        assert!(
            ran.stdout.contains(part),
            "`{part}` is not in:\n{}",
            ran.stdout
        );
    }
}

#[test]
fn a_strict_mission_without_a_waiver_is_sealed() {
    let scene = scene();
    let _ = scene
        .task(REPLACE, &["--check", "true", "--strict"])
        .exits(0);
    assert_eq!(scene.read("two/b.py"), "new_name(2)\n");
}

#[test]
fn items_that_pass_alone_and_break_together_are_told_apart() {
    let scene = scene();
    // Either is fine; both are not. Only the landing queue can see that.
    let check = "! (grep -q new_name one/a.py && grep -q new_name two/b.py)";
    let events = scene
        .task(REPLACE, &["--check", check, "--json"])
        .exits(0)
        .json();
    let sealed = event_named(&events, "sealed");
    assert_eq!(sealed["landed"].as_array().unwrap().len(), 1);
    assert_eq!(sealed["waived"].as_array().unwrap().len(), 1);
    let changed = [scene.read("one/a.py"), scene.read("two/b.py")];
    let new = changed.iter().filter(|text| text.contains("new_name"));
    assert_eq!(new.count(), 1, "{changed:?}");
}

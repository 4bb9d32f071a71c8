//! What a user does while a mission runs is the user's.

use orchestrator_tests::{Ended, Gate, Live, Scene, event_named};

const RENAME: &str = "rename `old_name` to `new_name`";

fn scene() -> Scene {
    Scene::new(&[("one/a.py", "old_name(1)\n"), ("two/b.txt", "mine\n")])
}

/// Runs a mission and does something to the repository while a check of this
/// stage runs.
fn during(scene: &Scene, stage: &str, act: impl FnOnce(&Scene)) -> Ended {
    let mut gate = Gate::new(scene.root());
    let mut live = Live::start(scene, RENAME, &["--check", &gate.check()]);
    let mut act = Some(act);
    while let Some(event) = live.next_event() {
        if event["event"] == "check_started" {
            gate.wait();
            if event["stage"] == stage
                && let Some(act) = act.take()
            {
                act(scene);
            }
            gate.pass();
        }
    }
    assert!(act.is_none(), "no check of the stage {stage} ran");
    live.end().exits(0)
}

/// The result waits on the mission's own branch, and these words say why.
#[track_caller]
fn waits(scene: &Scene, ended: &Ended, because: &str) {
    let result = format!("orchestrator/{}", ended.mission());
    let delivered = event_named(&ended.events, "delivered");
    assert_eq!(delivered["branch"], result.as_str());
    let reason = delivered["waits_because"].as_str().unwrap();
    assert!(reason.contains(because), "{reason}");
    assert_eq!(scene.show(&result, "one/a.py"), "new_name(1)");
    assert_eq!(scene.leftovers(), [""; 0]);
    assert!(scene.journal_is_whole());
}

#[test]
fn without_interference_the_branch_gets_the_result() {
    let scene = scene();
    let ended = during(&scene, "mission", |_| {});
    let delivered = event_named(&ended.events, "delivered");
    assert_eq!(delivered["branch"], "main");
    assert!(delivered["waits_because"].is_null());
    assert_eq!(scene.read("one/a.py"), "new_name(1)\n");
}

#[test]
fn an_edit_survives_byte_for_byte() {
    for stage in ["baseline", "unit", "mission"] {
        for path in ["one/a.py", "two/b.txt"] {
            let scene = scene();
            let bytes = b"mine\r\n\xff\0 no newline";
            let mut edited = None;
            let ended = during(&scene, stage, |scene| {
                scene.write(path, bytes);
                edited = Some(scene.stand());
            });
            waits(&scene, &ended, "the tree has an uncommitted change");
            let edited = edited.unwrap();
            assert_eq!(edited.files[path], bytes);
            assert_eq!(scene.stand(), edited, "{path} in the stage {stage}");
        }
    }
}

#[test]
fn a_new_file_and_a_staged_change_survive() {
    let scene = scene();
    let ended = during(&scene, "mission", |scene| {
        scene.write("two/b.txt", "staged\n");
        scene.git(&["add", "two/b.txt"]);
        scene.write("two/new.txt", "new\n");
    });
    waits(&scene, &ended, "the tree has 2 uncommitted changes");
    let status = scene.stand().status;
    assert_eq!(status, "M  two/b.txt\n?? two/new.txt");
}

#[test]
fn a_commit_stays_the_tip_of_its_branch() {
    let scene = scene();
    let mut committed = None;
    let ended = during(&scene, "mission", |scene| {
        scene.write("two/b.txt", "committed\n");
        scene.commit("mine");
        committed = Some(scene.stand());
    });
    waits(&scene, &ended, "`main` has moved");
    assert_eq!(Some(scene.stand()), committed);
    // What waits can be taken as the message says.
    let result = format!("orchestrator/{}", ended.mission());
    scene.git(&["merge", "--quiet", "--no-edit", &result]);
    assert_eq!(scene.read("one/a.py"), "new_name(1)\n");
    assert_eq!(scene.read("two/b.txt"), "committed\n");
}

#[test]
fn another_branch_that_is_checked_out_is_not_moved() {
    let scene = scene();
    let ended = during(&scene, "mission", |scene| {
        scene.git(&["switch", "--quiet", "--create", "other"]);
    });
    waits(&scene, &ended, "`main` is no longer checked out");
    let branches = scene.branches();
    assert_eq!(branches["main"], branches["other"]);
    assert_eq!(scene.stand().branch, "other");
    assert_eq!(scene.read("one/a.py"), "old_name(1)\n");
}

#[test]
fn a_second_mission_is_told_of_the_first_and_does_it_no_harm() {
    let scene = scene();
    let mut gate = Gate::new(scene.root());
    let mut first = Live::start(&scene, RENAME, &["--check", &gate.check()]);
    gate.wait();
    first.until_check("baseline");

    let id = first.mission();
    let _ = scene
        .task(RENAME, &["--check", "true"])
        .exits(1)
        .complains_of(&[&id, "is working on this repository"]);
    // A look does no harm either.
    let status = scene.run(&["status", "--json"]).exits(0).json();
    assert_eq!(status[0]["running"], true);
    assert!(scene.journal_is_whole());

    gate.open();
    let first = first.end().exits(0);
    assert_eq!(event_named(&first.events, "delivered")["branch"], "main");
    assert_eq!(scene.read("one/a.py"), "new_name(1)\n");
    // Now that it is over, another may come.
    let _ = scene.task(RENAME, &["--check", "true"]).exits(0);
    assert!(scene.journal_is_whole());
}

#[test]
fn another_worktree_is_the_same_repository() {
    let scene = scene();
    let other = scene.root().join("other");
    scene.git(&[
        "worktree",
        "add",
        "--quiet",
        "-b",
        "other",
        &other.to_string_lossy(),
    ]);
    let mut gate = Gate::new(scene.root());
    let mut live = Live::start(&scene, RENAME, &["--check", &gate.check()]);
    gate.wait();
    live.until_check("baseline");
    let first = live.mission();
    let second = [
        "task",
        RENAME,
        "--check",
        "true",
        "--repo",
        &other.to_string_lossy(),
    ];
    let _ = scene.run(&second).exits(1).complains_of(&[&first]);
    gate.open();
    while live.next_event().is_some() {}
    let _ = live.end().exits(0);
    assert_eq!(scene.read("one/a.py"), "new_name(1)\n");
    // The control: afterwards the other worktree has its turn.
    let _ = scene.run(&second).exits(0);
}

//! `orchestrator memory`: what is remembered about a repository.

use orchestrator_tests::{Gate, Live, Scene};
use serde_json::Value;

const REPLACE: &str = "replace `old_name($A)` with `new_name($A)`";

fn scene() -> Scene {
    Scene::new(&[("one/a.py", "old_name(1)\n"), ("two/b.py", "old_name(2)\n")])
}

fn add(scene: &Scene, arguments: &[&str]) {
    let command: Vec<_> = ["memory", "add"].iter().chain(arguments).copied().collect();
    drop(scene.run(&command).exits(0));
}

#[track_caller]
fn refuses(scene: &Scene, arguments: &[&str], code: i32, parts: &[&str]) {
    drop(scene.run(arguments).exits(code).complains_of(parts));
}

fn texts(entries: &Value) -> Vec<&str> {
    let entries = entries.as_array().unwrap().iter();
    entries
        .map(|entry| entry["text"].as_str().unwrap())
        .collect()
}

#[test]
fn notes_are_kept_told_where_they_matter_and_forgotten() {
    let scene = scene();
    refuses(&scene, &["memory"], 2, &["nothing is remembered"]);
    add(&scene, &["--always", "Never touch generated/."]);
    add(
        &scene,
        &["--about", "deploys", "Deploys happen on Mondays."],
    );
    add(
        &scene,
        &["--about", "deploys", "Deploys happen on Tuesdays."],
    );
    add(&scene, &["--see", "m3", "Releases are made by ship.sh."]);
    add(
        &scene,
        &["--until", "2020-01-31", "The release manager is away."],
    );

    let shown = scene.run(&["memory"]).exits(0).stdout;
    for part in [
        "m1  Never touch",
        "m3  Deploys happen on Tue",
        "until 2020-01-31",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
    assert!(!shown.contains("Mondays"), "{shown}");
    let listed = scene.run(&["memory", "list", "--json"]).exits(0).json();
    assert_eq!(listed.len(), 5);
    assert_eq!(listed[1]["superseded_by"], "m3");
    assert_eq!(listed[3]["see"][0], "m3");

    // What is asked for, what belongs to it, and what must be there; and why not the rest.
    let explained = |query: &str, budget: &str| -> Value {
        let command = ["memory", "explain", query, "--budget", budget, "--json"];
        scene.run(&command).exits(0).json().remove(0)
    };
    let release = explained("make a release when deploys happen", "600");
    let [always, deploys, releases] = texts(&release["told"])[..] else {
        panic!("{release}");
    };
    assert!(always.starts_with("Never") && deploys.contains("Tues") && releases.contains("ship"));
    assert!(
        release["told"][2]["why"]
            .as_str()
            .unwrap()
            .contains("`release`")
    );
    let left_out = release["left_out"].as_array().unwrap();
    let why = |text: &str| {
        let one = left_out
            .iter()
            .find(|one| one["text"].as_str().unwrap().contains(text));
        one.unwrap()["why"].as_str().unwrap()
    };
    assert_eq!(why("Mondays"), "superseded by m3");
    assert_eq!(why("manager"), "expired");
    let short = explained("release", "40");
    assert!(short["tokens"].as_u64().unwrap() <= 40, "{short}");
    assert!(!short["left_out"].as_array().unwrap().is_empty(), "{short}");
    refuses(
        &scene,
        &["memory", "explain", "release", "--budget", "5"],
        2,
        &["by ", "tokens"],
    );

    drop(scene.run(&["memory", "forget", "m4"]).exits(0));
    refuses(
        &scene,
        &["memory", "forget", "m4"],
        2,
        &["nothing is remembered as m4"],
    );
    let release = explained("make a release", "600");
    assert!(
        !texts(&release["told"])
            .iter()
            .any(|text| text.contains("ship")),
        "{release}"
    );
    // A name is never used again.
    add(&scene, &["Ask Kim."]);
    assert_eq!(
        scene.run(&["memory", "--json"]).exits(0).json()[4]["id"],
        "m6"
    );
    assert!(scene.journal_is_whole());
    assert_eq!(
        scene.git(&["status", "--porcelain"]),
        "",
        "git ignores all of it"
    );
}

#[test]
fn bad_notes_change_nothing() {
    let scene = scene();
    add(&scene, &["A note."]);
    for (arguments, part) in [
        (&["memory", "add", "  "][..], "it says nothing"),
        (
            &["memory", "add", "x", "--see", "m9"],
            "nothing is remembered as m9",
        ),
        (&["memory", "add", "x", "--see", "9"], "m7"),
        (&["memory", "add", "x", "--until", "soon"], "YYYY-MM-DD"),
        (
            &["memory", "add", "x", "--until", "2026-02-30"],
            "YYYY-MM-DD",
        ),
        (&["memory", "forget", "m0"], "m7"),
    ] {
        refuses(&scene, arguments, 2, &[part]);
    }
    assert_eq!(scene.run(&["memory", "--json"]).exits(0).json().len(), 1);
}

/// Notes and missions stand in one journal, and neither is in the other's way.
#[test]
fn missions_run_among_notes() {
    let scene = scene();
    add(&scene, &["Before the mission."]);
    refuses(&scene, &["status"], 2, &["no mission has run"]);
    let check = "! grep -q new_name two/b.py";
    drop(scene.task(REPLACE, &["--check", check]).exits(0));
    add(&scene, &["After the mission."]);
    let listed = scene.run(&["memory", "--json"]).exits(0).json();
    let listed = Value::Array(listed);
    let [before, after, learnt] = texts(&listed)[..] else {
        panic!("{listed}");
    };
    assert_eq!(
        (before, after),
        ("Before the mission.", "After the mission.")
    );
    assert!(learnt.starts_with("An earlier mission gave up"), "{learnt}");
    refuses(
        &scene,
        &["memory", "forget", listed[2]["id"].as_str().unwrap()],
        2,
        &["stays in the journal"],
    );
    let status = scene.run(&["status"]).exits(0).stdout;
    assert!(status.contains("1 item landed, 1 waived"), "{status}");
    assert!(scene.journal_is_whole());
}

#[test]
fn a_running_mission_keeps_its_journal_to_itself() {
    let scene = scene();
    add(&scene, &["A note."]);
    let mut gate = Gate::new(scene.root());
    let live = Live::start(&scene, REPLACE, &["--check", &gate.check()]);
    gate.wait();
    let mission = "is working on this repository";
    refuses(&scene, &["memory", "add", "Another."], 1, &[mission]);
    refuses(&scene, &["memory", "forget", "m1"], 1, &[mission]);
    // Looking is always possible.
    assert_eq!(scene.run(&["memory", "--json"]).exits(0).json().len(), 1);
    gate.open();
    drop(live.end().exits(0));
}

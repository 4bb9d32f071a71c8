//! `log`, `log verify`, `status`, and the events that programs read.

use std::collections::BTreeSet;
use std::fs;

use orchestrator_tests::{Scene, event_named, workspace_root};

const REPLACE: &str = "replace `old_name($A)` with `new_name($A)`";

/// Where the records of a mission are: all of them fit into the first segment.
const SEGMENT: &str = ".orchestrator/journal/segments/00000000000000000001.seg";

/// A repository on which a mission with a landed and a waived item has run, and
/// what it said.
fn after_a_mission() -> (Scene, Vec<serde_json::Value>) {
    let scene = Scene::new(&[("one/a.py", "old_name(1)\n"), ("two/b.py", "old_name(2)\n")]);
    let options = ["--check", "! grep -q new_name two/b.py", "--json"];
    let events = scene.task(REPLACE, &options).exits(0).json();
    (scene, events)
}

#[test]
fn the_log_holds_what_was_shown() {
    let (scene, shown) = after_a_mission();
    let log = scene.run(&["log", "--json"]).exits(0).json();
    let kinds: Vec<_> = log.iter().map(|record| record["kind"].clone()).collect();
    // These are for progress displays only.
    let passing = ["check_started", "session_started", "session_waits"];
    let shown: Vec<_> = shown
        .iter()
        .map(|event| event["event"].clone())
        .filter(|name| !passing.iter().any(|passing| name == passing))
        .collect();
    assert_eq!(kinds, shown);
    for (record, seq) in log.iter().zip(1..) {
        assert_eq!(record["seq"], seq);
        assert_eq!(record["data"]["event"], record["kind"]);
    }
    let text = scene.run(&["log"]).exits(0).stdout;
    assert_eq!(text.lines().count(), log.len());
    assert!(text.lines().last().unwrap().contains("mission_ended"));
}

#[test]
fn a_whole_journal_verifies() {
    let (scene, _) = after_a_mission();
    let text = scene.run(&["log", "verify"]).exits(0).stdout;
    assert!(text.contains("the chain is whole"), "{text}");
    let records = scene.run(&["log", "--json"]).exits(0).json().len();
    let answer = scene.run(&["log", "verify", "--json"]).exits(0).json();
    assert_eq!(answer.len(), 1);
    assert_eq!(answer[0]["ok"], true);
    assert_eq!(answer[0]["records"], records);
}

#[test]
fn a_flipped_byte_anywhere_is_seen() {
    let (scene, _) = after_a_mission();
    let path = scene.repo().join(SEGMENT);
    let good = fs::read(&path).unwrap();
    for part in 0..20 {
        let mut bad = good.clone();
        bad[good.len() * part / 20] ^= 1;
        fs::write(&path, &bad).unwrap();
        let _ = scene
            .run(&["log", "verify"])
            .exits(1)
            .complains_of(&["the chain is broken"]);
    }
    let answer = scene.run(&["log", "verify", "--json"]).exits(1).json();
    assert_eq!(answer[0]["ok"], false);
    // The control: with the byte back, it is whole again.
    fs::write(&path, &good).unwrap();
    let _ = scene.run(&["log", "verify"]).exits(0);
}

#[test]
fn a_record_that_is_gone_from_the_end_is_seen() {
    let (scene, _) = after_a_mission();
    let path = scene.repo().join(SEGMENT);
    let good = fs::read(&path).unwrap();
    // A cut right before the last block leaves a chain that is whole in itself.
    let last = good
        .windows(8)
        .rposition(|word| word == b"orchblk2")
        .unwrap();
    assert!(last > 0);
    fs::write(&path, &good[..last]).unwrap();
    let _ = scene.run(&["log", "verify"]).exits(1);
    fs::write(&path, "").unwrap();
    let _ = scene.run(&["log", "verify"]).exits(1);
    fs::write(&path, &good).unwrap();
    let _ = scene.run(&["log", "verify"]).exits(0);
}

#[test]
fn a_mission_does_not_write_on_after_a_broken_journal() {
    let (scene, _) = after_a_mission();
    let path = scene.repo().join(SEGMENT);
    let mut bad = fs::read(&path).unwrap();
    let middle = bad.len() / 2;
    bad[middle] ^= 1;
    fs::write(&path, &bad).unwrap();
    let before = scene.stand();
    let _ = scene
        .task(REPLACE, &["--check", "true"])
        .exits(1)
        .complains_of(&["the journal in"]);
    assert_eq!(fs::read(&path).unwrap(), bad);
    assert_eq!(scene.stand(), before);
}

#[test]
fn the_status_is_that_of_the_last_mission() {
    let (scene, events) = after_a_mission();
    let id = event_named(&events, "mission_opened")["mission"].clone();
    let status = scene.run(&["status", "--json"]).exits(0).json();
    assert_eq!(status.len(), 1);
    assert_eq!(status[0]["running"], false);
    assert_eq!(status[0]["state"]["mission"], id);
    assert_eq!(status[0]["state"]["sealed"], true);
    assert_eq!(status[0]["state"]["items"][0]["status"], "landed");
    assert_eq!(status[0]["state"]["items"][1]["status"], "waived");
    let text = scene.run(&["status"]).exits(0).stdout;
    for part in ["Sealed", id.as_str().unwrap(), "1 item landed, 1 waived"] {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }

    let _ = scene.task("add a login page", &[]).exits(2);
    let text = scene.run(&["status"]).exits(0).stdout;
    // What was done is what counts; the refusal is a note.
    assert!(
        text.contains("Sealed") && text.contains(id.as_str().unwrap()),
        "{text}"
    );
    assert!(
        text.contains("a later objective was refused: add a login page"),
        "{text}"
    );
}

#[test]
fn before_the_first_mission_there_is_nothing_to_show() {
    let scene = Scene::new(&[]);
    for arguments in [&["log"][..], &["log", "verify"], &["status"]] {
        let _ = scene
            .run(arguments)
            .exits(2)
            .complains_of(&["no mission has run"]);
    }
}

#[test]
fn receipts_are_kept_with_what_the_checks_said() {
    let scene = Scene::new(&[("one/a.py", "old_name(1)\n")]);
    let events = scene
        .task(REPLACE, &["--check", "echo said; echo told >&2", "--json"])
        .exits(0)
        .json();
    let sealed = event_named(&events, "sealed");
    let mission = event_named(&events, "mission_opened")["mission"]
        .as_str()
        .unwrap();
    let id = sealed["receipts"][0].as_u64().unwrap();
    let path = |end: &str| format!(".orchestrator/receipts/{mission}/{id:04}-mission.{end}");
    let receipt: serde_json::Value = serde_json::from_str(&scene.read(&path("json"))).unwrap();
    assert_eq!(receipt["tree"], sealed["tree"]);
    assert_eq!(receipt["ending"]["exited"], 0);
    let said = scene.read(&path("log"));
    assert!(said.contains("said\n") && said.contains("told\n"), "{said}");
}

/// Which of these names a page does not describe, as `name`.
fn undescribed<'a>(page: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    names
        .into_iter()
        .filter(|name| !page.contains(&format!("`{name}`")))
        .collect()
}

#[test]
fn every_kind_of_event_is_described() {
    let path = workspace_root().join("docs/events.md");
    let page = fs::read_to_string(&path).unwrap_or_else(|error| panic!("docs/events.md: {error}"));
    // What a mission says, and what the others could say.
    let (_, events) = after_a_mission();
    let source = workspace_root().join("orchestrator-agents/src/event.rs");
    let source = fs::read_to_string(source).unwrap();
    let mut names: BTreeSet<&str> = source
        .lines()
        .filter_map(|line| line.split_once("{ .. } => \"")?.1.split('"').next())
        .collect();
    assert!(names.len() > 20, "the source names {names:?}");
    names.extend(events.iter().map(|event| event["event"].as_str().unwrap()));
    // Said on a signal; it stands in no journal.
    names.insert("note");
    assert_eq!(undescribed(&page, names.iter().copied()), [""; 0]);
    // The control: a page that has lost a kind is found out.
    let less = page.replace("`task_landed`", "");
    assert_eq!(undescribed(&less, names), ["task_landed"]);
}

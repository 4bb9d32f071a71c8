//! The examples, run as a reader would run them.

use std::process::Command;

use orchestrator_tests::{Scene, cargo};
use serde_json::Value;

/// Builds the examples of two packages, and gives where each is.
fn built() -> Vec<(String, String)> {
    let mut command = cargo();
    command.args([
        "build",
        "--package=orchestrator-memory",
        "--package=orchestrator-agents",
        "--features=orchestrator-memory/bpe",
        "--examples",
        "--message-format=json",
        "--quiet",
    ]);
    let output = command.output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "the examples do not build:\n{words}"
    );
    let messages = String::from_utf8(output.stdout).unwrap();
    let messages = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    messages
        .filter_map(|message| {
            let name = message["target"]["name"].as_str()?;
            Some((name.to_owned(), message["executable"].as_str()?.to_owned()))
        })
        .collect()
}

#[test]
fn every_example_does_what_it_says() {
    let scene = Scene::new(&[
        ("one/a.py", "old_name(1)\n"),
        ("Makefile", "test:\n\ttrue\n"),
    ]);
    let repo = scene.repo();
    let objective = "replace `old_name($A)` with `new_name($A)`";
    let mission = [repo.to_str().unwrap(), objective, "one/"];
    let expected = [
        (
            "vectors",
            &[][..],
            "Authentication is done by the gateway. (means about",
        ),
        ("transcript", &[], "tokens of gpt-4o; estimated: "),
        ("hooks", &mission, "the plan touches one/a.py"),
    ];
    let built = built();
    let names = |mut names: Vec<&str>| {
        names.sort_unstable();
        names.join(" ")
    };
    assert_eq!(
        names(built.iter().map(|(name, _)| &**name).collect()),
        names(expected.iter().map(|(name, ..)| *name).collect()),
        "an example that is not run"
    );
    for (name, arguments, words) in expected {
        let (_, path) = built.iter().find(|(built, _)| built == name).unwrap();
        let output = Command::new(path).args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let told = String::from_utf8_lossy(&output.stderr);
        let all = format!("{said}{told}");
        assert!(all.contains(words), "{name}: {all}");
    }
}

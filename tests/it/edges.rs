//! What would be easy to get wrong.

use std::process::Stdio;

use orchestrator_tests::{Gate, Live, Scene, event_named, events_named};

/// Runs an objective and gives the events; it must be sealed.
#[track_caller]
fn sealed(scene: &Scene, objective: &str, options: &[&str]) -> Vec<serde_json::Value> {
    let options: Vec<_> = options.iter().chain(&["--json"]).copied().collect();
    let ran = scene.task(objective, &options).exits(0);
    assert_eq!(scene.leftovers(), [""; 0]);
    ran.json()
}

#[test]
fn a_new_name_may_hold_the_old_one() {
    for (from, to) in [("name", "full_name"), ("get", "get_all"), ("id", "id_id")] {
        let scene = Scene::new(&[("a.py", &format!("{from} = 1  # {from}\nprint({from})\n"))]);
        let events = sealed(
            &scene,
            &format!("rename `{from}` to `{to}`"),
            &["--check", "true"],
        );
        assert_eq!(
            events_named(&events, "task_landed").count(),
            1,
            "{from} to {to}"
        );
        assert_eq!(
            scene.read("a.py"),
            format!("{to} = 1  # {from}\nprint({to})\n")
        );
    }
}

#[test]
fn a_keyword_is_no_name() {
    let scene = Scene::new(&[("a.py", "foo = 1\n")]);
    let ran = scene
        .task("rename `foo` to `class`", &["--check", "true"])
        .exits(2);
    let _ = ran.complains_of(&["`class` cannot be a name in python"]);
}

#[test]
fn a_rewrite_that_matches_itself_is_done_once() {
    let scene = Scene::new(&[("a.py", "f(1)\n"), ("b.py", "f(2)\n"), ("c.py", "f(3)\n")]);
    // It breaks in one file, which it names: the other two land at first.
    let check = "if grep -q g b.py; then echo 'b.py:1: no g here'; false; fi";
    let events = sealed(
        &scene,
        "replace `f($A)` with `g(f($A))`",
        &["--check", check],
    );
    assert_eq!(
        events_named(&events, "plan_ready").count(),
        2,
        "b.py is tried apart"
    );
    assert_eq!(
        [scene.read("a.py"), scene.read("b.py"), scene.read("c.py")],
        ["g(f(1))\n", "f(2)\n", "g(f(3))\n"]
    );
}

#[test]
fn what_checks_rewrite_is_not_taken_for_done() {
    let scene = Scene::new(&[("a.py", "old_name(1)\n"), ("b.py", "x = 1\n")]);
    let check = "echo '# touched' >> a.py; echo '# touched' >> b.py; echo junk > new.txt";
    let events = sealed(
        &scene,
        "rename `old_name` to `new_name`",
        &["--check", check],
    );
    assert_eq!(events_named(&events, "task_landed").count(), 1);
    let note = event_named(&events, "noted")["note"].as_str().unwrap();
    assert!(note.contains("a.py, b.py"), "{note}");
    // The work is there, and what the check did is not.
    assert_eq!(scene.read("a.py"), "new_name(1)\n");
    assert_eq!(scene.read("b.py"), "x = 1\n");
    assert!(!scene.repo().join("new.txt").exists());
}

#[test]
fn every_tracked_file_is_looked_at() {
    let scene = Scene::new(&[
        (".gitignore", "gen/\n"),
        (".ignore", "lib/\n"),
        (".hidden/a.py", "old_name(1)\n"),
        ("lib/b.py", "old_name(2)\n"),
    ]);
    scene.write("gen/c.py", "old_name(3)\n");
    scene.git(&["add", "--force", "gen/c.py"]);
    scene.commit("a generated file");
    scene.write("gen/untracked.py", "old_name(4)\n");
    sealed(
        &scene,
        "rename `old_name` to `new_name`",
        &["--check", "true"],
    );
    for (path, text) in [
        (".hidden/a.py", "new_name(1)\n"),
        ("lib/b.py", "new_name(2)\n"),
        ("gen/c.py", "new_name(3)\n"),
        // The control: this one is not git's.
        ("gen/untracked.py", "old_name(4)\n"),
    ] {
        assert_eq!(scene.read(path), text, "{path}");
    }
}

const CRATE: &str = "[package]\nname = \"a\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
const RETURNS: &str = "pub fn f(x: u8) -> u8 {\n    return x;\n}\n";
const MENDED: &str = "pub fn f(x: u8) -> u8 {\n    x\n}\n";

#[test]
fn generated_files_are_left_alone_and_globs_hold_for_lints_too() {
    let scene = Scene::new(&[
        (".gitignore", "/target\nsrc/gen.rs\nCargo.lock\n"),
        ("Cargo.toml", CRATE),
        (
            "build.rs",
            &format!(
                "fn main() {{\n    std::fs::write(\"src/gen.rs\", {RETURNS:?}).unwrap();\n}}\n"
            ),
        ),
        ("src/lib.rs", "pub mod gen;\npub mod one;\npub mod two;\n"),
        ("src/one.rs", RETURNS),
        ("src/two.rs", RETURNS),
    ]);
    let options = ["--check", "cargo check --offline", "--glob", "src/one.rs"];
    let events = sealed(&scene, "apply clippy suggestions", &options);
    assert_eq!(events_named(&events, "task_landed").count(), 1);
    assert_eq!(scene.read("src/one.rs"), MENDED);
    assert_eq!(scene.read("src/two.rs"), RETURNS);
    // The control: without the glob the other file is mended too.
    sealed(&scene, "apply clippy suggestions", &options[..2]);
    assert_eq!(scene.read("src/two.rs"), MENDED);
}

#[test]
fn a_package_check_that_failed_before_blames_nobody() {
    let member = |name: &str, rest: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n{rest}")
    };
    let scene = Scene::new(&[
        (".gitignore", "/target\nCargo.lock\n"),
        (
            "Cargo.toml",
            "[workspace]\nmembers = [\"a\", \"b\", \"c\"]\nresolver = \"2\"\n",
        ),
        // `a` builds only beside `b`, which turns on the feature that it needs.
        (
            "a/Cargo.toml",
            &member("a", "[dependencies]\nc = { path = \"../c\" }\n"),
        ),
        ("a/src/lib.rs", &format!("pub use c::x;\n{RETURNS}")),
        (
            "b/Cargo.toml",
            &member(
                "b",
                "[dependencies]\nc = { path = \"../c\", features = [\"x\"] }\n",
            ),
        ),
        ("b/src/lib.rs", ""),
        ("c/Cargo.toml", &member("c", "[features]\nx = []\n")),
        ("c/src/lib.rs", "#[cfg(feature = \"x\")]\npub fn x() {}\n"),
    ]);
    let events = sealed(&scene, "apply clippy suggestions", &[]);
    assert_eq!(events_named(&events, "task_landed").count(), 1);
    let note = event_named(&events, "noted")["note"].as_str().unwrap();
    assert!(
        note.contains("`cargo test -p a` fails without any change too"),
        "{note}"
    );
    assert_eq!(
        scene.read("a/src/lib.rs"),
        format!("pub use c::x;\n{MENDED}")
    );
}

#[test]
fn a_lint_that_the_manifest_allows_stays() {
    let allow = format!("{CRATE}[lints.clippy]\nmust_use_candidate = \"allow\"\n");
    for (manifest, must_use) in [(CRATE, true), (&*allow, false)] {
        let scene = Scene::new(&[
            (".gitignore", "/target\nCargo.lock\n"),
            ("Cargo.toml", manifest),
            ("src/lib.rs", RETURNS),
        ]);
        let options = ["--check", "cargo check --offline"];
        sealed(&scene, "apply clippy suggestions pedantic", &options);
        let text = scene.read("src/lib.rs");
        assert!(text.ends_with(MENDED), "{text}");
        assert_eq!(text.contains("#[must_use]"), must_use, "{text}");
    }
}

#[test]
fn nothing_stops_a_seal_half_way() {
    let files: Vec<_> = (0..6)
        .map(|n| (format!("{n}.py"), format!("old_name({n})\n")))
        .collect();
    let mut files: Vec<_> = files
        .iter()
        .map(|(path, text)| (&**path, &**text))
        .collect();
    files.push((".gitattributes", "*.py filter=slow\n"));
    let scene = Scene::new(&files);
    let mut gate = Gate::new(scene.root());
    // git writes a file of the user's tree through this filter, which waits; in
    // the mission's own worktrees it does not.
    let repo = scene.repo();
    let filter = format!(
        "if [ \"$PWD\" = '{}' ]; then {}; fi; cat",
        repo.display(),
        gate.check()
    );
    scene.git(&["config", "filter.slow.smudge", &filter]);
    let mut live = Live::start(
        &scene,
        "rename `old_name` to `new_name`",
        &["--check", "true"],
    );
    live.until("sealed", |_| true);
    gate.wait();
    live.interrupt();
    live.interrupt();
    gate.open();
    let ended = live.end().exits(0);
    assert_eq!(event_named(&ended.events, "delivered")["branch"], "main");
    let stand = scene.stand();
    assert_eq!((&*stand.branch, &*stand.status), ("main", ""));
    for n in 0..6 {
        assert_eq!(scene.read(&format!("{n}.py")), format!("new_name({n})\n"));
    }
    assert!(!repo.join(".git/index.lock").exists());
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let scene = Scene::new(&[("a.py", "old_name(1)\n")]);
    for arguments in [
        &["task", "rename `old_name` to `new_name`", "--check", "true"][..],
        &["status"],
        &["log"],
        &["log", "verify"],
    ] {
        let mut child = scene
            .command(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(0), "{arguments:?}");
    }
    assert_eq!(scene.read("a.py"), "new_name(1)\n");
}

#[test]
fn what_stands_in_the_way_is_said_at_once() {
    let scene = Scene::new(&[("a.py", "old_name(1)\n")]);
    scene.git(&["branch", "orchestrator"]);
    let task = ["task", "rename `old_name` to `new_name`", "--check", "true"];
    let _ = scene
        .run(&task)
        .exits(2)
        .complains_of(&["a branch named `orchestrator`"]);
    scene.git(&["branch", "-m", "orchestrator", "mine"]);
    let mut inside = scene.command(&task);
    let ran = inside
        .env("ORCHESTRATOR_CACHE_DIR", scene.repo().join(".cache"))
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&ran.stderr);
    assert!(
        !ran.status.success() && words.contains("lies in the repository"),
        "{words}"
    );
    assert_eq!(scene.read("a.py"), "old_name(1)\n");
    // The control: with nothing in the way it is done.
    let _ = scene.run(&task).exits(0);
}

#[test]
fn bad_options_are_refused() {
    let scene = Scene::new(&[("a.py", "old_name(1)\n")]);
    for options in [
        &["--check", ""][..],
        &["--check", "true", "--check-timeout", "0"],
    ] {
        let _ = scene
            .task("rename `old_name` to `new_name`", options)
            .exits(2);
    }
}

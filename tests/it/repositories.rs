//! Repositories in every state: worked on, or refused with a reason.

use std::fs;
use std::path::Path;

use orchestrator_tests::{Ran, Scene, event_named, git, program_on_path};

const RENAME: &str = "rename `old_name` to `new_name`";

fn scene() -> Scene {
    Scene::new(&[("one/a.py", "old_name(1)\n"), ("two/b.txt", "mine\n")])
}

/// Runs the mission on another folder than the scene's repository.
fn run_in(scene: &Scene, folder: &Path, options: &[&str]) -> Ran {
    let repo = folder.to_str().unwrap();
    let mut all = vec!["--check", "true", "--repo", repo];
    all.extend(options);
    scene.task(RENAME, &all)
}

fn run(scene: &Scene, options: &[&str]) -> Ran {
    run_in(scene, &scene.repo(), options)
}

/// Why the result waits, and the branch that it waits on.
#[track_caller]
fn waiting(ran: &Ran) -> (String, String) {
    let events = ran.json();
    let delivered = event_named(&events, "delivered");
    let text = |name: &str| match &delivered[name] {
        serde_json::Value::String(text) => text.clone(),
        other => panic!("{name} is {other}"),
    };
    (text("waits_because"), text("branch"))
}

#[test]
fn uncommitted_changes_are_no_part_of_the_mission_and_stay() {
    let scene = scene();
    scene.write("one/a.py", "old_name('not committed')\n");
    scene.write("two/b.txt", "staged\n");
    scene.git(&["add", "two/b.txt"]);
    scene.write("old_name.py", "old_name(3)\n");
    let before = scene.stand();
    let ran = run(&scene, &["--json"]).exits(0);
    let (why, branch) = waiting(&ran);
    assert!(why.contains("3 uncommitted changes"), "{why}");
    assert_eq!(scene.stand(), before);
    // It worked on what is committed.
    assert_eq!(scene.show(&branch, "one/a.py"), "new_name(1)");
    assert_eq!(scene.show(&branch, "two/b.txt"), "mine");
    assert_eq!(scene.leftovers(), [""; 0]);
}

#[test]
fn a_person_is_told_where_the_result_waits_and_how_to_take_it() {
    let scene = scene();
    scene.write("two/b.txt", "changed\n");
    let ran = run(&scene, &[])
        .exits(0)
        .complains_of(&["1 uncommitted change is not part of this mission"]);
    for part in [
        "The result waits",
        "because the tree has an uncommitted change",
        "git merge orchestrator/",
    ] {
        assert!(
            ran.stdout.contains(part),
            "`{part}` is not in:\n{}",
            ran.stdout
        );
    }
}

#[test]
fn with_a_detached_head_the_result_waits() {
    let scene = scene();
    scene.git(&["checkout", "--quiet", "--detach"]);
    let before = scene.stand();
    let (why, branch) = waiting(&run(&scene, &["--json"]).exits(0));
    assert!(why.contains("detached"), "{why}");
    assert_eq!(scene.stand(), before);
    assert_eq!(scene.show(&branch, "one/a.py"), "new_name(1)");
}

#[test]
fn a_branch_that_is_checked_out_elsewhere_is_not_moved() {
    let scene = scene();
    let other = scene.root().join("other");
    scene.git(&[
        "worktree",
        "add",
        "--quiet",
        "--force",
        other.to_str().unwrap(),
        "main",
    ]);
    let worktrees = scene.git(&["worktree", "list"]);
    let before = scene.stand();
    let (why, branch) = waiting(&run(&scene, &["--json"]).exits(0));
    assert!(why.contains("another worktree"), "{why}");
    assert_eq!(scene.stand(), before);
    assert_eq!(git(&other, &["status", "--porcelain"]), "");
    assert_eq!(scene.git(&["worktree", "list"]), worktrees);
    assert_eq!(scene.show(&branch, "one/a.py"), "new_name(1)");
}

#[test]
fn a_worktree_of_the_users_is_a_place_to_work_in() {
    let scene = scene();
    let other = scene.root().join("other");
    let path = other.to_str().unwrap();
    scene.git(&["worktree", "add", "--quiet", "-b", "topic", path]);
    let before = scene.stand();
    let _ = run_in(&scene, &other, &[]).exits(0);
    assert_eq!(fs::read(other.join("one/a.py")).unwrap(), b"new_name(1)\n");
    assert_eq!(git(&other, &["status", "--porcelain"]), "");
    assert_eq!(git(&other, &["branch", "--show-current"]), "topic");
    assert_eq!(scene.stand(), before);
    assert_eq!(scene.leftovers(), [format!("worktree {path}")]);
}

#[test]
fn a_shallow_clone_is_worked_on() {
    let scene = scene();
    scene.commit("another commit");
    let clone = scene.root().join("shallow");
    let url = format!("file://{}", scene.repo().display());
    git(
        scene.root(),
        &[
            "clone",
            "--quiet",
            "--depth=1",
            &url,
            clone.to_str().unwrap(),
        ],
    );
    let events = run_in(&scene, &clone, &["--json"]).exits(0).json();
    let notes = event_named(&events, "mission_opened")["notes"].to_string();
    assert!(notes.contains("shallow clone"), "{notes}");
    assert_eq!(event_named(&events, "delivered")["branch"], "main");
    assert_eq!(fs::read(clone.join("one/a.py")).unwrap(), b"new_name(1)\n");
}

#[test]
fn a_folder_below_the_top_stands_for_its_repository() {
    let scene = scene();
    let _ = run_in(&scene, &scene.repo().join("two"), &[]).exits(0);
    assert_eq!(scene.read("one/a.py"), "new_name(1)\n");
    assert!(!scene.repo().join("two/.orchestrator").exists());
}

#[test]
fn names_with_spaces_quotes_and_accents_are_names() {
    let scene = Scene::new(&[("ein 'Ord\"ner' ü/a b.py", "old_name(1)\n")]);
    let clone = scene.root().join("mein 'Ort' ü");
    git(
        scene.root(),
        &["clone", "--quiet", "repo", clone.to_str().unwrap()],
    );
    let _ = run_in(&scene, &clone, &[]).exits(0);
    let file = clone.join("ein 'Ord\"ner' ü/a b.py");
    assert_eq!(fs::read(file).unwrap(), b"new_name(1)\n");
    assert_eq!(git(&clone, &["status", "--porcelain"]), "");
}

#[test]
fn a_bare_repository_is_refused() {
    let scene = scene();
    let bare = scene.root().join("bare.git");
    let path = bare.to_str().unwrap();
    git(scene.root(), &["clone", "--quiet", "--bare", "repo", path]);
    let before = git(&bare, &["for-each-ref"]);
    let _ = run_in(&scene, &bare, &[])
        .exits(2)
        .complains_of(&["is a bare repository", "clone it"]);
    assert_eq!(git(&bare, &["for-each-ref"]), before);
    assert!(!bare.join(".orchestrator").exists());
}

#[test]
fn submodules_are_refused_by_name() {
    let scene = scene();
    let library = scene.root().join("library");
    git(
        scene.root(),
        &["clone", "--quiet", "repo", library.to_str().unwrap()],
    );
    scene.git(&[
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        library.to_str().unwrap(),
        "vendor/library",
    ]);
    scene.commit("a submodule");
    let before = scene.stand();
    let _ = run(&scene, &[])
        .exits(2)
        .complains_of(&["submodules", "vendor/library"]);
    assert_eq!(scene.stand(), before);
}

#[test]
fn a_repository_without_a_commit_is_refused() {
    let scene = Scene::empty();
    scene.git(&["init", "--quiet"]);
    scene.write("one/a.py", "old_name(1)\n");
    let _ = run(&scene, &[]).exits(2).complains_of(&["no commit yet"]);
    assert_eq!(scene.read("one/a.py"), "old_name(1)\n");
}

#[test]
fn a_folder_without_a_repository_is_refused() {
    let scene = Scene::empty();
    scene.write("one/a.py", "old_name(1)\n");
    let _ = run(&scene, &[])
        .exits(2)
        .complains_of(&["cannot be used as a git repository", "git init"]);
    assert!(!scene.repo().join(".orchestrator").exists());
    assert_eq!(scene.read("one/a.py"), "old_name(1)\n");
}

#[test]
fn a_path_that_is_not_there_is_refused() {
    let scene = scene();
    let missing = scene.root().join("missing");
    let _ = run_in(&scene, &missing, &[])
        .exits(2)
        .complains_of(&["there is no folder", "missing"]);
    assert!(!missing.exists());
}

/// A folder for PATH with these programs only.
fn path_with(scene: &Scene, programs: &[&str]) -> std::path::PathBuf {
    let folder = scene.root().join("bin");
    fs::create_dir(&folder).unwrap();
    for program in programs {
        let real = program_on_path(program);
        std::os::unix::fs::symlink(real, folder.join(program)).unwrap();
    }
    folder
}

#[test]
fn without_git_the_program_says_what_to_install() {
    let scene = scene();
    let before = scene.stand();
    let run = |path: &Path| -> Ran {
        let mut command = scene.command(&["task", RENAME, "--check", "true"]);
        command.env("PATH", path).output().unwrap().into()
    };
    let _ = run(&path_with(&scene, &[]))
        .exits(1)
        .complains_of(&["git is not installed", "install git"]);
    assert_eq!(scene.stand(), before);
    // The control: with git and a shell on that very path, it works.
    fs::remove_dir_all(scene.root().join("bin")).unwrap();
    let _ = run(&path_with(&scene, &["git", "sh"])).exits(0);
}

#[test]
fn without_cargo_a_clippy_mission_says_what_to_install() {
    let manifest = "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    let scene = Scene::new(&[("Cargo.toml", manifest), ("src/lib.rs", "")]);
    let before = scene.stand();
    let path = path_with(&scene, &["git", "sh"]);
    for checks in [&["--check", "true"][..], &[]] {
        let mut command = scene.command(&["task", "apply clippy suggestions"]);
        let ran: Ran = command
            .args(checks)
            .env("PATH", &path)
            .output()
            .unwrap()
            .into();
        let ran = ran.complains_of(&["`cargo` was not found", "install"]);
        assert_ne!(ran.code, Some(0));
        assert_eq!(scene.stand(), before);
        assert_eq!(scene.leftovers(), [""; 0]);
    }
}

#[test]
fn leftovers_are_seen() {
    let scene = scene();
    assert_eq!(scene.leftovers(), [""; 0]);
    let tree = scene.root().join("tree");
    scene.git(&[
        "worktree",
        "add",
        "--quiet",
        "--detach",
        tree.to_str().unwrap(),
    ]);
    fs::write(scene.root().join("cache/file"), "").unwrap();
    assert_eq!(scene.leftovers().len(), 2);
}

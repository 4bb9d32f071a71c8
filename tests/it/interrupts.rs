//! A mission that is stopped: nothing of it stays, and nothing is lost.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use orchestrator_tests::{
    Ended, Gate, Live, Mark, Scene, Stand, event_named, events_named, program_on_path,
};

const REPLACE: &str = "replace `old_name($A)` with `new_name($A)`";

/// How long the clean end of a stopped mission may take.
const LIMIT: Duration = Duration::from_secs(5);

/// A repository, and a check that leaves a long-lived process behind each time.
struct Stage {
    scene: Scene,
    gate: Gate,
    mark: Mark,
    before: Stand,
}

impl Stage {
    fn new() -> Self {
        let scene = Scene::new(&[("one/a.py", "old_name(1)\n"), ("two/b.py", "old_name(2)\n")]);
        let gate = Gate::new(scene.root());
        let mark = Mark::new(&scene.root().to_string_lossy());
        let before = scene.stand();
        Self {
            scene,
            gate,
            mark,
            before,
        }
    }

    fn start(&self) -> Live {
        // What stays behind holds the check's output open, too. The check goes on
        // when it is really there: a process that is being started can be seen
        // in the process table without its marks.
        let check = format!(
            "{} up='{}/up-'$$; mkfifo \"$up\"; \
             sh -c 'echo up > \"$0\"; sleep 1000' \"$up\" & \
             read line < \"$up\"; rm \"$up\"; {}",
            self.mark.check(),
            self.scene.root().display(),
            self.gate.check()
        );
        Live::start(&self.scene, REPLACE, &["--check", &check])
    }

    /// What a stopped mission owes, however it was stopped.
    #[track_caller]
    fn is_clean(&self, ended: &Ended, moment: &str) {
        assert_eq!(ended.code, Some(130), "{moment}: {ended}");
        assert!(
            ended
                .stderr
                .contains("your branch and working tree are as they were"),
            "{moment}: {}",
            ended.stderr
        );
        assert_eq!(
            event_named(&ended.events, "mission_ended")["outcome"],
            "interrupted",
            "{moment}"
        );
        assert_eq!(self.scene.stand(), self.before, "{moment}");
        self.nothing_is_left(ended, moment);
    }

    /// What every mission owes.
    #[track_caller]
    fn nothing_is_left(&self, ended: &Ended, moment: &str) {
        let took = ended.after_signal.unwrap_or_default();
        assert!(took < LIMIT, "{moment}: the end took {took:?}");
        assert_eq!(self.mark.left(), [""; 0], "{moment}");
        assert_eq!(self.scene.leftovers(), [""; 0], "{moment}");
        assert!(self.scene.journal_is_whole(), "{moment}");
    }
}

#[test]
fn a_check_that_is_stopped_takes_its_processes_with_it() {
    for stage in ["baseline", "unit", "integration", "mission"] {
        let mut here = Stage::new();
        let mut live = here.start();
        let mut reached = false;
        while let Some(event) = live.next_event() {
            if event["event"] != "check_started" {
                continue;
            }
            here.gate.wait();
            if event["stage"] == stage {
                // The control: there is something to take away. The program, the
                // check, and what the check has left in the background.
                let running = here.mark.processes();
                assert!(running.len() >= 3, "{running:?}");
                assert!(!here.scene.leftovers().is_empty());
                live.interrupt();
                reached = true;
                break;
            }
            here.gate.pass();
        }
        assert!(reached, "no check of the stage {stage} ran");
        here.is_clean(&live.end(), stage);
    }
}

/// Starts a mission with a git that stops while it makes a worktree, as git
/// would leave things at that moment. `which` names the worktree, `damage` and
/// `mend` are lines for the shell about `$tree`, git's own folder for it.
fn half_made(here: &Stage, objective: &str, which: &str, damage: &str, mend: &str) -> Live {
    let bin = here.scene.root().join("bin");
    let script = format!(
        r#"#!/bin/sh
case " $* " in *" worktree add "*-{which}" "*) ;; *) exec '{git}' "$@" ;; esac
'{git}' "$@" || exit
for last; do path=$commit commit=$last; done
tree="$('{git}' -C "$path" rev-parse --absolute-git-dir)"
{damage}
sh -c "{mark} {gate}" || exit
{mend}
"#,
        git = program_on_path("git").display(),
        mark = here.mark.check(),
        gate = here.gate.check(),
    );
    write_program(&bin.join("git"), &script);
    let path = std::env::var_os("PATH").unwrap();
    let path = [bin].into_iter().chain(std::env::split_paths(&path));
    let path = std::env::join_paths(path).unwrap();

    let mut command = here.scene.command(&["task", objective, "--json"]);
    command.args(["--check", "true"]).env("PATH", path);
    Live::of(command)
}

fn write_program(path: &Path, script: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, script).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

const LOCKED: [&str; 2] = [
    "echo initializing > \"$tree/locked\"",
    "rm \"$tree/locked\"",
];

/// With this, `git worktree list` itself fails, for the user too.
const EMPTY: [&str; 2] = [
    "cp \"$tree/commondir\" \"$tree/whole\"; : > \"$tree/commondir\"",
    "mv \"$tree/whole\" \"$tree/commondir\"",
];

#[test]
fn a_worktree_that_is_half_made_when_the_signal_comes_is_removed_too() {
    for [damage, mend] in [LOCKED, EMPTY] {
        let mut here = Stage::new();
        let mut live = half_made(&here, REPLACE, "plan", damage, mend);
        here.gate.wait();
        live.interrupt();
        // Whether the mission kills its git or waits for it, git's folder is to
        // be whole in the end. One that is killed is gone after this.
        let _ = here.mark.left();
        here.gate.open();
        here.is_clean(&live.end(), damage);
    }
}

#[test]
fn a_worktree_that_is_half_made_when_the_mission_is_refused_is_removed_too() {
    let mut here = Stage::new();
    // The Planner looks for packages and finds none, as soon as the test lets
    // it.
    here.scene.write("Cargo.toml", "[package]\n");
    here.scene.commit("a manifest");
    let before = here.scene.stand();
    let bin = here.scene.root().join("bin");
    let mut planner = Gate::new(&bin);
    let script = format!("#!/bin/sh\n{}\nexit 1\n", planner.check());
    write_program(&bin.join("cargo"), &script);
    let [damage, mend] = LOCKED;
    let live = half_made(&here, REPLACE, "baseline", damage, mend);
    here.gate.wait();
    planner.wait();
    planner.pass();
    let _ = here.mark.left();
    here.gate.open();
    let ended = live.end().exits(2);
    here.nothing_is_left(&ended, damage);
    assert_eq!(here.scene.stand(), before);
}

#[test]
fn a_mission_that_is_terminated_ends_the_same_way() {
    let mut here = Stage::new();
    let mut live = here.start();
    here.gate.wait();
    live.terminate();
    here.is_clean(&live.end(), "SIGTERM");
}

/// Runs a mission and interrupts it after this many lines of events.
fn interrupted_after(lines: usize) {
    let mut here = Stage::new();
    let mut live = here.start();
    for line in 1..=lines {
        let Some(event) = live.next_event() else {
            break;
        };
        // A check that has just begun when the signal comes is not let through.
        if event["event"] == "check_started" && line < lines {
            here.gate.pass();
        }
    }
    live.interrupt();
    let ended = live.end();
    let moment = format!("after {lines} lines");
    if events_named(&ended.events, "sealed").count() == 0 {
        here.is_clean(&ended, &moment);
    } else {
        // It was too late: what is sealed is carried to its end.
        assert_eq!(ended.code, Some(0), "{moment}: {ended}");
        assert_eq!(here.scene.read("two/b.py"), "new_name(2)\n", "{moment}");
        here.nothing_is_left(&ended, &moment);
    }
}

#[test]
fn a_mission_can_be_interrupted_at_any_moment() {
    let times = std::env::var("ORCHESTRATOR_INTERRUPTS").map_or(10, |times| {
        times.parse().expect("ORCHESTRATOR_INTERRUPTS is a number")
    });
    // An undisturbed mission says how many moments there are.
    let mut here = Stage::new();
    let live = here.start();
    here.gate.open();
    let whole = live.end().exits(0);
    here.nothing_is_left(&whole, "undisturbed");

    let mut seed = 0x6f72_6368_6573_7472_u64;
    for _ in 0..times {
        interrupted_after(next(&mut seed) as usize % whole.events.len() + 1);
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014): the same moments in every run.
fn next(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *seed;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[test]
fn a_second_signal_ends_it_at_once_and_leaves_no_process() {
    let mut here = Stage::new();
    let mut live = here.start();
    here.gate.wait();
    live.interrupt();
    live.until("note", |_| true);
    live.terminate();
    let ended = live.end();
    // Either it was quicker than the second signal or it was cut short.
    assert_eq!(ended.code, Some(130), "{ended}");
    assert!(ended.after_signal.unwrap() < LIMIT);
    assert_eq!(here.mark.left(), [""; 0]);
    assert_eq!(here.scene.stand(), here.before);
    assert!(here.scene.journal_is_whole());
    // Whatever could not be cleaned up is, by the next mission.
    let _ = here.scene.task(REPLACE, &["--check", "true"]).exits(0);
    assert_eq!(here.scene.leftovers(), [""; 0]);
}

#[test]
fn the_next_mission_cleans_up_after_one_that_was_killed() {
    let scene = Scene::new(&[("one/a.py", "old_name(1)\n")]);
    let before = scene.stand();
    let mut gate = Gate::new(scene.root());
    let mut live = Live::start(&scene, REPLACE, &["--check", &gate.check()]);
    gate.wait();
    live.kill();
    // Nobody is left to end the check; now it ends by itself.
    gate.open();
    assert_eq!(live.end().code, None);
    assert_eq!(scene.stand(), before);
    assert!(!scene.leftovers().is_empty(), "the control");
    assert!(scene.journal_is_whole());
    let status = scene.run(&["status"]).exits(0);
    assert!(status.stdout.contains("it was killed"), "{}", status.stdout);

    let _ = scene.task(REPLACE, &["--check", "true"]).exits(0);
    assert_eq!(scene.leftovers(), [""; 0]);
    assert_eq!(scene.read("one/a.py"), "new_name(1)\n");
    assert!(scene.journal_is_whole());
}

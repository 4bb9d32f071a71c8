//! Hooks around a mission: each event comes, and each refusal is heeded.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use orchestrator_agents::hooks::{Event, Hook, HookRegistry};
use orchestrator_agents::memory::{MemoryConfig, NewEntry, Tier};
use orchestrator_agents::{
    BeforeLanding, BeforeModelAction, BeforeModelCall, BeforeSeal, BeforeToolCall, Hooks,
    MechanicalModel, Message, MissionError, MissionEvent, MissionOptions, MissionStarted,
    MissionSummary, Observer, Outcome, PlanReady, ProjectMemory, RemarkAction, Role, SessionReset,
    SessionResetAction, StepAction, StopSignal, TaskCompleted, TurnFinished, run_mission,
};
use orchestrator_tests::{Ran, Scene};

const REPLACE: &str = "replace `old_name($A)` with `new_name($A)`";

/// Keeps what a mission has told.
#[derive(Default)]
struct Told(Mutex<Vec<MissionEvent>>);

impl Observer for Told {
    fn event(&self, event: &MissionEvent) {
        self.0.lock().unwrap().push(event.clone());
    }
}

impl Told {
    fn has(&self, is_it: impl Fn(&MissionEvent) -> bool) -> bool {
        self.0.lock().unwrap().iter().any(is_it)
    }
}

fn scene() -> Scene {
    Scene::new(&[("a/a.py", "old_name(1)\n"), ("b/b.py", "old_name(2)\n")])
}

fn run(scene: &Scene, hooks: Hooks) -> (Result<MissionSummary, MissionError>, Arc<Told>) {
    run_checked(scene, hooks, "true")
}

fn run_checked(
    scene: &Scene,
    hooks: Hooks,
    check: &str,
) -> (Result<MissionSummary, MissionError>, Arc<Told>) {
    let mut options = MissionOptions::new(REPLACE, scene.repo());
    options.cache = scene.root().join("cache");
    options.checks = vec![check.to_owned()];
    options.hooks = Some(Arc::new(hooks));
    let told = Arc::new(Told::default());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let model = Arc::new(MechanicalModel::new());
    let observer: Arc<dyn Observer> = Arc::clone(&told) as _;
    let ended = runtime.block_on(run_mission(options, model, observer, StopSignal::default()));
    (ended, told)
}

fn keep<E: Event>(registry: &HookRegistry<E>, hook: Hook<E>) {
    registry.register(hook).unwrap().keep();
}

#[test]
fn every_event_comes() {
    let scene = scene();
    let hooks = Hooks::standard().unwrap();
    let seen: Arc<Mutex<BTreeMap<&'static str, usize>>> = Arc::default();
    /// A hook that counts its event, and answers what lets it go on.
    macro_rules! counts {
        ($($registry:ident: $answer:expr,)*) => {
            $({
                let seen = Arc::clone(&seen);
                keep(&hooks.$registry, Hook::new("count", move |_: &_| {
                    *seen.lock().unwrap().entry(stringify!($registry)).or_default() += 1;
                    $answer
                }));
            })*
        };
    }
    counts! {
        mission_started: StepAction::Proceed,
        plan_ready: StepAction::Proceed,
        before_model_call: BeforeModelAction::Send,
        after_model_call: orchestrator_agents::AfterModelAction::Take,
        before_tool_call: orchestrator_agents::BeforeToolAction::Allow,
        after_tool_call: orchestrator_agents::AfterToolAction::Keep,
        turn_finished: orchestrator_agents::TurnAction::End,
        session_reset: SessionResetAction::Reset,
        before_landing: StepAction::Proceed,
        task_completed: RemarkAction::Note("it has landed".into()),
        before_seal: StepAction::Proceed,
        shutdown: RemarkAction::Note("it is over".into()),
    }
    let (ended, told) = run(&scene, hooks);
    let ended = ended.unwrap();
    assert_eq!(ended.outcome, Outcome::Sealed);
    let seen = seen.lock().unwrap();
    assert_eq!(ended.metrics.model_calls as usize, seen["after_model_call"]);
    let calls = ended
        .metrics
        .tools
        .values()
        .map(|tool| tool.calls)
        .sum::<u64>();
    assert_eq!(calls as usize, seen["after_tool_call"]);
    assert_eq!(seen.len(), 12, "{seen:?}");
    for once in ["mission_started", "plan_ready", "before_seal", "shutdown"] {
        assert_eq!(seen[once], 1, "{once}");
    }
    assert_eq!((seen["before_landing"], seen["task_completed"]), (2, 2));
    for words in ["it has landed", "it is over"] {
        assert!(told.has(|event| matches!(event, MissionEvent::Noted { note } if note == words)));
    }
    assert!(scene.journal_is_whole());
}

/// Runs a mission that a hook keeps from something, and gives why it ended as it did.
fn refused(scene: &Scene, hooks: Hooks) -> String {
    let (ended, _) = run(scene, hooks);
    let words = match ended {
        Ok(summary) => {
            assert_ne!(summary.outcome, Outcome::Sealed);
            summary.reason
        }
        Err(error) => {
            let mut words = error.to_string();
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                words = format!("{words}: {cause}");
                source = cause.source();
            }
            words
        }
    };
    assert_eq!(
        scene.read("a/a.py"),
        "old_name(1)\n",
        "the branch has moved"
    );
    assert_eq!(scene.leftovers(), [""; 0]);
    words
}

#[test]
fn a_step_that_is_refused_is_not_taken() {
    let no = || StepAction::Refuse("because of the test".into());
    type With = fn(&Hooks, fn() -> StepAction);
    let with: [With; 3] = [
        |hooks, no| {
            keep(
                &hooks.mission_started,
                Hook::new("no", move |_: &MissionStarted| no()),
            )
        },
        |hooks, no| {
            keep(
                &hooks.plan_ready,
                Hook::new("no", move |_: &PlanReady| no()),
            )
        },
        |hooks, no| {
            keep(
                &hooks.before_seal,
                Hook::new("no", move |_: &BeforeSeal| no()),
            )
        },
    ];
    for with in with {
        let hooks = Hooks::standard().unwrap();
        with(&hooks, no);
        let words = refused(&scene(), hooks);
        assert!(words.contains("because of the test"), "{words}");
    }
}

#[test]
fn a_guard_that_panics_keeps_the_step_from_being_taken() {
    let hooks = Hooks::standard().unwrap();
    let broken = Hook::new("broken", |_: &BeforeSeal| panic!("on purpose"));
    keep(&hooks.before_seal, broken);
    let words = refused(&scene(), hooks);
    assert!(
        words.contains("hook `broken` of event `before_seal` panicked"),
        "{words}"
    );
}

#[test]
fn a_prompt_that_is_refused_is_not_sent() {
    let hooks = Hooks::standard().unwrap();
    let no = Hook::new("no", |_: &BeforeModelCall| {
        BeforeModelAction::Refuse("out of money".into())
    });
    keep(&hooks.before_model_call, no);
    let words = refused(&scene(), hooks);
    assert!(
        words.contains("the model was not asked: out of money"),
        "{words}"
    );
}

#[test]
fn work_that_may_not_land_is_tried_again_and_waived() {
    let scene = scene();
    let hooks = Hooks::standard().unwrap();
    // Of the two items one: the first that comes.
    let which: Arc<Mutex<Option<String>>> = Arc::default();
    let first = Arc::clone(&which);
    let no = Hook::new("no", move |step: &BeforeLanding| {
        let mut first = first.lock().unwrap();
        let first = first.get_or_insert_with(|| step.task.clone());
        match *first == step.task {
            true => StepAction::Refuse("not this one".into()),
            false => StepAction::Proceed,
        }
    });
    keep(&hooks.before_landing, no);
    let landed: Arc<Mutex<Vec<String>>> = Arc::default();
    let of = Arc::clone(&landed);
    let note = Hook::new("note", move |done: &TaskCompleted| {
        of.lock().unwrap().push(done.task.clone());
        RemarkAction::Silent
    });
    keep(&hooks.task_completed, note);
    let reminded = listen(&hooks, Role::Worker);
    let (ended, told) = run(&scene, hooks);
    assert_eq!(ended.unwrap().outcome, Outcome::Sealed);
    let refused = which.lock().unwrap().clone().unwrap();
    assert_eq!(landed.lock().unwrap().len(), 1);
    assert!(!landed.lock().unwrap().contains(&refused));
    assert!(told.has(|event| matches!(event,
        MissionEvent::TaskRejected { task, reason, .. } if *task == refused && reason == "not this one")));
    assert!(told.has(|event| matches!(event,
        MissionEvent::TaskWaived { task, .. } if *task == refused)));
    // Who tried again was told of the first time, within the mission's memory.
    let reminded = reminded.lock().unwrap();
    let is_told = |text: &String| text.contains("was rejected: not this one");
    assert!(reminded.iter().any(is_told), "{reminded:?}");
    assert!(!reminded.iter().all(is_told), "the first could not know");
}

#[test]
fn a_session_that_is_discarded_is_not_used_again() {
    let hooks = Hooks::standard().unwrap();
    let discard = Hook::new("discard", |_: &SessionReset| {
        SessionResetAction::Discard("it has seen enough".into())
    });
    keep(&hooks.session_reset, discard);
    let (ended, _) = run(&scene(), hooks);
    let sessions = ended.unwrap().sessions;
    assert!(sessions.new > 3, "{sessions:?}");
    assert_eq!((sessions.same_lane, sessions.other_lane), (0, 0));
}

/// Hooks see what the mission does, in order.
#[test]
fn a_tool_is_called_within_a_turn() {
    let hooks = Hooks::standard().unwrap();
    let course: Arc<Mutex<Vec<String>>> = Arc::default();
    let (tools, turns) = (Arc::clone(&course), Arc::clone(&course));
    keep(
        &hooks.before_tool_call,
        Hook::new("note", move |call: &BeforeToolCall| {
            tools.lock().unwrap().push(format!("{} calls", call.role));
            orchestrator_agents::BeforeToolAction::Allow
        })
        .after("role-guard"),
    );
    keep(
        &hooks.turn_finished,
        Hook::new("note", move |turn: &TurnFinished| {
            turns.lock().unwrap().push(format!("{} ends", turn.role));
            orchestrator_agents::TurnAction::End
        }),
    );
    let (ended, _) = run(&scene(), hooks);
    assert_eq!(ended.unwrap().outcome, Outcome::Sealed);
    let course = course.lock().unwrap();
    let position = |words: &str| course.iter().position(|entry| entry == words);
    assert!(
        position("planner calls") < position("planner ends"),
        "{course:?}"
    );
    assert!(
        position("planner ends") < position("worker calls"),
        "{course:?}"
    );
}

/// The last message of each request of a role, after memory has been put in.
fn listen(hooks: &Hooks, role: Role) -> Arc<Mutex<Vec<String>>> {
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let of = Arc::clone(&heard);
    let listen = Hook::new("listen", move |call: &BeforeModelCall| {
        if let (true, Some(Message::User { text })) =
            (call.role == role, call.request.messages.last())
        {
            of.lock().unwrap().push(text.clone());
        }
        BeforeModelAction::Send
    });
    keep(&hooks.before_model_call, listen.after("memory-gate"));
    heard
}

/// What one mission gave up, the next one's Planner is told of; once it has landed, no more.
#[test]
fn a_mission_learns_from_those_before_it() {
    let scene = scene();
    let planned = |check: &str| {
        let hooks = Hooks::standard().unwrap();
        let heard = listen(&hooks, Role::Planner);
        let (ended, _) = run_checked(&scene, hooks, check);
        let landed = ended.unwrap().reason;
        let heard = heard.lock().unwrap();
        let is_told = heard
            .iter()
            .any(|text| text.contains("An earlier mission gave up"));
        (landed, is_told)
    };
    let (landed, is_told) = planned("! grep -q new_name a/a.py");
    assert_eq!(
        (landed.as_str(), is_told),
        ("1 item landed, 1 waived", false)
    );
    let (landed, is_told) = planned("true");
    assert_eq!((landed.as_str(), is_told), ("1 item landed", true));
    scene.write("a/a.py", "old_name(3)\n");
    scene.commit("once more");
    let (_, is_told) = planned("true");
    assert!(!is_told, "it has landed since");
}

/// What is noted about the repository, by people or in a mission, is told in later ones.
#[test]
fn what_a_mission_notes_about_the_project_outlives_it() {
    let scene = scene();
    let note = NewEntry::new(Tier::System, "Generated code is sacred.");
    let mut memory = ProjectMemory::open(&scene.repo(), MemoryConfig::default()).unwrap();
    memory.remember(note).unwrap();
    drop(memory);
    let told = |notes: &[(Tier, &'static str)]| {
        let hooks = Hooks::standard().unwrap();
        let heard = listen(&hooks, Role::Planner);
        let notes = notes.to_vec();
        let noting = Hook::new("noting", move |call: &BeforeModelCall| {
            for (tier, text) in &notes {
                if let Some(memory) = &call.memory {
                    memory.remember(NewEntry::new(*tier, *text));
                    // The talk is of it for a while.
                    for _ in 0..5 * usize::from(text.contains("flaky")) {
                        memory.turn(text, None, 600, 0).unwrap();
                    }
                }
            }
            BeforeModelAction::Send
        });
        keep(&hooks.before_model_call, noting.after("listen"));
        let (ended, _) = run(&scene, hooks);
        assert_eq!(ended.unwrap().outcome, Outcome::Sealed);
        let heard = heard.lock().unwrap();
        heard.first().unwrap().clone()
    };
    let first = told(&[
        (Tier::Project, "old_name is used by plugins."),
        (Tier::Mission, "the planner was quick"),
        (Tier::Mission, "flaky tests use ports"),
    ]);
    assert!(
        first.contains("sacred") && !first.contains("plugins"),
        "{first}"
    );
    scene.write("a/a.py", "old_name(3)\n");
    scene.commit("once more");
    let second = told(&[]);
    assert!(
        second.contains("sacred") && second.contains("plugins"),
        "{second}"
    );
    assert!(second.contains("flaky"), "it was of use for long: {second}");
    assert!(!second.contains("quick"), "{second}");
    let objectives = second.matches("The objective: ").count();
    assert_eq!(objectives, 1, "that of the first mission is over: {second}");
}

/// Every file beneath a folder that holds these bytes.
fn that_hold(folder: &Path, bytes: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(that_hold(&path, bytes));
        } else if String::from_utf8_lossy(&std::fs::read(&path).unwrap()).contains(bytes) {
            found.push(path);
        }
    }
    found
}

#[test]
fn what_checks_print_is_kept_without_secrets() {
    let secret = "never-to-be-seen-42";
    let scene = Scene::new(&[
        ("a.py", "old_name(1)\n"),
        ("printed.txt", "connecting with never-to-be-seen-42 now\n"),
    ]);
    // It says so at its end, and fails with the change: its last lines go to the next attempt.
    let check = "cat printed.txt; ! grep -q new_name a.py";
    let ran: Ran = scene
        .command(&["task", REPLACE, "--check", check, "--json"])
        .env("SERVICE_TOKEN", secret)
        .output()
        .unwrap()
        .into();
    let said = format!("{ran:?}");
    assert!(
        said.contains("connecting with [redacted: SERVICE_TOKEN] now"),
        "{said}"
    );
    assert!(!said.contains(secret), "{said}");
    let kept = scene.repo().join(".orchestrator");
    assert_eq!(that_hold(&kept, secret), [""; 0].map(PathBuf::from));
    let marked = that_hold(&kept.join("receipts"), "[redacted: SERVICE_TOKEN]");
    assert!(marked.len() >= 3, "{marked:?}");
}

/// What `orchestrator hooks` shows is what runs.
#[test]
fn the_program_explains_its_hooks() {
    let scene = Scene::empty();
    let shown = scene.run(&["hooks"]).exits(0).stdout;
    for explanation in Hooks::standard().unwrap().explain() {
        let is_shown = shown.contains(&explanation.to_string());
        assert_eq!(is_shown, !explanation.steps.is_empty(), "{explanation}");
    }
    let objects = scene.run(&["hooks", "--json"]).exits(0).json();
    let orders = objects.iter().map(|it| {
        let names = it["hooks"].as_array().unwrap().iter();
        let names: Vec<_> = names.map(|hook| hook["name"].as_str().unwrap()).collect();
        (it["event"].as_str().unwrap(), names)
    });
    let orders: BTreeMap<_, _> = orders.collect();
    let last = ["memory-gate", "redact", "resource-control"];
    assert_eq!(orders["before_model_call"], last);

    let graph = ["hooks", "before_model_call", "--graph", "mermaid"];
    let graph = scene.run(&graph).exits(0).stdout;
    assert!(graph.contains("h2 -->|\"resource-control: after redact\"| h3"));
    let bare = scene.run(&["hooks", "--graph", "dot"]).exits(2);
    drop(bare.complains_of(&["<EVENT>"]));
    let unknown = scene.run(&["hooks", "before_lunch"]).exits(2);
    drop(unknown.complains_of(&["there is no event `before_lunch`", "before_tool_call"]));
}

//! The state of a mission, from events.

use orchestrator_tools::{LintRequest, WorktreePath};

use super::*;

fn id(digit: char) -> ObjectId {
    ObjectId::parse(&digit.to_string().repeat(40)).unwrap()
}

fn opened(strict: bool) -> MissionState {
    let mut state = MissionState::default();
    state.apply(&MissionEvent::MissionOpened {
        mission: "m1".into(),
        objective: "apply clippy suggestions".into(),
        branch: Some("main".into()),
        base: id('a'),
        model: "mechanical".into(),
        workers: 2,
        strict,
        notes: Vec::new(),
    });
    state
}

fn item(name: &str, only: &[&str]) -> PlanItem {
    PlanItem {
        id: name.into(),
        title: name.into(),
        action: Action::ApplySuggestions {
            package: "p".into(),
            lint: "l".into(),
            request: LintRequest::default(),
            only: only.iter().map(|id| (*id).to_owned()).collect(),
        },
        files: vec![WorktreePath::new("src/lib.rs").unwrap()],
        depends: Vec::new(),
        checks: Vec::new(),
    }
}

fn plan(state: &mut MissionState, items: Vec<PlanItem>) {
    let iteration = state.plans;
    state.apply(&MissionEvent::PlanReady {
        iteration,
        items,
        notes: Vec::new(),
    });
}

fn start(state: &mut MissionState, task: &str, attempt: u32) {
    let task = task.to_owned();
    state.apply(&MissionEvent::TaskStarted {
        task,
        attempt,
        base: id('a'),
    });
}

fn land(state: &mut MissionState, task: &str, commit: char, left_out: &[&str]) {
    let left_out = left_out
        .iter()
        .map(|id| Change {
            id: (*id).into(),
            file: "src/lib.rs".into(),
            line: None,
        })
        .collect();
    state.apply(&MissionEvent::TaskLanded {
        task: task.into(),
        attempt: 1,
        commit: id(commit),
        files: Vec::new(),
        left_out,
    });
}

fn reject(state: &mut MissionState, task: &str, attempt: u32) {
    state.apply(&MissionEvent::TaskRejected {
        task: task.into(),
        attempt,
        reason: format!("failure {attempt}"),
        receipt: None,
        applied: Vec::new(),
        kept: None,
    });
}

fn waive(state: &mut MissionState, task: &str) {
    let task = task.to_owned();
    state.apply(&MissionEvent::TaskWaived {
        task,
        reason: "no".into(),
        receipt: None,
    });
}

fn verify(state: &mut MissionState, commit: char, passed: bool) {
    state.apply(&MissionEvent::MissionVerified {
        commit: id(commit),
        receipts: vec![1],
        passed,
    });
}

#[test]
fn an_item_is_retried_twice_and_then_waived() {
    let mut state = opened(false);
    plan(&mut state, vec![item("t1", &[])]);
    for attempt in 1..=2 {
        start(&mut state, "t1", attempt);
        reject(&mut state, "t1", attempt);
        assert_eq!(state.after_rejection("t1"), AfterRejection::Retry);
        assert_eq!(state.item("t1").unwrap().status, ItemStatus::Pending);
    }
    start(&mut state, "t1", 3);
    reject(&mut state, "t1", 3);
    let AfterRejection::Waive(reason) = state.after_rejection("t1") else {
        panic!("tried again")
    };
    assert!(
        reason.contains("3 attempts") && reason.contains("failure 3"),
        "{reason}"
    );
}

#[test]
fn a_conflict_is_no_failure() {
    let mut state = opened(false);
    plan(&mut state, vec![item("t1", &[])]);
    for attempt in 1..=9 {
        start(&mut state, "t1", attempt);
        state.apply(&MissionEvent::TaskConflicted {
            task: "t1".into(),
            attempt,
            files: vec![],
        });
    }
    assert_eq!(state.item("t1").unwrap().conflicts, 9);
    reject(&mut state, "t1", 10);
    assert_eq!(state.after_rejection("t1"), AfterRejection::Retry);
}

#[test]
fn only_what_was_verified_as_it_stands_can_be_sealed() {
    let mut state = opened(false);
    assert_eq!(
        state.possible(3),
        [Decision::Plan, Decision::Refuse, Decision::Stop]
    );
    plan(&mut state, vec![item("t1", &[]), item("t2", &[])]);
    assert_eq!(state.possible(3), [Decision::Dispatch, Decision::Stop]);
    land(&mut state, "t1", 'b', &[]);
    waive(&mut state, "t2");
    assert_eq!(
        state.possible(3),
        [Decision::Plan, Decision::Verify, Decision::Stop]
    );
    assert_eq!(state.possible(1), [Decision::Verify, Decision::Stop]);
    verify(&mut state, 'a', true);
    assert!(
        !state.possible(3).contains(&Decision::Seal),
        "another commit was verified"
    );
    verify(&mut state, 'b', false);
    assert_eq!(state.possible(3), [Decision::Stop], "the checks failed");
    verify(&mut state, 'b', true);
    assert_eq!(state.possible(3), [Decision::Seal, Decision::Stop]);
}

#[test]
fn a_strict_mission_with_a_waiver_cannot_be_sealed() {
    for (left_out, waived) in [(&["s1"][..], false), (&[], true)] {
        let mut state = opened(true);
        plan(&mut state, vec![item("t1", &[]), item("t2", &[])]);
        land(&mut state, "t1", 'b', left_out);
        if waived {
            waive(&mut state, "t2")
        } else {
            land(&mut state, "t2", 'b', &[])
        }
        verify(&mut state, 'b', true);
        assert_eq!(state.waivers(), 1);
        assert_eq!(state.possible(3), [Decision::Stop]);
    }
}

#[test]
fn what_is_planned_again_is_no_longer_left_out() {
    let mut state = opened(false);
    plan(&mut state, vec![item("t1", &[])]);
    land(&mut state, "t1", 'b', &["s1", "s2"]);
    assert_eq!(state.left_out(), ["s1", "s2"]);
    plan(&mut state, vec![item("t2", &["s2"])]);
    assert_eq!(state.left_out(), ["s1"]);
    assert_eq!(state.digest().landed_since_plan, 0);
}

#[test]
fn an_empty_plan_ends_the_planning() {
    let mut state = opened(false);
    plan(&mut state, Vec::new());
    assert_eq!(state.possible(3), [Decision::Verify, Decision::Stop]);
}

#[test]
fn a_journal_in_json_gives_the_same_state() {
    let mut state = opened(false);
    plan(&mut state, vec![item("t1", &["s1"])]);
    start(&mut state, "t1", 1);
    let text = serde_json::to_string(&state).unwrap();
    assert_eq!(serde_json::from_str::<MissionState>(&text).unwrap(), state);
}

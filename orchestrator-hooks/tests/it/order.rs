//! The order of a plan, and the orders that are refused.

use orchestrator_hooks::{Hook, HookRegistry, Phase, RegisterError};

use crate::{Visit, signs};

fn plan(hooks: impl IntoIterator<Item = Hook<Visit>>) -> Vec<String> {
    let registry = HookRegistry::new();
    for hook in hooks {
        registry.register(hook).unwrap().keep();
    }
    registry.plan().names().map(str::to_owned).collect()
}

/// The error of the last hook; the others must go in.
fn refused<const N: usize>(hooks: [Hook<Visit>; N]) -> RegisterError {
    let registry = HookRegistry::new();
    let mut hooks = Vec::from(hooks);
    let last = hooks.pop().unwrap();
    for hook in hooks {
        registry.register(hook).unwrap().keep();
    }
    let before: Vec<String> = registry.plan().names().map(str::to_owned).collect();
    let error = registry.register(last).unwrap_err();
    assert!(
        registry
            .plan()
            .names()
            .eq(before.iter().map(String::as_str)),
        "the plan changed"
    );
    error
}

#[test]
fn phase_then_priority_then_name() {
    let order = plan([
        signs("b"),
        signs("late").phase(Phase::Late).priority(99),
        signs("a"),
        signs("urgent").priority(5),
        signs("early").phase(Phase::Early).priority(-99),
    ]);
    assert_eq!(order, ["early", "urgent", "a", "b", "late"]);
}

#[test]
fn constraints_beat_priority() {
    let order = plan([
        signs("low").priority(-1),
        signs("high").priority(9).after("low"),
    ]);
    assert_eq!(order, ["low", "high"]);
}

#[test]
fn a_label_binds_everyone_who_wears_it() {
    let order = plan([
        signs("z").label("checks"),
        signs("report").after("checks").priority(9),
        signs("y").label("checks"),
        signs("open").before("checks").priority(-9),
    ]);
    assert_eq!(order, ["open", "y", "z", "report"]);
}

#[test]
fn a_label_that_a_hook_wears_itself_means_the_others() {
    let order = plan([signs("a").label("x"), signs("b").label("x").before("x")]);
    assert_eq!(order, ["b", "a"]);
}

#[test]
fn the_same_wish_twice_is_one_wish() {
    let order = plan([
        signs("a").label("x"),
        signs("b").priority(1).after("a").after("x"),
    ]);
    assert_eq!(order, ["a", "b"]);
}

#[test]
fn a_name_is_taken_once() {
    let error = refused([signs("a"), signs("a")]);
    assert!(matches!(&error, RegisterError::DuplicateName { hook, .. } if hook == "a"));
}

#[test]
fn an_unknown_target_is_refused() {
    let error = refused([signs("a"), signs("b").after("aa")]);
    assert_eq!(
        error.to_string(),
        "hook `b` asks to run after `aa`, but no other hook of event `visit` has that name or \
         label: register the target first or with it, or correct the name"
    );
    // Nor is a hook its own neighbour.
    assert!(matches!(
        refused([signs("b").after("b")]),
        RegisterError::UnknownTarget { .. }
    ));
}

#[test]
fn a_constraint_cannot_leave_its_phase() {
    let error = refused([signs("a"), signs("b").phase(Phase::Late).before("a")]);
    assert_eq!(
        error.to_string(),
        "in event `visit`, hook `b` asks that `b` (late) run before `a` (normal), but phase \
         normal is over when late begins: drop the constraint, or move one of the two to \
         another phase"
    );
}

#[test]
fn an_older_hooks_label_constraint_holds_for_a_newcomer() {
    let error = refused([
        signs("a").label("x"),
        signs("first").before("x"),
        signs("b").label("x").phase(Phase::Early),
    ]);
    assert!(
        matches!(&error, RegisterError::PhaseConflict { asked_by, .. } if asked_by == "first"),
        "{error}"
    );
}

#[test]
fn a_cycle_names_everyone_in_it_and_nobody_else() {
    let error = refused([
        signs("a"),
        signs("b").after("a"),
        signs("c").after("b"),
        signs("bystander").after("c"),
        signs("d").after("c").before("a"),
    ]);
    assert_eq!(
        error.to_string(),
        "in event `visit`, `a`, `b`, `c`, `d` wait for each other: remove one `before` or \
         `after` among them"
    );
}

#[test]
fn two_cycles_through_the_newcomer_are_both_named() {
    let error = refused([
        signs("a").label("start"),
        signs("b").after("a").label("end"),
        signs("p").label("start"),
        signs("q").after("p").label("end"),
        signs("knot").after("end").before("start"),
    ]);
    assert!(
        matches!(&error, RegisterError::Cycle { cycles, .. }
            if cycles == &[["a", "b", "knot", "p", "q"]]),
        "{error}"
    );
}

#[test]
fn a_name_that_comes_back_may_close_a_cycle() {
    let registry = HookRegistry::new();
    let target = registry.register(signs("p")).unwrap();
    registry.register(signs("q").after("p")).unwrap().keep();
    drop(target);
    let error = registry.register(signs("p").after("q")).unwrap_err();
    assert!(
        matches!(&error, RegisterError::Cycle { cycles, .. } if cycles == &[["p", "q"]]),
        "{error}"
    );
}

//! Hooks that come together.

use std::{cell::Cell, time::Duration};

use orchestrator_hooks::{Hook, HookRegistry, Phase, RegisterError};

use crate::{Answer, Visit, signs};

#[test]
fn they_may_name_each_other_in_any_order() {
    let registry = HookRegistry::new();
    let all = registry
        .register_all([
            signs("c").after("b"),
            signs("a").before("b"),
            signs("b").label("middle"),
        ])
        .unwrap();
    assert!(all.names().eq(["c", "a", "b"]));
    assert!(registry.plan().names().eq(["a", "b", "c"]));
    registry
        .register(signs("d").priority(9).after("middle"))
        .unwrap()
        .keep();
    assert!(registry.plan().names().eq(["a", "b", "d", "c"]));
    drop(all);
    assert!(registry.plan().names().eq(["d"]));
}

type Attempt = (Vec<Hook<Visit>>, fn(&RegisterError) -> bool);

#[test]
fn one_that_does_not_fit_keeps_all_out() {
    let registry = HookRegistry::new();
    registry.register(signs("here")).unwrap().keep();
    let attempts: [Attempt; 5] = [
        (
            vec![signs("a"), signs("a")],
            |error| matches!(error, RegisterError::DuplicateName { hook, .. } if hook == "a"),
        ),
        (
            vec![signs("a"), signs("b").after("nobody")],
            |error| matches!(error, RegisterError::UnknownTarget { target, .. } if target == "nobody"),
        ),
        (
            vec![signs("a").phase(Phase::Late), signs("b").after("a")],
            |error| matches!(error, RegisterError::PhaseConflict { first, .. } if first == "a"),
        ),
        (
            vec![
                signs("p").after("q"),
                signs("q").after("p"),
                signs("x").after("y"),
                signs("y").after("x"),
                signs("bystander").after("here"),
            ],
            |error| {
                error.to_string()
                    == "in event `visit`, `p`, `q` wait for each other, and `x`, `y` wait for \
                        each other: remove one `before` or `after` in each group"
            },
        ),
        (
            vec![signs("a"), signs("b").timeout(Duration::from_secs(1))],
            |error| matches!(error, RegisterError::TimeoutOnSync { hook, .. } if hook == "b"),
        ),
    ];
    for (hooks, is_expected) in attempts {
        let error = registry.register_all(hooks).unwrap_err();
        assert!(is_expected(&error), "{error}");
        assert!(registry.plan().names().eq(["here"]), "after {error}");
    }
    // Nothing of them is left that another could name or collide with.
    registry.register(signs("a")).unwrap().keep();
    registry.register(signs("z").after("p")).unwrap_err();
}

#[test]
fn none_is_no_matter() {
    let registry = HookRegistry::<Visit>::new();
    let nothing = registry.register_all([]).unwrap();
    assert_eq!(nothing.names().len(), 0);
    drop(nothing);
    assert!(registry.plan().is_empty());
}

/// The iterator is the caller's code and runs before the lock is taken.
#[test]
fn the_iterator_may_use_the_registry() {
    let registry = HookRegistry::new();
    let inner = Cell::new(None);
    let hooks = ["a", "b"].map(signs).into_iter().inspect(|_| {
        if inner.take().is_none() {
            inner.set(Some(registry.register(signs("inner")).unwrap()));
        }
    });
    // Another one that is dropped, and dropping it takes the registry's lock.
    let late = Hook::new("late", |_: &Visit| Answer::Sign("late".into()));
    registry
        .register_all(hooks.take(1).chain([late]))
        .unwrap()
        .keep();
    assert!(registry.plan().names().eq(["a", "inner", "late"]));
}

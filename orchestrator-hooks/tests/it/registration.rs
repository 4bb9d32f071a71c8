//! How long a hook stays.

use orchestrator_hooks::{Hook, HookRegistry};

use crate::{Answer, Visit, signs};

#[test]
fn dropping_takes_the_hook_out_and_keeping_leaves_it_in() {
    let registry = HookRegistry::new();
    let a = registry.register(signs("a")).unwrap();
    registry.register(signs("b")).unwrap().keep();
    assert!(a.names().eq(["a"]));
    assert_eq!(registry.plan().len(), 2);
    drop(a);
    assert!(registry.plan().names().eq(["b"]));
    registry.register(signs("a")).unwrap().keep();
    assert!(
        registry.plan().names().eq(["a", "b"]),
        "the name is free again"
    );
}

#[test]
fn a_registration_may_outlive_its_registry() {
    let registry = HookRegistry::new();
    let registration = registry.register(signs("a")).unwrap();
    drop(registry);
    drop(registration);
}

#[test]
fn a_constraint_lapses_with_its_target_and_comes_back_with_it() {
    let registry = HookRegistry::new();
    let target = registry.register(signs("z")).unwrap();
    registry.register(signs("a").after("z")).unwrap().keep();
    registry.register(signs("m")).unwrap().keep();
    assert!(registry.plan().names().eq(["m", "z", "a"]));

    drop(target);
    assert!(
        registry.plan().names().eq(["a", "m"]),
        "the hook that asked stays, and is free"
    );
    assert!(
        registry
            .plan()
            .explain()
            .to_string()
            .contains("after z (lapsed: not registered)")
    );

    registry.register(signs("z")).unwrap().keep();
    assert!(registry.plan().names().eq(["m", "z", "a"]));
}

#[test]
fn a_hook_may_own_a_registration_of_its_own_registry() {
    let registry = HookRegistry::new();
    let owner = |name: &str, owned: &str| {
        let inner = registry.register(signs(owned)).unwrap();
        Hook::new(name, move |_: &Visit| Answer::Sign(inner.names().collect()))
    };
    let outer = registry.register(owner("a", "1")).unwrap();
    // Refused, so dropped, together with what it owns: this must not wait for itself.
    registry.register(owner("a", "2")).unwrap_err();
    registry
        .register(owner("b", "3").after("nobody"))
        .unwrap_err();
    assert_eq!(registry.plan().len(), 2);
    drop(outer);
    assert!(registry.plan().is_empty());
}

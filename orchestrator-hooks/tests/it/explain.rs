//! What people read.

use orchestrator_hooks::{HookRegistry, Phase};

use crate::signs;

#[test]
fn every_hook_has_its_reasons() {
    let registry = HookRegistry::new();
    registry
        .register(signs("redact").phase(Phase::Early).label("safety"))
        .unwrap()
        .keep();
    let gone = registry.register(signs("gone")).unwrap();
    registry
        .register(signs("budget").priority(5).after("safety").after("gone"))
        .unwrap()
        .keep();
    registry
        .register(signs("log").priority(-5).after("budget"))
        .unwrap()
        .keep();
    drop(gone);
    let expected = "\
visit: 3 hooks, by phase, then constraints, then priority, then name
  1. redact  early   priority 0   before budget (`budget` asks)
  2. budget  normal  priority 5   after redact (label `safety`); before log (`log` asks); after gone (lapsed: not registered)
  3. log     normal  priority -5   after budget";
    assert_eq!(registry.plan().explain().to_string(), expected);
}

#[test]
fn one_hook_and_none() {
    let registry = HookRegistry::new();
    assert!(
        registry
            .plan()
            .explain()
            .to_string()
            .starts_with("visit: 0 hooks")
    );
    registry.register(signs("a")).unwrap().keep();
    assert!(
        registry
            .plan()
            .explain()
            .to_string()
            .starts_with("visit: 1 hook, ")
    );
}

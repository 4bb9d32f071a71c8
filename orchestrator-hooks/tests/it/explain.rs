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

fn three() -> HookRegistry<crate::Visit> {
    let registry = HookRegistry::new();
    registry
        .register_all([
            signs("say \"#1\"").phase(Phase::Early).label("safety"),
            signs("budget").priority(5).after("safety").before("log"),
            signs("log").priority(-5).after("budget"),
        ])
        .unwrap()
        .keep();
    registry
}

#[test]
fn a_plan_as_dot() {
    let expected = r##"digraph "visit" {
  rankdir=LR;
  node [shape=box];
  subgraph cluster_early {
    label="early";
    h1 [label="1. say \"#1\"\npriority 0"];
  }
  subgraph cluster_normal {
    label="normal";
    h2 [label="2. budget\npriority 5"];
    h3 [label="3. log\npriority -5"];
  }
  h1 -> h2 [label="budget: after safety"];
  h2 -> h3 [label="budget: before log"];
  h2 -> h3 [label="log: after budget"];
}
"##;
    assert_eq!(three().explain().to_dot(), expected);
}

#[test]
fn a_plan_as_mermaid() {
    let expected = r##"flowchart LR
  subgraph early
    h1["1. say #quot;#35;1#quot;<br>priority 0"]
  end
  subgraph normal
    h2["2. budget<br>priority 5"]
    h3["3. log<br>priority -5"]
  end
  h1 -->|"budget: after safety"| h2
  h2 -->|"budget: before log"| h3
  h2 -->|"log: after budget"| h3
"##;
    assert_eq!(three().explain().to_mermaid(), expected);
}

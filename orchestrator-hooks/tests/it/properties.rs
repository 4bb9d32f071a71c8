//! Random registries: every order keeps every promise.

use std::cmp::Reverse;

use orchestrator_hooks::{Hook, HookRegistry, Phase, RegisterError};
use proptest::prelude::*;

use crate::{Visit, signs};

#[derive(Debug, Clone)]
struct Spec {
    name: String,
    phase: Phase,
    priority: i32,
    label: Option<String>,
    /// Whether it is `before`, and the target.
    constraints: Vec<(bool, String)>,
}

impl Spec {
    fn hook(&self) -> Hook<Visit> {
        let mut hook = signs(&self.name).phase(self.phase).priority(self.priority);
        if let Some(label) = &self.label {
            hook = hook.label(label);
        }
        for (before, target) in &self.constraints {
            hook = if *before {
                hook.before(target)
            } else {
                hook.after(target)
            };
        }
        hook
    }

    fn answers_to(&self, target: &str) -> bool {
        self.name == target || self.label.as_deref() == Some(target)
    }

    /// Whether a constraint of either says that `self` runs before `other`.
    fn goes_before(&self, other: &Spec) -> bool {
        let asks = self
            .constraints
            .iter()
            .any(|(before, to)| *before && other.answers_to(to));
        let asked = other
            .constraints
            .iter()
            .any(|(before, to)| !*before && self.answers_to(to));
        // A hook that names its own label means the others.
        self.name != other.name && (asks || asked)
    }
}

const HOOKS: usize = 9;

fn spec(index: usize) -> impl Strategy<Value = Spec> {
    let target = prop_oneof![
        4 => (0..HOOKS).prop_map(|index| format!("hook-{index}")),
        1 => (0..2).prop_map(|index| format!("label-{index}")),
    ];
    (
        prop_oneof![1 => Just(Phase::Early), 4 => Just(Phase::Normal), 1 => Just(Phase::Late)],
        -2..3,
        prop::option::of((0..2).prop_map(|index| format!("label-{index}"))),
        prop::collection::vec((any::<bool>(), target), 0..3),
    )
        .prop_map(move |(phase, priority, label, constraints)| Spec {
            name: format!("hook-{index}"),
            phase,
            priority,
            label,
            constraints,
        })
}

/// Specs in a random order, and another random order of the same.
fn specs() -> impl Strategy<Value = (Vec<Spec>, Vec<Spec>)> {
    let all: Vec<_> = (0..HOOKS).map(spec).collect();
    all.prop_flat_map(|specs| {
        (
            Just(specs.clone()).prop_shuffle(),
            Just(specs).prop_shuffle(),
        )
    })
}

/// Registers what goes in, trying again while something does, because a target may come later.
/// Returns what stayed outside.
fn register_all(registry: &HookRegistry<Visit>, mut specs: Vec<Spec>) -> Vec<Spec> {
    loop {
        let before = specs.len();
        specs.retain(|spec| match registry.register(spec.hook()) {
            Ok(registration) => {
                registration.keep();
                false
            }
            Err(_) => true,
        });
        if specs.len() == before {
            return specs;
        }
    }
}

/// The order as the documentation states it, written the slow way: again and again the first, by
/// phase, priority and name, of those that wait for nobody.
fn model(mut rest: Vec<Spec>) -> Vec<String> {
    let mut order = Vec::new();
    while !rest.is_empty() {
        let next = (0..rest.len())
            .filter(|&index| !rest.iter().any(|other| other.goes_before(&rest[index])))
            .min_by_key(|&index| {
                let spec = &rest[index];
                (spec.phase, Reverse(spec.priority), spec.name.clone())
            })
            .expect("a cycle was registered");
        order.push(rest.remove(next).name);
    }
    order
}

fn names(registry: &HookRegistry<Visit>) -> Vec<String> {
    registry.plan().names().map(str::to_owned).collect()
}

proptest! {
    #[test]
    fn an_order_keeps_every_promise((specs, other_order) in specs()) {
        let registry = HookRegistry::new();
        let refused = register_all(&registry, specs.clone());
        let is_in = |spec: &&Spec| !refused.iter().any(|other| other.name == spec.name);
        let accepted: Vec<Spec> = specs.iter().filter(is_in).cloned().collect();
        let order = names(&registry);
        prop_assert_eq!(order.len(), accepted.len());

        let place = |spec: &Spec| order.iter().position(|name| *name == spec.name);
        for first in &accepted {
            for second in &accepted {
                if first.goes_before(second) || first.phase < second.phase {
                    prop_assert!(place(first) < place(second), "{first:?} {second:?} {order:?}");
                }
            }
        }
        prop_assert_eq!(&order, &model(accepted.clone()));

        // Registered in another order, the same hooks make the same plan and explanation.
        let again = HookRegistry::new();
        let same = other_order.into_iter().filter(|spec| is_in(&spec)).collect();
        prop_assert_eq!(register_all(&again, same).len(), 0);
        prop_assert_eq!(names(&again), order);
        prop_assert_eq!(again.plan().explain(), registry.plan().explain());

        // What stayed outside did so for a reason that its constraints or its label give.
        for spec in &refused {
            let error = registry.register(spec.hook()).unwrap_err();
            let duplicate = matches!(error, RegisterError::DuplicateName { .. });
            prop_assert!(!duplicate, "{error}");
        }
    }

    #[test]
    fn dropping_hooks_leaves_the_plan_of_the_others(
        (specs, _) in specs(),
        dropped in prop::collection::vec(any::<bool>(), HOOKS),
    ) {
        let registry = HookRegistry::new();
        let mut kept = Vec::new();
        let mut registrations = Vec::new();
        for (spec, drop_it) in specs.into_iter().zip(dropped) {
            if let Ok(registration) = registry.register(spec.hook()) {
                if drop_it {
                    registrations.push(registration);
                } else {
                    registration.keep();
                    kept.push(spec);
                }
            }
        }
        drop(registrations);
        prop_assert_eq!(names(&registry), model(kept));
    }
}

/// Hooks whose constraints mostly agree with some order, so that many sets are lawful.
fn random(rng: &mut fastrand::Rng) -> Vec<Spec> {
    let phases = [Phase::Early, Phase::Normal, Phase::Normal, Phase::Late];
    let count = rng.usize(1..=12);
    let mut hidden: Vec<Phase> = (0..count).map(|_| phases[rng.usize(..4)]).collect();
    hidden.sort();
    let mut specs: Vec<Spec> = (0..count)
        .map(|place| {
            let targets = rng.usize(0..3) * usize::from(count > 1);
            let constraints = (0..targets).map(|_| {
                let other = (place + rng.usize(1..count)) % count;
                let before = (place < other) == (rng.u8(..) > 2);
                (before, format!("hook-{other}"))
            });
            let constraints = constraints.collect();
            let label = (rng.u8(..) < 60).then(|| format!("label-{}", rng.u8(..2)));
            Spec {
                name: format!("hook-{place}"),
                phase: hidden[place],
                priority: rng.i32(-2..3),
                label,
                constraints,
            }
        })
        .collect();
    if rng.u8(..) < 60 {
        let (asks, before) = (rng.usize(..count), rng.bool());
        let target = format!("label-{}", rng.u8(..2));
        specs[asks].constraints.push((before, target));
    }
    rng.shuffle(&mut specs);
    specs
}

/// Whether a set may be registered, as the documentation states it.
fn is_lawful(specs: &[Spec]) -> bool {
    let are_known = specs.iter().all(|spec| {
        let is_known = |target: &str| {
            let mut others = specs.iter().filter(|other| other.name != spec.name);
            others.any(|other| other.answers_to(target))
        };
        spec.constraints.iter().all(|(_, target)| is_known(target))
    });
    let agree =
        |first: &Spec, second: &Spec| !first.goes_before(second) || first.phase <= second.phase;
    let mut pairs = specs.iter().flat_map(|a| specs.iter().map(move |b| (a, b)));
    are_known && pairs.all(|(a, b)| agree(a, b)) && has_no_cycle(specs.to_vec())
}

fn has_no_cycle(mut rest: Vec<Spec>) -> bool {
    while !rest.is_empty() {
        let free = |spec: &Spec| !rest.iter().any(|other| other.goes_before(spec));
        let Some(next) = rest.iter().position(free) else {
            return false;
        };
        rest.remove(next);
    }
    true
}

#[test]
fn a_hundred_thousand_graphs_are_ordered_or_refused_as_they_should() {
    let run = |seed: u64| {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut lawful = 0;
        for graph in 0..50_000 {
            let specs = random(&mut rng);
            let registry = HookRegistry::new();
            let hooks = specs.iter().map(Spec::hook);
            let registered = registry.register_all(hooks).map(|all| all.keep());
            let expected = is_lawful(&specs);
            assert_eq!(registered.is_ok(), expected, "{seed}/{graph}: {specs:?}");
            lawful += u32::from(expected);
            let order = if expected { model(specs) } else { Vec::new() };
            assert_eq!(names(&registry), order, "{seed}/{graph}");
        }
        lawful
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| run(2));
        for lawful in [run(1), other.join().unwrap()] {
            assert!(
                (10_000..45_000).contains(&lawful),
                "{lawful} of 50,000 are lawful"
            );
        }
    });
}

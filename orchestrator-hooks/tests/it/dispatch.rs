//! What a dispatch calls, and what happens when a hook misbehaves.

use std::sync::{Arc, Mutex};

use orchestrator_hooks::{BoxFuture, Hook, HookRegistration, HookRegistry};

use crate::{Answer, Visit, signs, stops};

fn is_send<T: Send>(value: T) -> T {
    value
}

#[tokio::test]
async fn break_ends_the_dispatch() {
    let registry = HookRegistry::new();
    for hook in [signs("a"), stops("b"), signs("c")] {
        registry.register(hook).unwrap().keep();
    }
    let mut visit = Visit::default();
    let outcome = is_send(registry.dispatch(&mut visit)).await;
    assert_eq!(outcome, Some(Answer::Stop("b".into())));
    assert_eq!(visit.seen, ["a"]);
    let calls: Vec<u64> = registry.stats().iter().map(|stats| stats.calls).collect();
    assert_eq!(calls, [1, 1, 0]);
}

#[tokio::test]
async fn async_hooks_see_the_event_as_changed_so_far() {
    fn count(visit: &Visit) -> BoxFuture<'_, Answer> {
        let seen = visit.seen.len();
        Box::pin(async move {
            tokio::task::yield_now().await;
            Answer::Sign(format!("after {seen}"))
        })
    }
    let registry = HookRegistry::new();
    registry.register(signs("a")).unwrap().keep();
    registry
        .register(Hook::new_async("b", count))
        .unwrap()
        .keep();
    let mut visit = Visit::default();
    assert_eq!(registry.dispatch(&mut visit).await, None);
    assert_eq!(visit.seen, ["a", "after 1"]);
}

fn three_that_panic() -> HookRegistry<Visit> {
    let registry = HookRegistry::new();
    let hooks = [
        signs("a"),
        Hook::new("at once", |_: &Visit| panic!("on purpose")),
        Hook::new_async("before its future", |_: &Visit| panic!("on purpose")),
        Hook::new_async("later", |_: &Visit| {
            Box::pin(async {
                tokio::task::yield_now().await;
                panic!("on purpose")
            })
        }),
        signs("z"),
    ];
    for hook in hooks {
        registry.register(hook).unwrap().keep();
    }
    registry
}

#[tokio::test]
async fn a_panicking_hook_is_skipped_and_counted() {
    let registry = three_that_panic();
    let mut visit = Visit::default();
    assert_eq!(registry.dispatch(&mut visit).await, None);
    assert_eq!(visit.seen, ["a", "z"]);
    let panics: Vec<u64> = registry.stats().iter().map(|stats| stats.panics).collect();
    assert_eq!(panics, [0, 1, 1, 1, 0]);
}

#[tokio::test]
async fn an_event_may_answer_for_a_panicking_hook() {
    let registry = three_that_panic();
    let refusal = Answer::Stop("a guard crashed".into());
    let mut visit = Visit {
        on_panic: Some(refusal.clone()),
        ..Visit::default()
    };
    assert_eq!(registry.dispatch(&mut visit).await, Some(refusal));
    assert_eq!(visit.seen, ["a"]);
}

#[tokio::test]
async fn a_dispatch_keeps_the_plan_with_which_it_began() {
    let registry = HookRegistry::new();
    let victim = registry.register(signs("victim")).unwrap();
    let victim = Mutex::new(Some(victim));
    let newcomer: Arc<Mutex<Option<HookRegistration>>> = Arc::default();
    let handle = registry.clone();
    let kept = Arc::clone(&newcomer);
    registry
        .register(
            Hook::new("meddler", move |_: &Visit| {
                drop(victim.lock().unwrap().take());
                let mut kept = kept.lock().unwrap();
                if kept.is_none() {
                    *kept = Some(handle.register(signs("newcomer")).unwrap());
                }
                Answer::Sign("meddler".into())
            })
            .priority(1),
        )
        .unwrap()
        .keep();

    let mut first = Visit::default();
    registry.dispatch(&mut first).await;
    assert_eq!(first.seen, ["meddler", "victim"]);
    let mut second = Visit::default();
    registry.dispatch(&mut second).await;
    assert_eq!(second.seen, ["meddler", "newcomer"]);
}

#[tokio::test]
async fn a_hook_may_dispatch() {
    let inner = HookRegistry::new();
    inner.register(signs("inner")).unwrap().keep();
    let outer = HookRegistry::new();
    outer
        .register(Hook::new_async("outer", move |_: &Visit| {
            let inner = inner.clone();
            Box::pin(async move {
                let mut visit = Visit::default();
                inner.dispatch(&mut visit).await;
                Answer::Sign(format!("outer of {}", visit.seen.join(" ")))
            })
        }))
        .unwrap()
        .keep();
    let mut visit = Visit::default();
    outer.dispatch(&mut visit).await;
    assert_eq!(visit.seen, ["outer of inner"]);
}

#[test]
fn threads_register_and_drop_while_others_dispatch() {
    let registry = HookRegistry::new();
    registry.register(signs("anchor")).unwrap().keep();
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let registry = registry.clone();
            scope.spawn(move || {
                for round in 0..200 {
                    let hook = signs(&format!("{thread}-{round}")).after("anchor");
                    drop(registry.register(hook).unwrap());
                }
            });
        }
        for _ in 0..2 {
            let registry = registry.clone();
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .build()
                    .unwrap();
                for _ in 0..200 {
                    let mut visit = Visit::default();
                    runtime.block_on(registry.dispatch(&mut visit));
                    assert_eq!(visit.seen[0], "anchor");
                    assert!(visit.seen.len() <= 3, "{:?}", visit.seen);
                }
            });
        }
    });
    assert!(registry.plan().names().eq(["anchor"]));
}

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
    let outcome = is_send(registry.dispatch(&mut visit)).await.unwrap();
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
    assert_eq!(registry.dispatch(&mut visit).await.unwrap(), None);
    assert_eq!(visit.seen, ["a", "after 1"]);
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
    registry.dispatch(&mut first).await.unwrap();
    assert_eq!(first.seen, ["meddler", "victim"]);
    let mut second = Visit::default();
    registry.dispatch(&mut second).await.unwrap();
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
                inner.dispatch(&mut visit).await.unwrap();
                Answer::Sign(format!("outer of {}", visit.seen.join(" ")))
            })
        }))
        .unwrap()
        .keep();
    let mut visit = Visit::default();
    outer.dispatch(&mut visit).await.unwrap();
    assert_eq!(visit.seen, ["outer of inner"]);
}

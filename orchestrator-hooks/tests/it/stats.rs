//! What is counted, whatever becomes of a dispatch and of its plan.

use std::{future::Future, pin::pin, task::Context, time::Duration};

use orchestrator_hooks::{Hook, HookRegistry, HookStats};

use crate::{Answer, Visit, signs, stops};

fn calls(registry: &HookRegistry<Visit>) -> Vec<u64> {
    registry.stats().iter().map(|stats| stats.calls).collect()
}

#[tokio::test]
async fn counts_outlive_plans() {
    let registry = HookRegistry::new();
    registry.register(signs("b")).unwrap().keep();
    let mut dispatcher = registry.dispatcher();
    let old = registry.plan();
    for _ in 0..3 {
        registry.dispatch(&mut Visit::default()).await.unwrap();
        dispatcher.dispatch(&mut Visit::default()).await.unwrap();
    }
    assert_eq!(calls(&registry), [6]);
    let a = registry.register(signs("a")).unwrap();
    assert_eq!(calls(&registry), [0, 6], "the old plan is held");
    drop(old);
    registry.dispatch(&mut Visit::default()).await.unwrap();
    assert_eq!(calls(&registry), [1, 7], "the handle still holds it");
    dispatcher.dispatch(&mut Visit::default()).await.unwrap();
    assert_eq!(calls(&registry), [2, 8], "nobody does");
    drop(a);
    // The newcomer has the place of the one that went, and none of its counts.
    registry.register(signs("c")).unwrap().keep();
    assert_eq!(calls(&registry), [8, 0]);
}

#[tokio::test]
async fn each_place_knows_how_many_came_to_it() {
    let registry = HookRegistry::new();
    let hooks = [
        signs("a"),
        Hook::new("b", |visit: &Visit| match visit.seen.len() {
            1 => Answer::Sign("b".into()),
            _ => Answer::Stop("b".into()),
        }),
        Hook::new_async("c", |_: &Visit| {
            Box::pin(async { Answer::Sign("c".into()) })
        }),
        stops("d"),
        signs("e"),
    ];
    registry.register_all(hooks).unwrap().keep();
    for seen in [0, 0, 1, 0, 1] {
        let mut visit = Visit::default();
        visit.seen.resize(seen, "x".into());
        registry.dispatch(&mut visit).await.unwrap();
    }
    assert_eq!(calls(&registry), [5, 5, 3, 3, 0]);
    let breaks: Vec<u64> = registry.stats().iter().map(|stats| stats.breaks).collect();
    assert_eq!(breaks, [0, 2, 0, 3, 0]);
}

#[test]
fn a_dispatch_that_is_dropped_is_counted_where_it_was() {
    let registry = HookRegistry::new();
    let waits = Hook::new_async("b", |_: &Visit| Box::pin(std::future::pending()));
    registry
        .register_all([signs("a"), waits, signs("c")])
        .unwrap()
        .keep();
    let mut visit = Visit::default();
    {
        let mut dispatch = pin!(registry.dispatch(&mut visit));
        let mut context = Context::from_waker(std::task::Waker::noop());
        assert!(dispatch.as_mut().poll(&mut context).is_pending());
        assert_eq!(calls(&registry), [0, 0, 0], "it is under way");
    }
    assert_eq!(calls(&registry), [1, 1, 0]);
    assert_eq!(registry.stats()[1].dropped, 1);
    // One that was never polled has called nobody.
    drop(registry.dispatch(&mut visit));
    assert_eq!(calls(&registry), [1, 1, 0]);
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_always_timed_and_the_rest_now_and_then() {
    let registry = HookRegistry::new();
    let slow = Hook::new_async("slow", |visit: &Visit| {
        let waits = visit.failures.lock().unwrap().is_empty();
        Box::pin(async move {
            if waits {
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
            Answer::Sign("slow".into())
        })
    });
    registry.register_all([signs("a"), slow]).unwrap().keep();
    // A thread of its own, so that it is known which of its dispatches this is.
    for _ in 0..300 {
        registry.dispatch(&mut Visit::default()).await.unwrap();
    }
    let stats = registry.stats();
    let [quick, slow] = &stats[..] else {
        panic!("{stats:?}")
    };
    assert_eq!((quick.timed_calls, slow.timed_calls), (2, 300));
    assert_eq!(slow.time, Duration::from_secs(600));
    assert_eq!(slow.longest, Duration::from_secs(2));
    assert_eq!(slow.mean_time(), Some(Duration::from_secs(2)));
    assert_eq!(HookStats::default().mean_time(), None);

    let visit = || Visit {
        failures: vec![String::new()].into(),
        ..Visit::default()
    };
    for _ in 300..600 {
        registry.dispatch(&mut visit()).await.unwrap();
    }
    let stats = registry.stats();
    assert_eq!((stats[0].timed_calls, stats[1].timed_calls), (3, 301));
}

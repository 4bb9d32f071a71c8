//! What is counted by key, and when.

use std::time::Duration;

use orchestrator_core::{
    AdmissionConfig, CallCounts, CancellationToken, FailureKind, KeyStats, RateConfig, SlotKey,
};
use tokio::time::{Instant, advance};

use super::{controller, model, number, request};

const SECOND: Duration = Duration::from_secs(1);

fn role(name: &str) -> SlotKey {
    SlotKey::Role(name.into())
}

#[tokio::test(start_paused = true)]
async fn slots_are_counted_over_time() {
    let config = AdmissionConfig::default().with_role("worker", 2);
    let controller = controller(config);
    let first = controller.try_admit(&request("m")).unwrap();
    advance(SECOND).await;
    let second = controller.try_admit(&request("m")).unwrap();
    advance(SECOND).await;
    first.succeeded(0);
    second.failed(FailureKind::Request, None);
    advance(2 * SECOND).await;
    let stats = controller.key_stats_of(role("worker"));
    assert_eq!(stats.taken_for, 3 * SECOND);
    assert_eq!(stats.there_for, Some(8 * SECOND));
    assert_eq!(stats.utilization(), Some(3.0 / 8.0));
    // Another limit counts from when it is there.
    controller.set_limit(role("worker"), 1);
    advance(4 * SECOND).await;
    let stats = controller.key_stats_of(role("worker"));
    assert_eq!(stats.there_for, Some(12 * SECOND));
    assert_eq!(stats.utilization(), Some(0.25));
    let of_model = controller.key_stats_of(SlotKey::Model(model()));
    assert_eq!((of_model.taken_for, of_model.there_for), (3 * SECOND, None));
    assert_eq!(of_model.utilization(), None);
    // A limit that comes later has no share of the time before it.
    controller.set_limit(SlotKey::Model(model()), 1);
    advance(SECOND).await;
    let of_model = controller.key_stats_of(SlotKey::Model(model()));
    assert_eq!((of_model.limit, of_model.utilization()), (1, None));
}

#[tokio::test(start_paused = true)]
async fn a_call_counts_once_for_each_of_its_keys_and_for_no_other() {
    let controller = controller(AdmissionConfig::default());
    for tokens in [1, 2] {
        controller
            .try_admit(&request("m"))
            .unwrap()
            .succeeded(tokens);
    }
    let call = controller.try_admit(&request("m")).unwrap();
    call.failed(FailureKind::Service, None);
    drop(controller.try_admit(&request("m")).unwrap());
    controller.try_admit(&request("m")).unwrap().unused();
    let running = controller.try_admit(&request("m")).unwrap();
    let _elsewhere = controller.key_stats_of(role("planner"));
    let counts = |its: &KeyStats| {
        let CallCounts {
            admitted,
            succeeded,
            failed,
            abandoned,
            ..
        } = its.calls;
        (admitted, succeeded, failed, abandoned, its.taken)
    };
    for stats in controller.key_stats() {
        let expected = match &stats.key {
            SlotKey::Role(name) if &**name == "planner" => (0, 0, 0, 0, 0),
            _ => (6, 2, 1, 2, 1),
        };
        assert_eq!(counts(&stats), expected, "{}", stats.key);
        assert_eq!(stats.waits.count(), stats.calls.admitted);
    }
    let all = controller.stats();
    assert_eq!(
        (all.calls.admitted, all.running, all.calls.abandoned),
        (6, 1, 2)
    );
    drop(running);
}

#[tokio::test(start_paused = true)]
async fn waits_are_counted_by_their_length() {
    let config = AdmissionConfig::default().with_role("worker", 1);
    let controller = controller(config);
    let first = controller.try_admit(&request("m")).unwrap();
    let request = request("m");
    let mut waits = Box::pin(controller.admit(&request));
    assert!(futures_util::poll!(&mut waits).is_pending());
    assert_eq!(controller.key_stats_of(role("worker")).waiting, 1);
    advance(SECOND).await;
    drop(first);
    waits.await.unwrap().succeeded(0);
    let stats = controller.key_stats_of(role("worker"));
    assert_eq!((stats.waiting, stats.waits.count()), (0, 2));
    let classes: Vec<_> = stats.waits.classes().collect();
    // None, and one second: the class that ends after it.
    assert_eq!(
        classes,
        [
            (Duration::from_nanos(1), 1),
            (Duration::from_nanos(1 << 30), 1)
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn rejections_are_counted_by_their_reason() {
    let rate = RateConfig::default().with_tokens_per_minute(number(600));
    let config = AdmissionConfig::default()
        .with_role("worker", 1)
        .with_rate(model(), rate);
    let controller = controller(config);
    let token = CancellationToken::new();
    let running = controller.try_admit(&request("m")).unwrap();

    controller
        .try_admit(&request("m").with_tokens(601))
        .unwrap_err();
    controller.try_admit(&request("m")).unwrap_err();
    let late = request("m").with_deadline(Instant::now() + SECOND);
    controller.admit(&late).await.unwrap_err();
    let (one, two) = (request("m"), request("m").with_cancel(token.clone()));
    let mut dropped = Box::pin(controller.admit(&one));
    let mut cancelled = Box::pin(controller.admit(&two));
    assert!(futures_util::poll!(&mut dropped).is_pending());
    assert!(futures_util::poll!(&mut cancelled).is_pending());
    drop(dropped);
    token.cancel();
    cancelled.await.unwrap_err();
    // Cancelled before it comes: of the same kind.
    controller.admit(&two).await.unwrap_err();
    controller.try_admit(&two).unwrap_err();
    let too_deep = request("m").with_parent("worker", u32::MAX);
    controller.try_admit(&too_deep).unwrap_err();
    controller.close();
    controller.try_admit(&request("m")).unwrap_err();

    let all = controller.stats();
    assert_eq!(all.calls.admitted, 1);
    let counts = all.calls.rejections;
    let by_reason = [
        counts.too_many_tokens,
        counts.would_wait,
        counts.deadline_passed,
        counts.gave_up,
        counts.cancelled,
        counts.depth,
        counts.closed,
        counts.refused,
    ];
    assert_eq!(by_reason, [1, 1, 1, 1, 3, 1, 1, 0]);
    assert_eq!(counts.total(), 9);
    // All of them needed what the first has needed.
    let of_role = controller.key_stats_of(role("worker")).calls.rejections;
    assert_eq!((of_role.total(), of_role.cancelled), (9, 3));
    drop(running);
}

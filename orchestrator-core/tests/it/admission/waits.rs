//! What is waited for, how long, and how it is told.

use std::time::Duration;

use orchestrator_core::{
    AdmissionConfig, BreakerState, CancellationToken, DepthGuard, FailureKind, ModelKey,
    PressureGauge, Priority, RateConfig, Rejection, Request, SlotKey, SlotScaling, WaitReason,
    WhenBlocked,
};
use tokio::{task::yield_now, time::Instant};

use super::{Memory, assert_nothing_left, controller, model, number, request};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_person_can_read_who_waits_for_what() {
    let config = AdmissionConfig::default().with_role("worker", 1);
    let controller = controller(config);
    let first = controller.admit(&request("one")).await.unwrap();
    let second = tokio::spawn({
        let controller = controller.clone();
        let deadline = Instant::now() + 60 * SECOND;
        async move {
            let request = request("two").with_deadline(deadline);
            controller.admit(&request).await
        }
    });
    yield_now().await;
    tokio::time::advance(2 * SECOND).await;
    let waiting = controller.waiting();
    assert_eq!(
        waiting[0].to_string(),
        "worker of mission `two` (normal priority) waits for a slot of role `worker`: 1 of 1 \
         taken; 2.0 s so far",
    );
    assert_eq!(waiting[0].gives_up_in, Some(58 * SECOND));
    first.succeeded(0);
    second.await.unwrap().unwrap().succeeded(0);
    assert_nothing_left(&controller);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_the_wait_and_says_for_what_it_was() {
    let controller = controller(AdmissionConfig::default().with_role("worker", 1));
    let held = controller.try_admit(&request("one")).unwrap();
    let start = Instant::now();
    let late = request("two").with_deadline(start + 3 * SECOND);
    let rejection = controller.admit(&late).await.unwrap_err();
    assert_eq!(start.elapsed(), 3 * SECOND);
    assert_eq!(
        rejection.to_string(),
        "not admitted before its deadline, after 3.0 s; it waits for a slot of role `worker`: 1 of \
         1 taken",
    );
    drop(held);
    assert_nothing_left(&controller);
}

#[tokio::test(start_paused = true)]
async fn cancellation_ends_the_wait_and_comes_before_admission() {
    let controller = controller(AdmissionConfig::default().with_role("worker", 1));
    let held = controller.try_admit(&request("one")).unwrap();
    let token = CancellationToken::new();
    let waits = tokio::spawn({
        let (controller, token) = (controller.clone(), token.clone());
        async move { controller.admit(&request("two").with_cancel(token)).await }
    });
    yield_now().await;
    // Both in the same moment.
    token.cancel();
    drop(held);
    assert_eq!(waits.await.unwrap().unwrap_err(), Rejection::Cancelled);
    let cancelled = request("two").with_cancel(token);
    let refused = controller.try_admit(&cancelled).unwrap_err();
    assert_eq!(refused, Rejection::Cancelled);
    assert_nothing_left(&controller);
}

#[tokio::test(start_paused = true)]
async fn tokens_are_reserved_before_and_corrected_after() {
    let rate = RateConfig::default().with_tokens_per_minute(number(6_000));
    let controller = controller(AdmissionConfig::default().with_rate(model(), rate));
    let start = Instant::now();
    let first = controller.admit(&request("m").with_tokens(6_000)).await;
    let would_wait = controller.try_admit(&request("m").with_tokens(1_000));
    assert_eq!(
        would_wait.unwrap_err().to_string(),
        "cannot start at once; it waits for tokens per minute of `acme/large`: 10 s",
    );
    // Half of it was not used.
    first.unwrap().succeeded(3_000);
    let second = controller.admit(&request("m").with_tokens(3_000)).await;
    assert_eq!(start.elapsed(), Duration::ZERO);
    // More was used than thought: those who come next pay.
    second.unwrap().succeeded(4_000);
    let _third = controller.admit(&request("m").with_tokens(1_000)).await;
    assert_eq!(start.elapsed(), 20 * SECOND);
    let never = controller.admit(&request("m").with_tokens(6_001)).await;
    assert!(matches!(never, Err(Rejection::TooManyTokens { .. })));
}

#[tokio::test]
async fn what_can_never_fit_is_told_at_once_also_while_all_slots_are_taken() {
    let rate = RateConfig::default().with_tokens_per_minute(number(6_000));
    let config = AdmissionConfig::default()
        .with_rate(model(), rate)
        .with_provider("acme", 1);
    let controller = controller(config);
    let _held = controller.admit(&request("m")).await.unwrap();
    let never = controller.try_admit(&request("m").with_tokens(6_001));
    assert!(
        matches!(never, Err(Rejection::TooManyTokens { .. })),
        "{never:?}"
    );
    let never = controller.admit(&request("m").with_tokens(6_001)).await;
    assert!(matches!(never, Err(Rejection::TooManyTokens { .. })));
}

#[tokio::test(start_paused = true)]
async fn what_one_is_told_to_wait_all_wait() {
    let controller = controller(AdmissionConfig::default());
    let start = Instant::now();
    let told = controller.admit(&request("a")).await.unwrap();
    told.failed(FailureKind::RateLimited, Some(7 * SECOND));
    let waits: Vec<_> = (0..20)
        .map(|_| {
            let controller = controller.clone();
            tokio::spawn(async move { controller.admit(&request("b")).await.map(drop) })
        })
        .collect();
    yield_now().await;
    let all: Vec<_> = controller.waiting();
    assert_eq!(all.len(), 20);
    assert_eq!(
        all[0].reason.to_string(),
        "waits because `acme/large` asked for it: 7.0 s",
    );
    // Another model is none of its business.
    let other = Request::new("b", "worker", ModelKey::new("acme", "small"));
    controller.try_admit(&other).unwrap().succeeded(0);
    for wait in waits {
        wait.await.unwrap().unwrap();
    }
    assert_eq!(start.elapsed(), 7 * SECOND);
    assert_nothing_left(&controller);
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_is_waited_for_or_not_as_configured() {
    for when_open in [WhenBlocked::Wait, WhenBlocked::Reject] {
        let breaker = Some(Default::default());
        let config = AdmissionConfig::default().with_breaker(breaker, when_open);
        let controller = controller(config);
        for _ in 0..5 {
            let call = controller.admit(&request("m")).await.unwrap();
            call.failed(FailureKind::Service, None);
        }
        let state = controller.breaker(&model());
        assert!(matches!(state, Some(BreakerState::Open { .. })));
        let start = Instant::now();
        let next = controller.admit(&request("m")).await;
        if when_open == WhenBlocked::Reject {
            assert_eq!(
                next.unwrap_err().to_string(),
                "turned away, as configured, from a wait: it waits for the circuit breaker of \
                 `acme/large`: open after failures, tries again in 30 s",
            );
            continue;
        }
        assert_eq!(start.elapsed(), 30 * SECOND);
        let probe = next.unwrap();
        assert!(probe.is_probe());
        let refused = controller.try_admit(&request("m")).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "cannot start at once; it waits for the circuit breaker of `acme/large`: another call \
             tries it out",
        );
        probe.succeeded(0);
        controller.admit(&request("m")).await.unwrap().succeeded(0);
        assert_eq!(controller.breaker(&model()), Some(BreakerState::Closed));
    }
}

/// The predecessor admitted none of 360 after its breaker had opened: each rejection was one more
/// failure. Here one asks every ten seconds for an hour, and does not wait.
#[tokio::test(start_paused = true)]
async fn after_the_breaker_opened_358_of_360_are_admitted() {
    let breaker = Some(Default::default());
    let config = AdmissionConfig::default().with_breaker(breaker, WhenBlocked::Reject);
    let controller = controller(config);
    for _ in 0..5 {
        let call = controller.try_admit(&request("m")).unwrap();
        call.failed(FailureKind::Service, None);
    }
    let mut admitted = 0;
    for _ in 0..360 {
        tokio::time::advance(10 * SECOND).await;
        if let Ok(call) = controller.try_admit(&request("m")) {
            call.succeeded(0);
            admitted += 1;
        }
    }
    assert_eq!(admitted, 358);
}

#[tokio::test(start_paused = true)]
async fn low_priority_waits_for_memory_and_goes_on_below_the_lower_share() {
    let memory = Memory::default();
    memory.set(81);
    let config = AdmissionConfig::default();
    let controller = super::AdmissionController::with_memory(config, memory.clone());
    let low = request("m").with_priority(Priority::Low);
    let refused = controller.try_admit(&low).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "cannot start at once; it waits for memory: 81 % of the memory in use, goes on below 75 %",
    );
    // Others go on.
    controller.try_admit(&request("m")).unwrap().succeeded(0);
    let start = Instant::now();
    let waits = tokio::spawn({
        let controller = controller.clone();
        async move { controller.admit(&low).await.map(drop) }
    });
    for (percent, waiting) in [(81, 1), (76, 1), (74, 0)] {
        memory.set(percent);
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        assert_eq!(controller.stats().waiting, waiting, "{percent}");
    }
    waits.await.unwrap().unwrap();
    assert!(start.elapsed() < 4 * SECOND);
    assert_nothing_left(&controller);
}

#[tokio::test(start_paused = true)]
async fn short_memory_turns_low_priority_away_if_so_configured() {
    let memory = Memory::default();
    let gauge = Some(PressureGauge::default());
    let config = AdmissionConfig::default().with_pressure(gauge, WhenBlocked::Reject);
    let controller = super::AdmissionController::with_memory(config, memory.clone());
    let low = request("m").with_priority(Priority::Low);
    controller.admit(&low).await.unwrap().succeeded(0);
    memory.set(95);
    tokio::time::advance(SECOND).await;
    let refused = controller.admit(&low).await.unwrap_err();
    let Rejection::Refused { reason } = refused else {
        panic!("{refused}");
    };
    assert!(matches!(reason, WaitReason::Pressure { .. }));
}

#[tokio::test]
async fn depth_and_terminal_roles() {
    let depth = DepthGuard::new(2).with_terminal_role("reviewer");
    let controller = controller(AdmissionConfig::default().with_depth(depth));
    let deep = request("m").with_parent("worker", 3);
    assert_eq!(
        controller.admit(&deep).await.unwrap_err().to_string(),
        "depth 3 is more than 2: let a task nearer to the top start this one",
    );
    let child = request("m").with_parent("reviewer", 1);
    assert_eq!(
        controller.admit(&child).await.unwrap_err().to_string(),
        "role `reviewer` may not start others: let it report what is missing to its parent",
    );
    let fine = request("m").with_parent("worker", 2);
    controller.admit(&fine).await.unwrap().succeeded(0);
}

#[tokio::test(start_paused = true)]
async fn slots_scale_with_outcomes_and_only_with_those() {
    let scaling = SlotScaling::steps(1..=3).starting_at(2);
    let controller = controller(AdmissionConfig::default().with_model(model(), scaling));
    let limit = || controller.key_stats_of(SlotKey::Model(model())).limit;
    let call = || controller.try_admit(&request("m"));
    for _ in 0..2 {
        call().unwrap().failed(FailureKind::Request, None);
        drop(call().unwrap());
    }
    assert_eq!(limit(), 2);
    (0..3).for_each(|_| call().unwrap().succeeded(0));
    assert_eq!(limit(), 3);
    let all: Vec<_> = (0..3).map(|_| call().unwrap()).collect();
    // What is turned away is no failure.
    (0..9).for_each(|_| drop(call().unwrap_err()));
    assert_eq!(limit(), 3);
    for call in all.into_iter().take(2) {
        call.failed(FailureKind::RateLimited, None);
    }
    assert_eq!(limit(), 2);
}

#[tokio::test(start_paused = true)]
async fn closed_admits_nobody_and_lets_finish() {
    let controller = controller(AdmissionConfig::default().with_role("worker", 1));
    let held = controller.try_admit(&request("a")).unwrap();
    let waits = tokio::spawn({
        let controller = controller.clone();
        async move { controller.admit(&request("b")).await.map(drop) }
    });
    yield_now().await;
    controller.close();
    assert_eq!(waits.await.unwrap(), Err(Rejection::Closed));
    assert_eq!(
        controller.try_admit(&request("c")).unwrap_err(),
        Rejection::Closed
    );
    held.succeeded(0);
    assert_nothing_left(&controller);
}

//! Every future dropped at every await point.

use std::{
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
    time::Duration,
};

use orchestrator_core::{
    AdmissionConfig, AdmissionController, CancellationToken, Claim, FailureKind, Priority,
    RateConfig, Slots,
};
use tokio::time::Instant;

use super::{Memory, assert_nothing_left, model, number, request};

/// What changes in the world between two polls.
type Change = Box<dyn FnMut(usize)>;

/// Polls a future so many times, with a change of the world before each and one after, and drops
/// it. Its output, or how often it was polled.
async fn poll_then_drop<F: Future>(
    polls: usize,
    change: &mut Change,
    future: F,
) -> Result<F::Output, usize> {
    let mut future = pin!(future);
    for poll in 0..polls {
        change(poll);
        tokio::time::advance(Duration::from_secs(1)).await;
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(output) = Pin::as_mut(&mut future).poll(&mut context) {
            return Ok(output);
        }
    }
    // What changes now is never seen by a poll: a promise that nobody picks up.
    change(polls);
    Err(polls)
}

#[tokio::test(start_paused = true)]
async fn a_dropped_wait_for_a_slot_leaves_nothing() {
    for polls in 0..5 {
        for (end_at, cancel_at) in [(1, 9), (2, 9), (3, 9), (9, 2), (2, 2), (9, 9)] {
            let slots = Slots::new(std::num::NonZeroUsize::MIN);
            let mut held = slots.try_acquire();
            let deadline = Instant::now() + Duration::from_secs(1 + cancel_at);
            let claim = Claim::default().with_deadline(deadline);
            let mut change: Change = Box::new(move |poll| drop(held.take_if(|_| poll == end_at)));
            let got = poll_then_drop(polls, &mut change, slots.acquire_as(&claim)).await;
            drop((got, change));
            assert_eq!(
                (slots.in_use(), slots.waiting()),
                (0, 0),
                "{polls} {end_at}"
            );
            assert!(slots.try_acquire().is_some());
        }
    }
}

/// Sets up a controller in which the next call waits; the change lets it in at some poll.
fn worlds() -> Vec<(
    &'static str,
    AdmissionController,
    Change,
    AdmissionController,
)> {
    let with = |config: AdmissionConfig, memory: &Memory| {
        AdmissionController::with_memory(config, memory.clone())
    };
    let memory = Memory::default();
    let mut worlds = Vec::new();

    let slots = with(AdmissionConfig::default().with_role("worker", 1), &memory);
    let mut held = slots.try_admit(&request("other")).ok();
    let change: Change = Box::new(move |poll| drop(held.take_if(|_| poll == 2)));
    worlds.push(("slot", slots.clone(), change, slots));

    let tokens = RateConfig::default().with_tokens_per_minute(number(600));
    let rate = with(
        AdmissionConfig::default().with_rate(model(), tokens),
        &memory,
    );
    let full = rate.try_admit(&request("other").with_tokens(600)).unwrap();
    full.succeeded(600);
    worlds.push(("rate", rate.clone(), Box::new(|_| ()), rate));

    let open = with(AdmissionConfig::default(), &memory);
    for _ in 0..5 {
        let call = open.try_admit(&request("other")).unwrap();
        call.failed(FailureKind::Service, None);
    }
    let change: Change = Box::new(|_| ());
    worlds.push(("breaker", open.clone(), change, open));

    let short = Memory::default();
    short.set(90);
    let low = with(AdmissionConfig::default(), &short);
    let change: Change = Box::new(move |poll| short.set(if poll > 2 { 10 } else { 90 }));
    worlds.push(("memory", low.clone(), change, low));
    worlds
}

#[tokio::test(start_paused = true)]
async fn a_dropped_wait_for_admission_leaves_nothing() {
    let mut admitted = std::collections::BTreeSet::new();
    for polls in 0..40 {
        for cancel_at in [1, 3, 99] {
            for (name, controller, mut change, view) in worlds() {
                let token = CancellationToken::new();
                let request = request("m")
                    .with_priority(if name == "memory" {
                        Priority::Low
                    } else {
                        Priority::Normal
                    })
                    .with_tokens(10)
                    .with_deadline(Instant::now() + Duration::from_secs(38))
                    .with_cancel(token.clone());
                let mut both: Change = Box::new(move |poll| {
                    change(poll);
                    if poll == cancel_at {
                        token.cancel();
                    }
                });
                let future = controller.admit(&request);
                if let Ok(Ok(admission)) = poll_then_drop(polls, &mut both, future).await {
                    assert_eq!(view.stats().running, 1);
                    admitted.insert(name);
                    drop(admission);
                }
                drop(both);
                assert_nothing_left(&view);
            }
        }
    }
    // The drops were at points that matter: each of the worlds lets in who stays.
    assert_eq!(admitted.len(), 4, "{admitted:?}");
}

#[tokio::test(start_paused = true)]
async fn what_was_promised_to_one_who_is_gone_goes_to_the_next() {
    let config = AdmissionConfig::default().with_role("worker", 1);
    let controller = super::controller(config);
    let held = controller.try_admit(&request("a")).unwrap();
    let (one, two) = (request("b"), request("c"));
    let mut first = Box::pin(controller.admit(&one));
    let mut second = Box::pin(controller.admit(&two));
    let mut context = Context::from_waker(Waker::noop());
    assert!(first.as_mut().poll(&mut context).is_pending());
    assert!(second.as_mut().poll(&mut context).is_pending());
    drop(held);
    assert_eq!(controller.stats().running, 1, "promised to the first");
    drop(first);
    assert!(second.as_mut().poll(&mut context).is_ready());
}

#[test]
fn a_runtime_that_ends_gives_everything_back() {
    let slots = Slots::new(std::num::NonZeroUsize::MIN);
    let config = AdmissionConfig::default().with_role("worker", 1);
    let controller = super::controller(config);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    for _ in 0..20 {
        let (slots, controller) = (slots.clone(), controller.clone());
        runtime.spawn(async move {
            let _permit = slots.acquire().await;
            std::future::pending::<()>().await;
            drop(controller);
        });
    }
    for _ in 0..20 {
        let controller = controller.clone();
        runtime.spawn(async move {
            let _admission = controller.admit(&request("m")).await;
            std::future::pending::<()>().await;
        });
    }
    while slots.waiting() < 19 || controller.stats().waiting < 19 {
        std::thread::yield_now();
    }
    drop(runtime);
    assert_eq!((slots.in_use(), slots.waiting()), (0, 0));
    assert_nothing_left(&controller);
}

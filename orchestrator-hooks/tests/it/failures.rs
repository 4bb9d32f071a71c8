//! Hooks that panic, hang, or have errors.

use std::{
    error::Error as _,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use orchestrator_hooks::{BoxError, FailureKind, Hook, HookRegistry, OnFailure};

use crate::{Answer, Visit, signs};

fn registry(hooks: impl IntoIterator<Item = Hook<Visit>>) -> HookRegistry<Visit> {
    let registry = HookRegistry::new();
    registry.register_all(hooks).unwrap().keep();
    registry
}

fn error() -> BoxError {
    "the file is gone".into()
}

/// One of each way to fail, in the order of their names.
fn failing() -> Vec<Hook<Visit>> {
    let limit = Duration::from_secs(5);
    vec![
        Hook::new("1 panics", |_: &Visit| panic!("on purpose")),
        Hook::new_async("2 panics before its future", |_: &Visit| {
            panic!("on purpose")
        }),
        Hook::new_async("3 panics later", |_: &Visit| {
            Box::pin(async {
                tokio::task::yield_now().await;
                panic!("on {}", "purpose")
            })
        }),
        Hook::try_new("4 fails", |_: &Visit| Err(error())),
        Hook::try_new_async("5 fails later", |_: &Visit| {
            Box::pin(async {
                tokio::task::yield_now().await;
                Err(error())
            })
        }),
        Hook::new_async("6 hangs", |_: &Visit| Box::pin(std::future::pending())).timeout(limit),
    ]
}

const WORDS: [&str; 6] = [
    "hook `1 panics` of event `visit` panicked: on purpose",
    "hook `2 panics before its future` of event `visit` panicked: on purpose",
    "hook `3 panics later` of event `visit` panicked: on purpose",
    "hook `4 fails` of event `visit` failed: the file is gone",
    "hook `5 fails later` of event `visit` failed: the file is gone",
    "hook `6 hangs` of event `visit` did not answer within 5s",
];

#[tokio::test(start_paused = true)]
async fn a_failing_hook_is_skipped_and_counted() {
    let hooks = failing().into_iter().chain([signs("0"), signs("7")]);
    let registry = registry(hooks);
    let mut visit = Visit::default();
    assert_eq!(registry.dispatch(&mut visit).await.unwrap(), None);
    assert_eq!(visit.seen, ["0", "7"]);
    assert_eq!(*visit.failures.lock().unwrap(), WORDS);
    let stats = registry.stats();
    let counts = stats
        .iter()
        .map(|s| (s.calls, s.panics, s.errors, s.timeouts));
    let expected = [
        (1, 0, 0, 0),
        (1, 1, 0, 0),
        (1, 1, 0, 0),
        (1, 1, 0, 0),
        (1, 0, 1, 0),
        (1, 0, 1, 0),
        (1, 0, 0, 1),
        (1, 0, 0, 0),
    ];
    assert_eq!(counts.collect::<Vec<_>>(), expected);
    let last = stats[4].last_failure.as_deref();
    assert_eq!(last, Some("failed: the file is gone"));
    assert_eq!(stats[7].last_failure, None);
}

#[tokio::test(start_paused = true)]
async fn an_event_may_answer_for_a_failing_hook() {
    for (hook, words) in failing().into_iter().zip(WORDS) {
        let registry = registry([hook, signs("0"), signs("7")]);
        let refusal = Answer::Stop("a guard failed".into());
        let mut visit = Visit {
            on_failure: Some(refusal.clone()),
            ..Visit::default()
        };
        let outcome = registry.dispatch(&mut visit).await.unwrap();
        assert_eq!(outcome, Some(refusal), "{words}");
        assert_eq!(visit.seen, ["0"], "{words}");
        let stats = registry.stats();
        assert_eq!((stats[1].breaks, stats[2].calls), (1, 0), "{words}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_goes_on_goes_on() {
    let registry = registry(failing());
    let mut visit = Visit {
        on_failure: Some(Answer::Sign("instead".into())),
        ..Visit::default()
    };
    assert_eq!(registry.dispatch(&mut visit).await.unwrap(), None);
    assert_eq!(visit.seen, ["instead"; 6]);
}

#[tokio::test(start_paused = true)]
async fn stop_ends_the_dispatch_with_the_failure() {
    for (hook, words) in failing().into_iter().zip(WORDS) {
        let registry = registry([hook.on_failure(OnFailure::Stop), signs("0"), signs("7")]);
        let mut visit = Visit {
            on_failure: Some(Answer::Sign("not asked".into())),
            ..Visit::default()
        };
        let failure = registry.dispatch(&mut visit).await.unwrap_err();
        assert_eq!(failure.to_string(), words);
        assert_eq!(visit.seen, ["0"], "{words}");
        let stats = registry.stats();
        let calls: Vec<u64> = stats.iter().map(|stats| stats.calls).collect();
        assert_eq!(calls, [1, 1, 0], "{words}");
    }
}

#[tokio::test]
async fn the_cause_of_an_error_is_kept() {
    #[derive(Debug, thiserror::Error)]
    #[error("no audit")]
    struct Outer(#[source] std::io::Error);

    let registry = registry([Hook::try_new("audit", |_: &Visit| {
        Err(Outer(std::io::Error::other("disk full")))
    })
    .on_failure(OnFailure::Stop)]);
    let failure = registry.dispatch(&mut Visit::default()).await.unwrap_err();
    assert_eq!(
        failure.to_string(),
        "hook `audit` of event `visit` failed: no audit"
    );
    assert_eq!(failure.source().unwrap().to_string(), "disk full");
    assert!(matches!(failure.kind(), FailureKind::Failed(error) if error.is::<Outer>()));
}

const THREE: OnFailure = OnFailure::DisableAfter(NonZeroU32::new(3).unwrap());

/// Fails while it is told to, and counts its calls.
#[derive(Clone, Default)]
struct Moody {
    is_bad: Arc<AtomicBool>,
    calls: Arc<AtomicU32>,
}

impl Moody {
    fn answer(&self) -> Result<Answer, BoxError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        match self.is_bad.load(Ordering::Relaxed) {
            true => Err(error()),
            false => Ok(Answer::Sign("moody".into())),
        }
    }

    fn sync(&self) -> Hook<Visit> {
        let moody = self.clone();
        Hook::try_new("moody", move |_: &Visit| moody.answer())
    }

    fn later(&self) -> Hook<Visit> {
        let moody = self.clone();
        Hook::try_new_async("moody", move |_: &Visit| {
            let moody = moody.clone();
            Box::pin(async move { moody.answer() })
        })
    }
}

#[tokio::test]
async fn three_failures_in_a_row_disable_and_a_success_starts_anew() {
    for hook in [Moody::sync, Moody::later] {
        let moody = Moody::default();
        let registry = registry([hook(&moody).on_failure(THREE), signs("z")]);
        for is_bad in [true, true, false, true, true, true, true, false] {
            moody.is_bad.store(is_bad, Ordering::Relaxed);
            let mut visit = Visit::default();
            registry.dispatch(&mut visit).await.unwrap();
            assert_eq!(visit.seen.last().unwrap(), "z");
        }
        let stats = registry.stats();
        assert_eq!(moody.calls.load(Ordering::Relaxed), 6);
        let moody = &stats[0];
        assert!(moody.is_disabled);
        assert_eq!((moody.calls, moody.errors, moody.skipped), (6, 5, 2));
        assert_eq!(stats[1].calls, 8);
        let last = moody.last_failure.as_deref();
        assert_eq!(last, Some("failed: the file is gone"));
    }
}

/// A guard that is out of order refuses.
#[tokio::test]
async fn the_event_answers_for_a_disabled_hook_too() {
    for hook in [Moody::sync, Moody::later] {
        let moody = Moody::default();
        moody.is_bad.store(true, Ordering::Relaxed);
        let registry = registry([hook(&moody).on_failure(THREE)]);
        for _ in 0..4 {
            let refusal = Some(Answer::Stop("no".into()));
            let mut visit = Visit {
                on_failure: refusal.clone(),
                ..Visit::default()
            };
            assert_eq!(registry.dispatch(&mut visit).await.unwrap(), refusal);
            let failures = visit.failures.into_inner().unwrap();
            assert_eq!(failures.len(), 1);
            if moody.calls.load(Ordering::Relaxed) == 3 && registry.stats()[0].skipped == 1 {
                let disabled = "hook `moody` of event `visit` is disabled, for it failed 3 times \
                                in a row";
                assert_eq!(failures, [disabled]);
            }
        }
        assert_eq!(registry.stats()[0].skipped, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_answers_in_time_is_not_late() {
    let registry = registry([Hook::new_async("slow", |_: &Visit| {
        Box::pin(async {
            tokio::time::sleep(Duration::from_secs(4)).await;
            Answer::Sign("slow".into())
        })
    })
    .timeout(Duration::from_secs(5))]);
    let mut visit = Visit::default();
    registry.dispatch(&mut visit).await.unwrap();
    assert_eq!(visit.seen, ["slow"]);
    assert_eq!(registry.stats()[0].longest, Duration::from_secs(4));
}

/// Says that its future is gone.
struct Flag(Arc<AtomicBool>);

impl Drop for Flag {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[tokio::test(start_paused = true)]
async fn the_future_of_a_late_hook_is_dropped_before_the_next_runs() {
    let gone = Arc::new(AtomicBool::new(false));
    let (flag, seen) = (Arc::clone(&gone), Arc::clone(&gone));
    let registry = registry([
        Hook::new_async("hangs", move |_: &Visit| {
            let flag = Flag(Arc::clone(&flag));
            Box::pin(async move {
                let _flag = flag;
                std::future::pending().await
            })
        })
        .timeout(Duration::from_millis(1)),
        Hook::new("next", move |_: &Visit| {
            Answer::Sign(format!("gone: {}", seen.load(Ordering::Relaxed)))
        }),
    ]);
    let mut visit = Visit::default();
    registry.dispatch(&mut visit).await.unwrap();
    assert_eq!(visit.seen, ["gone: true"]);
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("in its drop");
    }
}

#[tokio::test(start_paused = true)]
async fn a_future_that_panics_when_it_is_dropped_has_failed() {
    let bomb = |then: bool| {
        Hook::new_async(format!("ends: {then}"), move |_: &Visit| {
            Box::pin(async move {
                let bomb = Bomb;
                if !then {
                    std::future::pending::<()>().await;
                }
                std::mem::forget(bomb);
                Answer::Sign("answered".into())
            })
        })
        .timeout(Duration::from_secs(1))
    };
    let registry = registry([bomb(true), bomb(false), signs("z")]);
    let mut visit = Visit::default();
    registry.dispatch(&mut visit).await.unwrap();
    assert_eq!(visit.seen, ["answered", "z"]);
    // The time-out came first.
    let failures = visit.failures.into_inner().unwrap();
    assert_eq!(
        failures,
        ["hook `ends: false` of event `visit` did not answer within 1s"]
    );
}

#[tokio::test]
async fn a_panic_in_apply_is_its_hooks() {
    use std::ops::ControlFlow;

    struct Fragile(u32);
    impl orchestrator_hooks::Event for Fragile {
        type Action = u32;
        const NAME: &'static str = "fragile";
        fn apply(&mut self, action: u32) -> ControlFlow<u32> {
            assert_ne!(action, 0, "nothing to add");
            self.0 += action;
            ControlFlow::Continue(())
        }
    }
    let registry = HookRegistry::new();
    registry
        .register_all([
            Hook::new("a", |_: &Fragile| 0),
            Hook::new_async("b", |_: &Fragile| Box::pin(async { 0 })),
            Hook::new("c", |_: &Fragile| 7),
        ])
        .unwrap()
        .keep();
    let mut event = Fragile(0);
    assert_eq!(registry.dispatch(&mut event).await.unwrap(), None);
    assert_eq!(event.0, 7);
    let panics: Vec<u64> = registry.stats().iter().map(|stats| stats.panics).collect();
    assert_eq!(panics, [1, 1, 0]);
}

//! The driver on tokio's clock: when it waits, when it ends, what it says.

use std::{
    future::pending,
    pin::pin,
    sync::Arc,
    task::{Context, Waker},
    time::Duration,
};

use orchestrator_core::{
    CancellationToken, Remedy, RetryBudget, RetryError, RetryPolicy, Retryable, retry,
};
use tokio::time::Instant;

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("fault {0}")]
struct Fault(u32);

impl Retryable for Fault {
    fn remedy(&self) -> Remedy {
        match self.0 {
            2 => Remedy::RetryAfter(Duration::from_secs(90)),
            3.. => Remedy::GiveUp,
            _ => Remedy::Retry,
        }
    }
}

async fn fails(attempt: u32) -> Result<(), Fault> {
    Err(Fault(attempt))
}

const fn secs(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[tokio::test(start_paused = true)]
async fn the_default_waits_seven_seconds_over_five_attempts() {
    let began = Instant::now();
    let mut at = Vec::new();
    let result = retry(
        &RetryPolicy::default(),
        |_: &Fault| true,
        |attempt| {
            at.push(began.elapsed());
            fails(attempt)
        },
    )
    .await;
    assert_eq!(at, [0, 0, 1, 3, 7].map(secs));
    let error = result.unwrap_err();
    let expected = RetryError::Exhausted {
        attempts: 5,
        took: secs(7),
        source: Fault(5),
    };
    assert_eq!(error, expected);
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "fault 5");
    assert_eq!(error.into_source(), Fault(5));
}

#[tokio::test(start_paused = true)]
async fn an_error_says_its_own_remedy() {
    let began = Instant::now();
    let result = retry(&RetryPolicy::default(), Retryable::remedy, fails).await;
    // The second attempt at once, the third when the server said, whatever the policy would wait.
    assert_eq!(began.elapsed(), secs(90));
    let expected = RetryError::Permanent {
        attempts: 3,
        took: secs(90),
        source: Fault(3),
    };
    assert_eq!(result, Err(expected));
}

#[tokio::test(start_paused = true)]
async fn success_ends_it() {
    let result = retry(
        &RetryPolicy::default(),
        |_: &Fault| true,
        async |attempt| {
            if attempt < 4 {
                Err(Fault(attempt))
            } else {
                Ok(attempt)
            }
        },
    )
    .await;
    assert_eq!(result, Ok(4));
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_ends_the_wait_at_once() {
    let (policy, token) = (RetryPolicy::default(), CancellationToken::new());
    let began = Instant::now();
    let cancel = async {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        token.cancel();
    };
    let call = policy.call().cancelled_by(&token);
    let (result, ()) = tokio::join!(retry(call, |_| true, fails), cancel);
    let took = Duration::from_millis(1_500);
    assert_eq!(began.elapsed(), took);
    let expected = RetryError::Cancelled {
        attempts: 3,
        took,
        source: Fault(3),
    };
    assert_eq!(result, Err(expected));
}

#[tokio::test(start_paused = true)]
async fn who_is_cancelled_already_makes_one_attempt() {
    let (policy, token) = (RetryPolicy::default(), CancellationToken::new());
    token.cancel();
    let call = policy.call().cancelled_by(&token);
    let error = retry(call, |_| true, fails).await.unwrap_err();
    assert_eq!(error.attempts(), 1);
    assert!(matches!(error, RetryError::Cancelled { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_would_pass_the_deadline_is_not_begun() {
    let policy = RetryPolicy::default();
    let began = Instant::now();
    for (left, attempts, took) in [(0, 2, 0), (2, 3, 1), (3, 4, 3), (7, 5, 7)] {
        let began = Instant::now();
        let call = policy.call().before(began + secs(left));
        let error = retry(call, |_| true, fails).await.unwrap_err();
        assert_eq!((error.attempts(), began.elapsed()), (attempts, secs(took)));
        assert_eq!(matches!(error, RetryError::Exhausted { .. }), left == 7);
    }
    // The control: without a deadline it goes on.
    let error = retry(&policy, |_| true, fails).await.unwrap_err();
    assert_eq!(error.attempts(), 5);
    assert_eq!(began.elapsed(), secs(1 + 3 + 7 + 7));
}

#[tokio::test(start_paused = true)]
async fn an_error_names_attempts_time_and_cause() {
    let policy = RetryPolicy::default();
    let token = CancellationToken::new();
    token.cancel();
    let texts = [
        retry(&policy, |_| true, fails).await,
        retry(&policy, |_| false, fails).await,
        retry(&policy.clone().with_time(secs(3)), |_| true, fails).await,
        retry(
            policy.call().before(Instant::now() + secs(2)),
            |_| true,
            fails,
        )
        .await,
        retry(
            &policy.clone().with_budget(RetryBudget::new(0, 1)),
            |_| true,
            fails,
        )
        .await,
        retry(policy.call().cancelled_by(&token), |_| true, fails).await,
    ]
    .map(|result| result.unwrap_err().to_string());
    assert_eq!(
        texts,
        [
            "all 5 attempts failed within 7s, the last with: fault 5; wait longer, or allow more \
             of them",
            "attempt 1, 0ns after the first, failed for good: fault 1; mend the cause, trying \
             again does not help",
            "4 attempts failed within 3s, the last with: fault 4; the next would come 4s later, \
             and the call has 3s in all: give it more, or come back later",
            "3 attempts failed within 1s, the last with: fault 3; the next would come 2s later, \
             and the deadline is 1s away: set a later one, or come back later",
            "2 attempts failed within 0ns, the last with: fault 2; so much fails that the shared \
             retry budget is spent: come back when calls succeed again",
            "cancelled after 1 attempts and 0ns, the last failed with: fault 1; no further \
             attempt was made",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn dropped_at_any_await_it_stops_and_gives_back_what_it_did_not_use() {
    // Awaits: an attempt and a wait by turns, except before the second attempt, which is at once.
    for polls in 0..8 {
        let budget = RetryBudget::new(0, 10);
        let policy = RetryPolicy::default().with_budget(budget.clone());
        let token = CancellationToken::new();
        let mut begun = 0;
        let held = Arc::new(());
        {
            let call = policy.call().cancelled_by(&token);
            let mut future = pin!(retry(
                call,
                |_| true,
                |attempt| {
                    begun = attempt;
                    let held = Arc::clone(&held);
                    async move {
                        tokio::task::yield_now().await;
                        drop(held);
                        Err::<(), _>(Fault(attempt))
                    }
                },
            ));
            for _ in 0..polls {
                let poll = future
                    .as_mut()
                    .poll(&mut Context::from_waker(Waker::noop()));
                assert!(poll.is_pending(), "{polls}");
                tokio::time::advance(secs(5)).await;
            }
        }
        let retries = u64::from(u32::saturating_sub(begun, 1));
        assert_eq!(budget.available(), 10 - retries, "{polls}");
        assert_eq!(Arc::strong_count(&held), 1, "{polls}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_is_not_cut_short() {
    let (policy, token) = (RetryPolicy::default(), CancellationToken::new());
    token.cancel();
    let call = policy.call().cancelled_by(&token).before(Instant::now());
    let endless = retry(call, |_: &Fault| true, |_| pending::<Result<(), _>>());
    assert!(tokio::time::timeout(secs(60), endless).await.is_err());
    let policy = policy.with_time(secs(1));
    let done = retry(
        &policy,
        |_: &Fault| true,
        async |_| {
            tokio::time::sleep(secs(60)).await;
            Ok(())
        },
    );
    assert_eq!(done.await, Ok(()));
}

#[test]
fn the_future_can_be_sent() {
    fn sendable(future: impl Future + Send) -> impl Future + Send {
        future
    }
    let policy = RetryPolicy::default();
    drop(sendable(retry(&policy, |_| true, fails)));
}

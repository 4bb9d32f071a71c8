//! Waits, and when they end.

use std::{num::NonZeroU32, time::Duration};

use orchestrator_core::{RetryError, RetryPolicy, retry};
use proptest::prelude::*;
use tokio::time::Instant;

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("fault {0}")]
struct Fault(u32);

#[tokio::test(start_paused = true)]
async fn the_default_waits_seven_seconds_over_five_attempts() {
    let began = Instant::now();
    let mut at = Vec::new();
    let result = retry(
        &RetryPolicy::default(),
        |_| true,
        |attempt| {
            at.push(began.elapsed().as_secs());
            async move { Err::<(), _>(Fault(attempt)) }
        },
    )
    .await;
    assert_eq!(at, [0, 0, 1, 3, 7]);
    let error = result.unwrap_err();
    assert_eq!(
        error,
        RetryError::Exhausted {
            attempts: 5,
            source: Fault(5)
        }
    );
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "fault 5");
    assert_eq!(error.into_source(), Fault(5));
}

#[tokio::test(start_paused = true)]
async fn a_fault_for_good_is_not_tried_again() {
    let result = retry(
        &RetryPolicy::default(),
        |fault: &Fault| fault.0 < 3,
        async |attempt| Err::<(), _>(Fault(attempt)),
    )
    .await;
    assert_eq!(
        result,
        Err(RetryError::Permanent {
            attempt: 3,
            source: Fault(3)
        })
    );
}

#[tokio::test(start_paused = true)]
async fn success_ends_it() {
    let result = retry(
        &RetryPolicy::default(),
        |_| true,
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

proptest! {
    #[test]
    fn jitter_stays_within_the_wait_and_repeats(seed: u64, attempts in 1_u32..50) {
        let attempts = NonZeroU32::new(attempts).unwrap();
        let plain = RetryPolicy::new([2, 5].map(Duration::from_secs), attempts);
        let jittered = plain.clone().with_jitter(seed);
        for attempt in 1..=attempts.get() {
            let wait = jittered.delay_before(attempt);
            prop_assert!(wait <= plain.delay_before(attempt));
            prop_assert_eq!(wait, jittered.delay_before(attempt));
        }
        prop_assert_eq!(jittered.delay_before(attempts.get() + 1), None);
        prop_assert_eq!(jittered.delay_before(0), None);
        prop_assert_eq!(jittered.delay_before(u32::MAX), None);
    }
}

#[test]
fn jitter_spreads_over_the_whole_wait() {
    let policy = RetryPolicy::default();
    let tenths: std::collections::BTreeSet<_> = (0..500)
        .filter_map(|seed| policy.clone().with_jitter(seed).delay_before(3))
        .map(|wait| wait.as_millis() / 100)
        .collect();
    assert_eq!(tenths, (0..10).collect());
}

//! Trying again after a fault that may pass.
//!
//! A [`RetryPolicy`] says how often and after what waits; a [`RetryCall`] adds what holds for one
//! call (a deadline, a [`CancellationToken`](crate::CancellationToken)); a [`Remedy`] says what to do
//! about one error; a [`RetryBudget`] keeps a whole program from multiplying an outage. The rules
//! stand in [`RetryState`], which does no input or output; [`retry`] drives it on tokio's clock.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

mod budget;
mod error;
mod policy;
mod remedy;
mod state;
mod waits;

#[cfg(test)]
mod tests;

pub use budget::RetryBudget;
pub use error::RetryError;
pub use policy::{RetryCall, RetryPolicy};
pub use remedy::{Remedy, Retryable};
pub use state::{RetryEvent, RetryState, RetryStep, RetryStop};

/// Calls `op` with the number of the attempt, counted from 1, until it succeeds or the call's rules
/// say to stop. Waits on tokio's clock.
///
/// `call` is a `&RetryPolicy`, or a [`RetryCall`] made from one. `classify` gives a [`Remedy`], or
/// `true` for an error that may pass and `false` for one that does not; for an error that knows by
/// itself, give [`Retryable::remedy`].
///
/// The first attempt is always made, and an attempt that is under way is never cut short: to hear of
/// the cancellation is `op`'s own affair. A cancellation ends the wait for the next attempt at once.
/// Dropping the future stops everything; a retry that was not begun then is given back to the budget.
///
/// ```
/// use std::time::Duration;
/// use orchestrator_core::{CancellationToken, Remedy, RetryError, RetryPolicy, retry};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let policy = RetryPolicy::default().with_jitter(7);
/// let stop = CancellationToken::new();
/// let classify = |status: &u16| match status {
///     429 => Remedy::RetryAfter(Duration::from_secs(20)),
///     500.. => Remedy::Retry,
///     _ => Remedy::GiveUp,
/// };
/// let replies = [Err(503), Err(429), Ok("a reply")];
/// let reply = retry(policy.call().cancelled_by(&stop), classify, async |attempt: u32| {
///     replies[attempt as usize - 1]
/// });
/// assert_eq!(reply.await, Ok("a reply"));
/// # }
/// ```
///
/// # Errors
///
/// [`RetryError`], with the reason and the last error.
pub async fn retry<'a, T, E, R, Fut>(
    call: impl Into<RetryCall<'a>>,
    mut classify: impl FnMut(&E) -> R,
    mut op: impl FnMut(u32) -> Fut,
) -> Result<T, RetryError<E>>
where
    R: Into<Remedy>,
    Fut: Future<Output = Result<T, E>>,
{
    let call = call.into();
    let mut state = RetryState::new(&call, Instant::now().into_std());
    loop {
        let source = match op(state.attempt()).await {
            Ok(value) => return Ok(value),
            Err(source) => source,
        };
        let mut event = RetryEvent::Failed(classify(&source).into());
        loop {
            match state.next(event, Instant::now().into_std()) {
                RetryStep::Wait(wait) => event = pause(wait, call.cancellation()).await,
                RetryStep::Attempt(_) => break,
                RetryStep::Stop(stop) => {
                    return Err(RetryError::new(stop, state.attempt(), state.took(), source));
                }
            }
        }
    }
}

/// Waits for the time or for the cancellation, whichever comes first.
async fn pause(wait: Duration, cancel: Option<&CancellationToken>) -> RetryEvent {
    let time = async {
        // Tokio's timer rounds up to a millisecond; at once means at once.
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    };
    let Some(cancel) = cancel else {
        time.await;
        return RetryEvent::Waited;
    };
    tokio::select! {
        // Who is cancelled already makes no further attempt, not even one at once.
        biased;
        () = cancel.cancelled() => RetryEvent::Cancelled,
        () = time => RetryEvent::Waited,
    }
}

//! Looking after what lies idle.

use std::{fmt, future::Future, time::Duration};

use tokio::{
    task::JoinHandle,
    time::{MissedTickBehavior, interval},
};

/// Checks the idle resources of a pool from time to time; see
/// [`ResourcePool::keep_healthy`](crate::ResourcePool::keep_healthy). Dropping it ends that: a
/// check that is under way is cut off, which destroys the resource that it was cleaning.
#[must_use = "dropping it ends the checks"]
pub struct HealthChecks {
    task: JoinHandle<()>,
}

impl HealthChecks {
    /// `check` gives `None` when there is nothing to check any more.
    pub(crate) fn spawn<F>(
        every: Duration,
        mut check: impl FnMut() -> Option<F> + Send + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send,
    {
        let mut ticks = interval(every);
        // A check that takes longer than the interval is not caught up with.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let task = tokio::spawn(async move {
            // The first tick is at once, when there is nothing to check.
            ticks.tick().await;
            loop {
                ticks.tick().await;
                match check() {
                    Some(check) => check.await,
                    None => return,
                }
            }
        });
        Self { task }
    }

    /// Whether the pool is closed or gone, so that there are no more checks.
    pub fn is_over(&self) -> bool {
        self.task.is_finished()
    }
}

impl Drop for HealthChecks {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for HealthChecks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HealthChecks")
            .field("is_over", &self.is_over())
            .finish_non_exhaustive()
    }
}

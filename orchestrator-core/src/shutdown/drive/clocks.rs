//! What is due by tokio's clock, and by the machine's.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use tokio::{runtime::Handle, time::Instant};

use super::Shared;

/// How long the report may lie before the last word is spoken.
const TAKING: Duration = Duration::from_millis(250);

#[derive(Clone)]
pub(super) struct Clock {
    pub(super) runtime: Handle,
    pub(super) began: Instant,
    pub(super) began_outside: std::time::Instant,
}

impl Clock {
    /// By tokio's clock, which a test may have paused.
    pub(super) fn now(&self) -> Duration {
        let _inside = self.runtime.enter();
        self.began.elapsed()
    }
}

impl Shared {
    /// Follows tokio's clock.
    pub(super) async fn keep_time(self: Arc<Self>) {
        loop {
            let next = {
                let inner = self.lock();
                let clock = inner.clock.as_ref();
                clock
                    .zip(inner.course.next_time())
                    .and_then(|(clock, next)| Some((next, clock.began.checked_add(next)?)))
            };
            let Some((next, at)) = next else {
                if self.lock().course.is_over() {
                    return;
                }
                self.timekeeper.notified().await;
                continue;
            };
            tokio::select! {
                () = self.timekeeper.notified() => {}
                () = tokio::time::sleep_until(at) => self.pump(next),
            }
        }
    }

    /// Follows the machine's clock, for when the runtime is blocked; at last sees to it that somebody
    /// hears of the report.
    pub(super) fn keep_watch(self: Arc<Self>) {
        let mut inner = self.lock();
        let Some(clock) = inner.clock.clone() else {
            return;
        };
        while !inner.course.is_over() {
            let now = clock.began_outside.elapsed();
            let next = inner.course.next_time();
            if next.is_some_and(|next| next <= now) {
                drop(inner);
                self.pump(now);
                inner = self.lock();
                continue;
            }
            let wait = next.map_or(Duration::MAX, |next| next - now);
            let waited = self.watch.wait_timeout(inner, wait);
            inner = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if inner.last_word.is_none() {
            return;
        }
        let waited = self
            .watch
            .wait_timeout_while(inner, TAKING, |inner| !inner.taken);
        inner = waited.unwrap_or_else(PoisonError::into_inner).0;
        let last_word = inner.last_word.take().filter(|_| !inner.taken);
        let report = inner.course.report();
        drop(inner);
        if let Some((last_word, report)) = last_word.zip(report) {
            last_word(&report);
        }
    }
}

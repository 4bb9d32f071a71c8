//! Sleeping and being woken, without losing a wake-up.

use std::pin::pin;

use tokio::sync::Notify;

/// What idle lanes sleep on and new tasks ring.
///
/// Who brings work makes it visible first and rings then. A sleeper signs up, looks once more,
/// and sleeps only then. So either the ring comes after it signed up, and wakes it or another
/// sleeper, who looks; or it came before, and then so did the work, and the last look sees it.
///
/// To look before signing up would not do: rings with nobody signed up leave one permit in the
/// `Notify`, however many they are. Of two lanes that saw nothing and then sign up, only one
/// would wake for two tasks.
#[derive(Debug, Default)]
pub(super) struct Bell {
    notify: Notify,
}

impl Bell {
    /// Wakes one sleeper, or keeps the next one from sleeping. After the work is in its queue.
    pub(super) fn ring(&self) {
        self.notify.notify_one();
    }

    /// Sleeps until a ring, unless there is work. May wake for nothing.
    pub(super) async fn sleep_unless(&self, has_work: impl FnOnce() -> bool) {
        let mut rung = pin!(self.notify.notified());
        rung.as_mut().enable();
        // If there is work, and a ring was already meant for us, dropping `rung` hands the ring
        // on to the next sleeper.
        if !has_work() {
            rung.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures_util::FutureExt;

    use super::*;

    /// Two lanes have looked and found nothing. Before they sign up, two tasks arrive. Gives how
    /// many of the tasks are run.
    fn run_by_two_lanes(bell: &Bell, look_again: bool) -> u32 {
        let queue = Cell::new(0);
        for _ in 0..2 {
            queue.set(queue.get() + 1);
            bell.ring();
        }
        let mut run = 0;
        for _ in 0..2 {
            let sleep = bell.sleep_unless(|| look_again && queue.get() > 0);
            if sleep.now_or_never().is_some() {
                queue.set(queue.get() - 1);
                run += 1;
            }
        }
        run
    }

    #[test]
    fn tasks_that_arrive_before_the_lanes_sign_up_wake_both() {
        assert_eq!(run_by_two_lanes(&Bell::default(), true), 2);
    }

    #[test]
    fn control_without_the_last_look_a_wake_up_is_lost() {
        assert_eq!(run_by_two_lanes(&Bell::default(), false), 1);
    }

    #[test]
    fn a_ring_for_a_lane_that_finds_work_by_itself_goes_to_the_next() {
        let bell = Bell::default();
        let mut next = pin!(bell.sleep_unless(|| false));
        bell.sleep_unless(|| {
            // Signed up behind us, and the ring comes to us.
            assert!(next.as_mut().now_or_never().is_none());
            bell.ring();
            true
        })
        .now_or_never()
        .unwrap();
        assert!(next.now_or_never().is_some());
    }
}

//! Waking those who wait for tasks outside of the lanes: together, and not each at once.
//!
//! A thread that waits for one task after the other would be woken for each of them, and would take the
//! processor from a lane each time. So a lane that is busy keeps such wake-ups until it looks at the clock
//! next, some 50 µs later at most if tasks are short, or has nothing to do.

use std::cell::RefCell;
use std::sync::Arc;
use std::task::{Wake, Waker};

use super::current;

thread_local! {
    static WAITING: RefCell<Vec<Waker>> = const { RefCell::new(Vec::new()) };
}

/// Calls a waker, but within a lane's turn only later.
struct Later(Waker);

impl Wake for Later {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if current::is_lane() {
            WAITING.with_borrow_mut(|waiting| waiting.push(self.0.clone()));
        } else {
            self.0.wake_by_ref();
        }
    }
}

/// What to give a task for a waker of somebody who is not in a lane.
pub(crate) fn waker(waker: &Waker) -> Option<Waker> {
    (!current::is_lane()).then(|| Waker::from(Arc::new(Later(waker.clone()))))
}

/// Wakes those who were to be woken in this turn.
pub(super) fn wake_all() {
    let waiting = WAITING.with_borrow_mut(std::mem::take);
    waiting.into_iter().for_each(Waker::wake);
}

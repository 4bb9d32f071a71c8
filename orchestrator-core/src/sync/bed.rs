//! Threads of shuttle's schedules that sleep and are woken by a waker.

use std::sync::Arc;
use std::task::Wake;

use shuttle::sync::{Condvar, Mutex};

/// A thread that sleeps until it is woken.
#[derive(Default)]
pub(crate) struct Bed {
    woken: Mutex<bool>,
    changed: Condvar,
}

impl Bed {
    pub(crate) fn sleep(&self) {
        let mut woken = self.woken.lock().unwrap();
        while !*woken {
            woken = self.changed.wait(woken).unwrap();
        }
        *woken = false;
    }
}

impl Wake for Bed {
    fn wake(self: Arc<Self>) {
        *self.woken.lock().unwrap() = true;
        self.changed.notify_one();
    }
}

//! What is done once no lock is held any more: wakers are called, and what belongs to others is dropped.
//!
//! A waker is somebody else's code, and some of them do the work at once that others only schedule.
//! One that is called under a lock and comes back for that lock waits for itself. To drop a key or a value
//! may run somebody else's code just as well.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::task::Waker;
use std::thread;

/// Wakers that were found under a lock, and what was taken away under it. Dropping this calls the ones
/// and drops the other, so it has to outlive the guard of the lock: [`take`](Self::take) it out, let go of
/// the lock, and drop it.
///
/// A waker that panics keeps nobody else from being woken: the panic goes on after that.
#[derive(Default)]
pub(crate) struct ToWake {
    wakers: Vec<Waker>,
    // After the wakers: whoever waits should not wait for this.
    to_drop: Vec<Box<dyn Send>>,
}

impl ToWake {
    /// Whether there is nobody to wake, and nothing to drop.
    pub(crate) fn is_empty(&self) -> bool {
        self.wakers.is_empty() && self.to_drop.is_empty()
    }

    /// Takes all of it out, for whoever drops it.
    pub(crate) fn take(&mut self) -> Self {
        std::mem::take(self)
    }

    /// Adds all of another one.
    pub(crate) fn absorb(&mut self, mut other: Self) {
        self.wakers.append(&mut other.wakers);
        self.to_drop.append(&mut other.to_drop);
    }

    /// Keeps something that is not to be dropped under the lock.
    pub(crate) fn drop_later(&mut self, what: impl Send + 'static) {
        self.to_drop.push(Box::new(what));
    }
}

impl Extend<Waker> for ToWake {
    fn extend<T: IntoIterator<Item = Waker>>(&mut self, wakers: T) {
        self.wakers.extend(wakers);
    }
}

impl Drop for ToWake {
    fn drop(&mut self) {
        let mut panic: Option<Box<dyn Any + Send>> = None;
        for waker in self.wakers.drain(..) {
            if let Err(other) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {
                panic.get_or_insert(other);
            }
        }
        if let Some(panic) = panic
            // A second panic would end the process; the hook has told of it, and the first one goes on.
            && !thread::panicking()
        {
            resume_unwind(panic);
        }
    }
}

impl fmt::Debug for ToWake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToWake")
            .field("wakers", &self.wakers.len())
            .field("to_drop", &self.to_drop.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::panic;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};
    use std::task::Wake;

    use super::*;

    /// A waker that counts, and may panic then.
    #[derive(Default)]
    struct Counts {
        woken: AtomicUsize,
        panics: bool,
    }

    impl Wake for Counts {
        fn wake(self: Arc<Self>) {
            self.woken.fetch_add(1, Ordering::SeqCst);
            assert!(!self.panics, "injected");
        }
    }

    /// Drops wakers of which some panic. Says which were called, and whether that has panicked.
    fn call(panics: &[bool]) -> (Vec<usize>, bool) {
        let counts = panics.iter().map(|panics| {
            Arc::new(Counts {
                panics: *panics,
                ..Counts::default()
            })
        });
        let counts: Vec<_> = counts.collect();
        let mut to_wake = ToWake::default();
        to_wake.extend(counts.iter().cloned().map(Waker::from));
        let dropped = panic::catch_unwind(AssertUnwindSafe(|| drop(to_wake)));
        let woken = |count: &Arc<Counts>| count.woken.load(Ordering::SeqCst);
        (counts.iter().map(woken).collect(), dropped.is_err())
    }

    #[test]
    fn a_waker_that_panics_keeps_nobody_from_being_woken() {
        assert_eq!(call(&[false, false]), (vec![1, 1], false));
        assert_eq!(call(&[true, false, false]), (vec![1, 1, 1], true));
        // Two panics at once would end the process.
        assert_eq!(call(&[false, true, true, false]), (vec![1, 1, 1, 1], true));
    }

    #[test]
    fn a_waker_that_panics_in_a_panic_does_not_end_the_process() {
        let counts = Arc::new(Counts {
            panics: true,
            ..Counts::default()
        });
        let waker = Waker::from(Arc::clone(&counts));
        let first = panic::catch_unwind(AssertUnwindSafe(|| {
            let mut to_wake = ToWake::default();
            to_wake.extend([waker]);
            panic!("the first");
        }));
        assert_eq!(counts.woken.load(Ordering::SeqCst), 1);
        let first = first.unwrap_err();
        assert_eq!(first.downcast_ref(), Some(&"the first"));
    }

    /// Notes whether a lock is free when it is dropped.
    struct Looks(Arc<Mutex<ToWake>>, Arc<AtomicBool>);

    impl Drop for Looks {
        fn drop(&mut self) {
            self.1.store(self.0.try_lock().is_ok(), Ordering::SeqCst);
        }
    }

    #[test]
    fn what_is_to_be_dropped_later_finds_the_lock_free() {
        let kept = Arc::new(Mutex::new(ToWake::default()));
        let free = Arc::new(AtomicBool::new(false));
        let looks = || Looks(Arc::clone(&kept), Arc::clone(&free));
        let mut held = kept.lock().unwrap();
        held.drop_later(looks());
        assert!(!held.is_empty());
        let taken = held.take();
        assert!(held.is_empty());
        drop(held);
        drop(taken);
        assert!(free.load(Ordering::SeqCst));
        // The control: what is dropped at once finds it taken.
        let held = kept.lock().unwrap();
        drop(looks());
        drop(held);
        assert!(!free.load(Ordering::SeqCst));
    }
}

//! As much of a runtime as the contracts need: one future, one thread, no timers.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

/// Wakes a thread that is parked.
struct Unpark {
    thread: Thread,
    woken: AtomicBool,
}

impl Unpark {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            thread: thread::current(),
            woken: AtomicBool::new(false),
        })
    }

    /// Sleeps until the waker was used since the last time.
    fn sleep(&self) {
        while !self.woken.swap(false, Ordering::Acquire) {
            thread::park();
        }
    }
}

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

/// Runs a future to its end on this thread.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let unpark = Unpark::new();
    let waker = Waker::from(Arc::clone(&unpark));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => unpark.sleep(),
        }
    }
}

/// Polls a future so many times, each time after it was woken, and drops it then. Gives its output if
/// it was ready by then.
pub fn poll_times<F: Future>(future: F, times: usize) -> Option<F::Output> {
    let unpark = Unpark::new();
    let waker = Waker::from(Arc::clone(&unpark));
    let mut future = pin!(future);
    for poll in 0..times {
        if poll > 0 {
            unpark.sleep();
        }
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(output);
        }
    }
    None
}

/// A waker that counts.
#[derive(Debug, Clone, Default)]
pub struct CountWakes(Arc<Counter>);

#[derive(Debug, Default)]
struct Counter(AtomicUsize);

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl CountWakes {
    /// A waker that was not used yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How often it was used.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.0.load(Ordering::SeqCst)
    }
}

/// Polls a future once, with a waker that counts.
pub fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>, wakes: &CountWakes) -> Poll<F::Output> {
    let waker = Waker::from(Arc::clone(&wakes.0));
    future.poll(&mut Context::from_waker(&waker))
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    /// Is pending so many times, and wakes itself from another thread.
    fn stubborn(mut times: usize) -> impl Future<Output = usize> {
        let all = times;
        poll_fn(move |context| {
            if times == 0 {
                return Poll::Ready(all);
            }
            times -= 1;
            let waker = context.waker().clone();
            thread::spawn(move || waker.wake());
            Poll::Pending
        })
    }

    #[test]
    fn a_future_is_polled_when_it_is_woken() {
        assert_eq!(block_on(stubborn(5)), 5);
        assert_eq!(poll_times(stubborn(2), 0), None);
        assert_eq!(poll_times(stubborn(2), 2), None);
        assert_eq!(poll_times(stubborn(2), 3), Some(2));
    }
}

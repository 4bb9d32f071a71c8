//! `async-executor`: what smol is made of, with two threads lent to it.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread::JoinHandle;

use ::async_executor::{Executor, Task};
use futures_lite::future::block_on;
use orchestrator_bench::Result;
use tokio::sync::watch;

use crate::pool::{Pool, Spawn, THREADS};

/// An executor and its threads.
pub(crate) struct Smol {
    executor: Arc<Executor<'static>>,
    /// Dropped, it ends the threads.
    open: Option<watch::Sender<()>>,
    threads: Vec<JoinHandle<()>>,
}

impl Pool for Smol {
    type Outside = Arc<Executor<'static>>;
    type Inside = Arc<Executor<'static>>;

    fn open() -> Result<Self> {
        let executor = Arc::new(Executor::new());
        let (open, closed) = watch::channel(());
        let threads = (0..THREADS.get()).map(|_| {
            let (executor, mut closed) = (Arc::clone(&executor), closed.clone());
            std::thread::spawn(move || {
                // It never changes, but it is closed.
                let closed = executor.run(closed.changed());
                drop(block_on(closed));
            })
        });
        let pool = Self {
            threads: threads.collect(),
            open: Some(open),
            executor,
        };
        block_on(pool.executor.spawn(async {}));
        Ok(pool)
    }

    fn outside(&self) -> Self::Outside {
        Arc::clone(&self.executor)
    }

    fn inside(outside: Self::Outside) -> Result<Self::Inside> {
        Ok(outside)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        block_on(future)
    }
}

impl Drop for Smol {
    fn drop(&mut self) {
        self.open.take();
        for thread in self.threads.drain(..) {
            // One that has panicked has made the measurement fail already.
            drop(thread.join());
        }
    }
}

impl Spawn for Arc<Executor<'static>> {
    type Error = Infallible;
    type Handle<T: Send + 'static> = Sure<T>;

    fn spawn<F>(&self, future: F) -> Sure<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        Sure(Executor::spawn(self, future))
    }
}

/// A task that gives its result, or panics.
pub(crate) struct Sure<T>(Task<T>);

impl<T> Future for Sure<T> {
    type Output = std::result::Result<T, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(Ok)
    }
}

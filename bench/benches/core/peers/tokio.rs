//! `tokio`: its runtime of several threads as it comes.

pub(crate) mod graph;

use std::future::Future;

use ::tokio::runtime::{Builder, Handle, Runtime};
use ::tokio::task::{JoinError, JoinHandle, JoinSet};
use orchestrator_bench::Result;

use crate::pool::{Done, Pool, Spawn, THREADS, timed};

/// Two worker threads, with timers and sockets.
pub(crate) fn runtime() -> Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    Ok(builder.worker_threads(THREADS.get()).enable_all().build()?)
}

/// The runtime by itself.
pub(crate) struct Tokio(pub(crate) Runtime);

impl Pool for Tokio {
    type Outside = Handle;
    type Inside = Local;

    fn open() -> Result<Self> {
        let runtime = runtime()?;
        runtime.block_on(runtime.spawn(async {}))?;
        Ok(Self(runtime))
    }

    fn outside(&self) -> Handle {
        self.0.handle().clone()
    }

    fn inside(_: Handle) -> Result<Local> {
        Ok(Local)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }
}

impl Spawn for Handle {
    type Error = JoinError;
    type Handle<T: Send + 'static> = JoinHandle<T>;

    fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        Handle::spawn(self, future)
    }
}

/// `tokio::spawn`, on whichever worker it is called.
pub(crate) struct Local;

impl Spawn for Local {
    type Error = JoinError;
    type Handle<T: Send + 'static> = JoinHandle<T>;

    fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        ::tokio::spawn(future)
    }
}

/// From within a task into a [`JoinSet`], which gives what ends first.
pub(crate) fn join_set<M, F>(pool: &Tokio, count: u32, mut make: M) -> Result<Done>
where
    M: FnMut(u32) -> F + Send + 'static,
    F: Future<Output = u64> + Send + 'static,
{
    timed(|| {
        let root = pool.0.spawn(async move {
            let mut set = JoinSet::new();
            for number in 0..count {
                set.spawn(make(number));
            }
            let mut sum = 0;
            while let Some(given) = set.join_next().await {
                sum += given?;
            }
            Ok(sum)
        });
        pool.0.block_on(root)?
    })
}

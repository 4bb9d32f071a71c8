//! What runs futures on two threads: what it can do, and the batches that it is given.

use std::error::Error;
use std::future::Future;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use orchestrator_bench::Result;

/// How many threads every contestant has.
pub(crate) const THREADS: NonZeroUsize = NonZeroUsize::new(2).expect("two is not zero");

/// So many batches come before the one whose time is taken. They fetch the memory: each thread has an arena
/// of its own, and what a page of it costs is the machine's affair.
pub(crate) const BEFORE: u32 = 3;

/// Something to spawn with: from outside, or from within a task.
pub(crate) trait Spawn: Send + 'static {
    type Error: Error + Send + Sync + 'static;
    type Handle<T: Send + 'static>: Future<Output = std::result::Result<T, Self::Error>>
        + Send
        + 'static;

    fn spawn<F>(&self, future: F) -> Self::Handle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static;

    /// Of the highest priority, where there is such a thing.
    fn spawn_urgent<F>(&self, future: F) -> Self::Handle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.spawn(future)
    }

    /// Of the lowest priority, where there is such a thing.
    fn spawn_late<F>(&self, future: F) -> Self::Handle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.spawn(future)
    }
}

/// Two threads that run futures.
pub(crate) trait Pool: Sized {
    type Outside: Spawn;
    type Inside: Spawn + Sync;

    /// Opens one, and waits until its threads are there.
    fn open() -> Result<Self>;

    fn outside(&self) -> Self::Outside;

    /// What a task spawns with. Called within one.
    fn inside(outside: Self::Outside) -> Result<Self::Inside>;

    /// Runs a future on the caller's thread, which is none of the pool's.
    fn block_on<F: Future>(&self, future: F) -> F::Output;
}

/// A batch that has been done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Done {
    /// From the first spawn to the last result.
    pub(crate) time: Duration,
    /// Of what the tasks gave.
    pub(crate) sum: u64,
}

impl Done {
    /// The time, if every task has given what it had to.
    pub(crate) fn verified(self, expected: u64) -> Result<Duration> {
        let sum = self.sum;
        if sum == expected {
            Ok(self.time)
        } else {
            Err(format!("the tasks gave {sum} together, and not {expected}").into())
        }
    }
}

/// Measures what gives a sum.
pub(crate) fn timed(run: impl FnOnce() -> Result<u64>) -> Result<Done> {
    let started = Instant::now();
    let sum = run()?;
    let time = started.elapsed();
    Ok(Done { time, sum })
}

/// Spawns so many tasks from within a task, which then takes their results one after the other.
pub(crate) fn inside<P, M, F>(pool: &P, count: u32, make: M) -> Result<Done>
where
    P: Pool,
    M: FnMut(u32) -> F + Send + 'static,
    F: Future<Output = u64> + Send + 'static,
{
    timed(|| {
        let (outer, outside) = (pool.outside(), pool.outside());
        let root = outer.spawn(async move {
            let spawner = P::inside(outside)?;
            join_all(&spawner, count, make).await
        });
        pool.block_on(root)?
    })
}

/// Spawns so many tasks from a thread that is none of the pool's, and takes their results there.
pub(crate) fn outside<P, M, F>(pool: &P, count: u32, make: M) -> Result<Done>
where
    P: Pool,
    M: FnMut(u32) -> F + Send + 'static,
    F: Future<Output = u64> + Send + 'static,
{
    let spawner = pool.outside();
    timed(|| pool.block_on(join_all(&spawner, count, make)))
}

async fn join_all<S, M, F>(spawner: &S, count: u32, mut make: M) -> Result<u64>
where
    S: Spawn,
    M: FnMut(u32) -> F + Send,
    F: Future<Output = u64> + Send + 'static,
{
    let mut handles = Vec::with_capacity(count as usize);
    for number in 0..count {
        handles.push(spawner.spawn(make(number)));
    }
    let mut sum = 0_u64;
    for handle in handles {
        sum += handle.await?;
    }
    Ok(sum)
}

//! `futures`: many futures in one task, and nobody spawned.

use std::future::Future;

use ::futures::StreamExt;
use ::futures::stream::FuturesUnordered;
use orchestrator_bench::Result;

use super::tokio::Tokio;
use crate::pool::{Done, timed};

/// All of them in one set, in a task of tokio's.
pub(crate) fn unordered<M, F>(pool: &Tokio, count: u32, make: M) -> Result<Done>
where
    M: FnMut(u32) -> F + Send + 'static,
    F: Future<Output = u64> + Send + 'static,
{
    timed(|| {
        let root = pool.0.spawn(async move {
            let mut set: FuturesUnordered<F> = (0..count).map(make).collect();
            let mut sum = 0;
            while let Some(given) = set.next().await {
                sum += given;
            }
            sum
        });
        Ok(pool.0.block_on(root)?)
    })
}

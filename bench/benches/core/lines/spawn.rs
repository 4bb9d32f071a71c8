//! A million tasks that do nothing: what a task costs.

use orchestrator_bench::{Better, Bout, Peer, Result, versioned};

use super::{peer, with};
use crate::load::Once;
use crate::ours::{Ours, PACKAGE};
use crate::peers::async_executor::Smol;
use crate::peers::tokio::Tokio;
use crate::peers::{deque, futures, rayon, tokio};
use crate::pool::{BEFORE, Done, Pool, inside, outside};

const TASKS: u32 = 1_000_000;

/// The tasks give their numbers, so that one that was lost or run twice is missed in the sum.
const SUM: u64 = TASKS as u64 * (TASKS as u64 - 1) / 2;

/// All bouts of tasks that do nothing.
pub(super) fn bouts() -> Vec<Bout<'static>> {
    vec![
        from_inside(),
        children(),
        suspended(),
        yielded(),
        from_outside(),
        all_at_once(),
    ]
}

fn bout(name: &'static str, peers: Vec<Peer>) -> Bout<'static> {
    Bout::new(name, "ns", Better::Less, peers)
}

fn from_inside() -> Bout<'static> {
    let peers = vec![peer("tokio", 4.0), peer("rayon", 1.0 / 1.3)];
    bout("spawn and join inside", peers)
        .beside("JoinSet", "JoinSet")
        .beside("async-executor", "async-executor")
        .beside("futures", "FuturesUnordered")
        .beside("a bare deque", "deque")
        .enter(versioned(PACKAGE), || joined_inside::<Ours, _>(give))
        .enter(versioned("tokio"), || joined_inside::<Tokio, _>(give))
        .enter(with("rayon scope", "rayon"), scope)
        .enter(with("JoinSet", "tokio"), || {
            let pool = Tokio::open()?;
            settled(SUM, || tokio::join_set(&pool, TASKS, give))
        })
        .enter(versioned("async-executor"), || {
            joined_inside::<Smol, _>(give)
        })
        .enter(with("FuturesUnordered", "futures"), || {
            let pool = Tokio::open()?;
            settled(SUM, || futures::unordered(&pool, TASKS, give))
        })
        .enter(with("deque", "crossbeam-deque"), || {
            settled(SUM, || deque::run(TASKS, u64::from))
        })
}

/// Nobody takes the results, as in a scope of rayon.
fn children() -> Bout<'static> {
    bout("spawn children, unjoined", Vec::new())
        .beside("rayon", "rayon")
        .enter(versioned(PACKAGE), || {
            let pool = Ours::open()?;
            settled(u64::from(TASKS), || pool.children(TASKS, give))
        })
        .enter(with("rayon scope", "rayon"), scope)
}

fn suspended() -> Bout<'static> {
    let peers = vec![peer("tokio", 1.0 / 1.1)];
    bout("spawn, wait once, join inside", peers)
        .beside("async-executor", "async-executor")
        .enter(versioned(PACKAGE), || joined_inside::<Ours, _>(wait))
        .enter(versioned("tokio"), || joined_inside::<Tokio, _>(wait))
        .enter(versioned("async-executor"), || {
            joined_inside::<Smol, _>(wait)
        })
}

fn yielded() -> Bout<'static> {
    bout("spawn, tokio's yield_now, join inside", Vec::new())
        .beside("tokio", "tokio")
        .enter(versioned(PACKAGE), || joined_inside::<Ours, _>(yield_now))
        .enter(versioned("tokio"), || joined_inside::<Tokio, _>(yield_now))
}

fn from_outside() -> Bout<'static> {
    bout("spawn and join from outside", vec![peer("tokio", 1.0)])
        .beside("async-executor", "async-executor")
        .enter(versioned(PACKAGE), joined_outside::<Ours>)
        .enter(versioned("tokio"), joined_outside::<Tokio>)
        .enter(versioned("async-executor"), joined_outside::<Smol>)
}

fn all_at_once() -> Bout<'static> {
    bout("spawn_all and join from outside", Vec::new())
        .beside("tokio", "tokio")
        .enter(versioned(PACKAGE), || {
            let pool = Ours::open()?;
            settled(SUM, || pool.all_outside(TASKS, give))
        })
        .enter(versioned("tokio"), joined_outside::<Tokio>)
}

async fn give(number: u32) -> u64 {
    u64::from(number)
}

async fn wait(number: u32) -> u64 {
    Once::default().await;
    u64::from(number)
}

async fn yield_now(number: u32) -> u64 {
    ::tokio::task::yield_now().await;
    u64::from(number)
}

fn joined_inside<P: Pool, F>(make: fn(u32) -> F) -> Result<f64>
where
    F: Future<Output = u64> + Send + 'static,
{
    let pool = P::open()?;
    settled(SUM, || inside(&pool, TASKS, make))
}

fn joined_outside<P: Pool>() -> Result<f64> {
    let pool = P::open()?;
    settled(SUM, || outside(&pool, TASKS, give))
}

fn scope() -> Result<f64> {
    let pool = rayon::open()?;
    settled(SUM, || rayon::scope(&pool, TASKS, u64::from))
}

/// The ns a task of a batch that finds its memory there, if no task was lost in any.
fn settled(sum: u64, run: impl Fn() -> Result<Done>) -> Result<f64> {
    for _ in 0..BEFORE {
        run()?.verified(sum)?;
    }
    let time = run()?.verified(sum)?;
    Ok(time.as_secs_f64() * 1e9 / f64::from(TASKS))
}

//! A million tasks that do nothing: what a task costs.

use std::time::Duration;

use orchestrator_bench::{Better, Bout, Result, versioned};

use super::{peer, with};
use crate::load::Once;
use crate::ours::{Ours, PACKAGE};
use crate::peers::async_executor::Smol;
use crate::peers::tokio::Tokio;
use crate::peers::{deque, futures, rayon, tokio};
use crate::pool::{Done, Pool, inside, outside};

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

fn bout(name: &'static str, peers: Vec<orchestrator_bench::Peer>) -> Bout<'static> {
    Bout::new(name, "ns", Better::Less, peers)
}

fn from_inside() -> Bout<'static> {
    let peers = vec![peer("tokio", 4.0), peer("rayon", 1.0 / 1.3)];
    bout("spawn and join inside", peers)
        .beside("JoinSet", "JoinSet")
        .beside("async-executor", "async-executor")
        .beside("futures", "FuturesUnordered")
        .beside("a bare deque", "deque")
        .enter(versioned(PACKAGE), || {
            each(inside(&Ours::open()?, TASKS, give))
        })
        .enter(versioned("tokio"), || {
            each(inside(&Tokio::open()?, TASKS, give))
        })
        .enter(with("rayon scope", "rayon"), || {
            each(rayon::scope(TASKS, u64::from))
        })
        .enter(with("JoinSet", "tokio"), || {
            each(tokio::join_set(TASKS, give))
        })
        .enter(versioned("async-executor"), || {
            each(inside(&Smol::open()?, TASKS, give))
        })
        .enter(with("FuturesUnordered", "futures"), || {
            each(futures::unordered(TASKS, give))
        })
        .enter(with("deque", "crossbeam-deque"), || {
            each(deque::run(TASKS, u64::from))
        })
}

/// Nobody takes the results, as in a scope of rayon.
fn children() -> Bout<'static> {
    bout("spawn children, unjoined", Vec::new())
        .beside("rayon", "rayon")
        .enter(versioned(PACKAGE), || {
            let done = Ours::open()?.children(TASKS, give)?;
            per_task(done.verified(u64::from(TASKS))?)
        })
        .enter(with("rayon scope", "rayon"), || {
            each(rayon::scope(TASKS, u64::from))
        })
}

fn suspended() -> Bout<'static> {
    bout(
        "spawn, wait once, join inside",
        vec![peer("tokio", 1.0 / 1.1)],
    )
    .beside("async-executor", "async-executor")
    .enter(versioned(PACKAGE), || {
        each(inside(&Ours::open()?, TASKS, wait))
    })
    .enter(versioned("tokio"), || {
        each(inside(&Tokio::open()?, TASKS, wait))
    })
    .enter(versioned("async-executor"), || {
        each(inside(&Smol::open()?, TASKS, wait))
    })
}

fn yielded() -> Bout<'static> {
    bout("spawn, tokio's yield_now, join inside", Vec::new())
        .beside("tokio", "tokio")
        .enter(versioned(PACKAGE), || {
            each(inside(&Ours::open()?, TASKS, yield_now))
        })
        .enter(versioned("tokio"), || {
            each(inside(&Tokio::open()?, TASKS, yield_now))
        })
}

fn from_outside() -> Bout<'static> {
    bout("spawn and join from outside", vec![peer("tokio", 1.0)])
        .beside("async-executor", "async-executor")
        .enter(versioned(PACKAGE), || {
            each(outside(&Ours::open()?, TASKS, give))
        })
        .enter(versioned("tokio"), || {
            each(outside(&Tokio::open()?, TASKS, give))
        })
        .enter(versioned("async-executor"), || {
            each(outside(&Smol::open()?, TASKS, give))
        })
}

fn all_at_once() -> Bout<'static> {
    bout("spawn_all and join from outside", Vec::new())
        .beside("tokio", "tokio")
        .enter(versioned(PACKAGE), || {
            each(Ours::open()?.all_outside(TASKS, give))
        })
        .enter(versioned("tokio"), || {
            each(outside(&Tokio::open()?, TASKS, give))
        })
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

/// The ns a task, if none was lost.
fn each(done: Result<Done>) -> Result<f64> {
    per_task(done?.verified(SUM)?)
}

fn per_task(time: Duration) -> Result<f64> {
    Ok(time.as_secs_f64() * 1e9 / f64::from(TASKS))
}

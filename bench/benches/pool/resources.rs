//! Checking out a resource that lies idle.

use std::convert::Infallible;
use std::time::Instant;

use deadpool::managed::{self, Metrics, QueueMode, RecycleResult};
use orchestrator_bench::{Better, Bout, Peer, Result, versioned};
use orchestrator_pool::{Manager, PoolConfig, ResourcePool};
use tokio::runtime::{Builder, Runtime};

use crate::run::{Heap, named};

const TURNS: u64 = 200_000;

/// Makes resources that are always clean.
struct Desks;

impl Manager for Desks {
    type Resource = u64;
    type Error = Infallible;

    async fn create(&self) -> std::result::Result<u64, Infallible> {
        Ok(0)
    }

    async fn recycle(&self, _: &mut u64) -> std::result::Result<(), Infallible> {
        Ok(())
    }
}

impl managed::Manager for Desks {
    type Type = u64;
    type Error = Infallible;

    async fn create(&self) -> std::result::Result<u64, Infallible> {
        Ok(0)
    }

    async fn recycle(&self, _: &mut u64, _: &Metrics) -> RecycleResult<Infallible> {
        Ok(())
    }
}

pub(crate) fn bouts(heap: Heap) -> Result<Vec<Bout<'static>>> {
    let name = named(heap, "an idle resource", "an idle resource, mimalloc");
    let peer = Peer {
        name: "deadpool",
        entrants: "deadpool",
        target: 1.0 / 1.2,
    };
    let config = PoolConfig::default().with_max_reuse(u32::MAX);
    let ours = ResourcePool::new(Desks, config);
    let theirs = managed::Pool::<Desks>::builder(Desks)
        .max_size(config.max_size.get())
        .queue_mode(QueueMode::Lifo)
        .build()?;
    let (here, there) = (runtime()?, runtime()?);
    Ok(vec![
        Bout::new(name, "ns", Better::Less, vec![peer])
            .enter("ours", move || {
                here.block_on(async {
                    let began = Instant::now();
                    for turn in 0..TURNS {
                        let mut desk = ours.checkout().await?;
                        count(&mut desk, turn)?;
                    }
                    Ok(each(began))
                })
            })
            .enter(versioned("deadpool"), move || {
                there.block_on(async {
                    let began = Instant::now();
                    for turn in 0..TURNS {
                        let mut desk = theirs.get().await?;
                        count(&mut desk, turn)?;
                    }
                    Ok(each(began))
                })
            }),
    ])
}

/// The same resource every time, or what was checked out was not idle.
fn count(desk: &mut u64, turn: u64) -> Result {
    if turn > 0 && *desk != turn {
        return Err("it is not the resource that was idle".into());
    }
    *desk = turn + 1;
    Ok(())
}

fn each(began: Instant) -> f64 {
    began.elapsed().as_nanos() as f64 / TURNS as f64
}

fn runtime() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

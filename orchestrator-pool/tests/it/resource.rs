//! The resource pool.

mod bounds;
mod churn;
mod closing;
mod health;
mod interrupted;
mod keyed;
mod reuse;

use std::{
    future::pending,
    num::NonZeroUsize,
    sync::{
        Arc, Barrier,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use orchestrator_pool::{Clock, Manager, PoolConfig, ResourcePool};

/// What the tests see of the manager's work, and how they make it go wrong.
pub(super) struct World {
    pub(super) alive: AtomicUsize,
    pub(super) most_alive: AtomicUsize,
    pub(super) made: AtomicUsize,
    pub(super) fail_create: AtomicBool,
    pub(super) hang_create: AtomicBool,
    pub(super) hang_recycle: AtomicBool,
    pub(super) panic_in_recycle: AtomicBool,
    /// Makes `Drop` wait at the gate twice: when it begins and before it ends.
    pub(super) stop_in_drop: AtomicBool,
    pub(super) gate: Barrier,
}

impl World {
    fn new() -> Self {
        Self {
            alive: AtomicUsize::new(0),
            most_alive: AtomicUsize::new(0),
            made: AtomicUsize::new(0),
            fail_create: AtomicBool::new(false),
            hang_create: AtomicBool::new(false),
            hang_recycle: AtomicBool::new(false),
            panic_in_recycle: AtomicBool::new(false),
            stop_in_drop: AtomicBool::new(false),
            gate: Barrier::new(2),
        }
    }
}

/// How long the manager tries before it gives a spoilt desk up.
pub(super) const SCRUBBING: Duration = Duration::from_millis(1);

/// A resource that knows its number and whether it is clean.
pub(super) struct Desk {
    pub(super) number: usize,
    pub(super) dirty: bool,
    pub(super) spoilt: bool,
    world: Arc<World>,
}

impl Drop for Desk {
    fn drop(&mut self) {
        if self.world.stop_in_drop.load(SeqCst) {
            self.world.gate.wait();
            self.world.gate.wait();
        }
        self.world.alive.fetch_sub(1, SeqCst);
    }
}

#[derive(Debug, PartialEq)]
pub(super) struct Refused(&'static str);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Refused {}

pub(super) struct Desks(Arc<World>);

impl Manager for Desks {
    type Resource = Desk;
    type Error = Refused;

    async fn create(&self) -> Result<Desk, Refused> {
        let world = &self.0;
        if world.fail_create.load(SeqCst) {
            return Err(Refused("out of wood"));
        }
        if world.hang_create.load(SeqCst) {
            pending::<()>().await;
        }
        tokio::task::yield_now().await;
        let alive = world.alive.fetch_add(1, SeqCst) + 1;
        world.most_alive.fetch_max(alive, SeqCst);
        let number = world.made.fetch_add(1, SeqCst);
        Ok(Desk {
            number,
            dirty: false,
            spoilt: false,
            world: Arc::clone(world),
        })
    }

    async fn recycle(&self, desk: &mut Desk) -> Result<(), Refused> {
        assert!(!self.0.panic_in_recycle.load(SeqCst), "on purpose");
        if self.0.hang_recycle.load(SeqCst) {
            pending::<()>().await;
        }
        if desk.spoilt {
            tokio::time::sleep(SCRUBBING).await;
            return Err(Refused("does not come off"));
        }
        desk.dirty = false;
        Ok(())
    }
}

pub(super) fn config(max_size: usize) -> PoolConfig {
    PoolConfig::default().with_max_size(NonZeroUsize::new(max_size).unwrap())
}

/// tokio's clock, which a test can stop and set forward.
pub(super) struct Tokio(tokio::time::Instant);

impl Tokio {
    pub(super) fn start() -> Self {
        Self(tokio::time::Instant::now())
    }
}

impl Clock for Tokio {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

pub(super) fn pool(config: PoolConfig) -> (ResourcePool<Desks>, Arc<World>) {
    let world = Arc::new(World::new());
    let pool = ResourcePool::with_clock(Desks(Arc::clone(&world)), config, Tokio::start());
    (pool, world)
}

/// Lets every other task of this thread run as far as it can.
pub(super) async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

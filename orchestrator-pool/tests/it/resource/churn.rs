//! A million checkouts with panics and cancellations at every point.

use std::{
    convert::Infallible,
    future::{Future, pending},
    num::NonZeroUsize,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    task::{Context, Poll, Waker},
};

use orchestrator_pool::{Manager, PoolConfig, ResourcePool};

/// What was seen of all resources together.
#[derive(Default)]
struct Seen {
    alive: AtomicU64,
    most_alive: AtomicU64,
    made: AtomicU64,
    ended: AtomicU64,
    /// Resources that two had at a time.
    twice: AtomicU64,
    /// What the last user had left, and the next one found.
    canaries: AtomicU64,
}

/// A resource that knows whether it is lent.
struct Bench {
    is_lent: Arc<AtomicBool>,
    canary: u64,
    seen: Arc<Seen>,
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.seen.alive.fetch_sub(1, SeqCst);
        self.seen.ended.fetch_add(1, SeqCst);
    }
}

/// What is wrong with the manager, for the controls.
#[derive(Default, Clone, Copy, PartialEq)]
enum Fault {
    #[default]
    None,
    /// It does not clean.
    Careless,
    /// It hands out one thing as several.
    Shares,
}

struct Benches {
    seen: Arc<Seen>,
    shared: Arc<AtomicBool>,
    fault: Fault,
}

impl Manager for Benches {
    type Resource = Bench;
    type Error = Infallible;

    async fn create(&self) -> Result<Bench, Infallible> {
        // A point at which the caller may go, before there is anything to clean up.
        tokio::task::yield_now().await;
        let alive = self.seen.alive.fetch_add(1, SeqCst) + 1;
        self.seen.most_alive.fetch_max(alive, SeqCst);
        self.seen.made.fetch_add(1, SeqCst);
        let is_lent = match self.fault {
            Fault::Shares => Arc::clone(&self.shared),
            _ => Arc::default(),
        };
        Ok(Bench {
            is_lent,
            canary: 0,
            seen: Arc::clone(&self.seen),
        })
    }

    async fn recycle(&self, bench: &mut Bench) -> Result<(), Infallible> {
        // Half clean is not clean: who goes here must not leave it to the next one.
        if bench.canary.is_multiple_of(64) {
            tokio::task::yield_now().await;
        }
        if self.fault != Fault::Careless {
            bench.canary = 0;
        }
        Ok(())
    }
}

fn pool(size: u32, fault: Fault) -> (ResourcePool<Benches>, Arc<Seen>) {
    let seen = Arc::<Seen>::default();
    let manager = Benches {
        seen: Arc::clone(&seen),
        shared: Arc::default(),
        fault,
    };
    let config = PoolConfig::default()
        .with_max_size(NonZeroUsize::new(size as usize).unwrap())
        .with_max_reuse(u32::MAX);
    (ResourcePool::new(manager, config), seen)
}

/// One who has a resource, and looks at it when taking and when giving back.
struct Holder<'a> {
    bench: &'a mut Bench,
}

impl<'a> Holder<'a> {
    fn new(bench: &'a mut Bench, canary: u64) -> Self {
        let seen = &bench.seen;
        seen.twice
            .fetch_add(bench.is_lent.swap(true, SeqCst).into(), SeqCst);
        seen.canaries.fetch_add((bench.canary != 0).into(), SeqCst);
        bench.canary = canary;
        Self { bench }
    }
}

impl Drop for Holder<'_> {
    fn drop(&mut self) {
        let was_lent = self.bench.is_lent.swap(false, SeqCst);
        self.bench.seen.twice.fetch_add((!was_lent).into(), SeqCst);
    }
}

/// Drops a future that has not ended after so many polls, without waiting in between.
fn poll_times<F: Future>(future: F, times: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    (0..times).find_map(|_| match future.as_mut().poll(&mut context) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    })
}

/// So many checkouts by one task, each ending in a way that chance decides.
async fn churn(pool: ResourcePool<Benches>, seed: u64, rounds: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    for round in 0..rounds {
        let canary = seed << 32 | (round + 1);
        match random.u32(..100) {
            // The checkout is given up: in line, while it makes, while it cleans.
            0..20 => {
                let taken = poll_times(pool.checkout(), random.usize(1..4));
                if let Some(lease) = taken {
                    drop(Holder::new(&mut lease.unwrap(), canary));
                }
            }
            // The holder is cancelled.
            20..25 => {
                let held = async {
                    let mut lease = pool.checkout().await.unwrap();
                    let _holder = Holder::new(&mut lease, canary);
                    pending::<()>().await;
                };
                poll_times(held, 3);
            }
            // The holder panics. (Without the hook, which would tell of each.)
            25..28 => {
                let mut lease = pool.checkout().await.unwrap();
                let panicked = catch_unwind(AssertUnwindSafe(move || {
                    let _holder = Holder::new(&mut lease, canary);
                    resume_unwind(Box::new("on purpose"));
                }));
                assert!(panicked.is_err());
            }
            28..30 => {
                let mut lease = pool.checkout().await.unwrap();
                drop(Holder::new(&mut lease, canary));
                lease.discard();
            }
            kind => {
                let mut lease = pool.checkout().await.unwrap();
                let holder = Holder::new(&mut lease, canary);
                if kind < 40 {
                    tokio::task::yield_now().await;
                }
                drop(holder);
            }
        }
    }
}

/// Gives what was seen.
async fn run(size: u32, fault: Fault, tasks: u64, rounds: u64) -> Arc<Seen> {
    let (pool, seen) = pool(size, fault);
    let tasks: Vec<_> = (0..tasks)
        .map(|task| tokio::spawn(churn(pool.clone(), task + 1, rounds)))
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let stats = pool.stats();
    assert_eq!(stats.in_use, 0, "{stats:?}");
    assert_eq!(stats.idle, seen.alive.load(SeqCst), "{stats:?}");
    assert_eq!(stats.created, seen.made.load(SeqCst), "{stats:?}");
    assert!(stats.idle <= size.into());
    // All places are there still: none is held by one who has gone.
    let mut all = Vec::new();
    for _ in 0..size {
        all.push(pool.checkout().await.unwrap());
    }
    drop(all);
    drop(pool);
    assert_eq!(seen.alive.load(SeqCst), 0, "some are left");
    assert_eq!(seen.made.load(SeqCst), seen.ended.load(SeqCst));
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_million_checkouts_leak_nothing_and_lend_nothing_twice() {
    let seen = run(4, Fault::None, 8, 125_000).await;
    assert_eq!(seen.twice.load(SeqCst), 0);
    assert_eq!(seen.canaries.load(SeqCst), 0);
    assert!(seen.most_alive.load(SeqCst) <= 4);
    assert!(seen.made.load(SeqCst) > 20_000, "nothing was interrupted");
}

/// The look can fail: a manager whose resources are one and the same is found out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_lent_twice_is_seen() {
    let seen = run(4, Fault::Shares, 8, 500).await;
    assert!(seen.twice.load(SeqCst) > 0);
}

async fn reuse(fault: Fault) -> u64 {
    let (pool, seen) = pool(1, fault);
    for canary in 1..=10_000 {
        let mut lease = pool.checkout().await.unwrap();
        drop(Holder::new(&mut lease, canary));
    }
    assert_eq!(pool.stats().recycled, 9_999);
    seen.canaries.load(SeqCst)
}

#[tokio::test]
async fn ten_thousand_reuses_show_nobody_what_the_last_one_left() {
    assert_eq!(reuse(Fault::None).await, 0);
    assert_eq!(reuse(Fault::Careless).await, 9_999, "the look cannot fail");
}

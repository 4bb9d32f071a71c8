//! From a spawn to the first poll: past a backlog, and on a pool that has nothing to do.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use orchestrator_bench::{Better, Bout, Result, quantile, versioned};

use super::peer;
use super::work::SHORT;
use crate::load::{rounds, spin};
use crate::ours::{Ours, PACKAGE};
use crate::peers::tokio::Tokio;
use crate::pool::{Pool, Spawn};

/// How many tasks a backlog is.
const BACKLOG: u32 = 20_000;

/// When so few of them are left, nobody is spawned behind them any more.
const REST: u32 = 500;

/// How long between two that are spawned behind a backlog.
const BETWEEN: Duration = Duration::from_millis(3);

/// How many are spawned behind backlogs in a round.
const BEHIND: usize = 200;

/// How many are spawned on an idle pool in a round.
const IDLE: usize = 1_000;

/// After so long without anything to do its threads sleep.
const ASLEEP: Duration = Duration::from_micros(200);

/// All bouts of latencies.
pub(super) fn bouts() -> Vec<Bout<'static>> {
    let behind = Samples::new(|| Ok([behind::<Ours>()?, behind::<Tokio>()?]));
    let idle = Samples::new(idle);
    let first = |name, samples: &Rc<Samples>, share: f64, target: Option<f64>| {
        let peers = target.map(|target| peer("tokio", target)).into_iter();
        let bout = Bout::new(name, "µs", Better::Less, peers.collect());
        let bout = match target {
            Some(_) => bout,
            None => bout.beside("tokio", "tokio"),
        };
        let (ours, theirs) = (Rc::clone(samples), Rc::clone(samples));
        bout.enter(versioned(PACKAGE), move || ours.read(0, share))
            .enter(versioned("tokio"), move || theirs.read(1, share))
    };
    vec![
        first("High behind 20,000 x 10 µs, p50", &behind, 0.5, None),
        first(
            "High behind 20,000 x 10 µs, p99",
            &behind,
            0.99,
            Some(1_000.0),
        ),
        first("first poll on an idle pool, p50", &idle, 0.5, Some(1.0)),
        first("first poll on an idle pool, p99", &idle, 0.99, Some(1.0)),
    ]
}

/// What several bouts read something of: it is measured when somebody has read it already.
struct Samples {
    measure: fn() -> Result<[Vec<f64>; 2]>,
    taken: RefCell<[Vec<f64>; 2]>,
    /// Who has read what of them, and of how many.
    read: RefCell<HashSet<(usize, u64)>>,
}

impl Samples {
    fn new(measure: fn() -> Result<[Vec<f64>; 2]>) -> Rc<Self> {
        Rc::new(Self {
            measure,
            taken: RefCell::default(),
            read: RefCell::default(),
        })
    }

    fn read(&self, who: usize, share: f64) -> Result<f64> {
        let reading = (who, share.to_bits());
        let is_new = self.read.borrow_mut().insert(reading);
        if !is_new || self.taken.borrow()[who].is_empty() {
            *self.taken.borrow_mut() = (self.measure)()?;
            *self.read.borrow_mut() = HashSet::from([reading]);
        }
        Ok(quantile(&self.taken.borrow()[who], share))
    }
}

/// The µs until urgent tasks are taken up that are spawned from outside while a backlog is there.
fn behind<P: Pool>() -> Result<Vec<f64>> {
    let pool = P::open()?;
    let spawner = pool.outside();
    let (each, mut samples) = (rounds(SHORT), Vec::new());
    while samples.len() < BEHIND {
        let done = Arc::new(AtomicU32::new(0));
        let tasks = (0..BACKLOG).map(|task| {
            let done = Arc::clone(&done);
            spawner.spawn(async move {
                let given = spin(task, each);
                done.fetch_add(1, Ordering::Relaxed);
                given
            })
        });
        let tasks: Vec<_> = tasks.collect();
        let mut urgent = Vec::new();
        loop {
            thread::sleep(BETWEEN);
            if done.load(Ordering::Relaxed) > BACKLOG - REST {
                break;
            }
            urgent.push((Instant::now(), spawner.spawn_urgent(polled())));
        }
        for (spawned, polled) in urgent {
            samples.push(micros(pool.block_on(polled)? - spawned));
        }
        for task in tasks {
            pool.block_on(task)?;
        }
        let done = done.load(Ordering::SeqCst);
        if done != BACKLOG {
            return Err(format!("of {BACKLOG} tasks {done} were done").into());
        }
    }
    Ok(samples)
}

/// The µs until tasks are taken up by pools that sleep, ours and tokio's in turn.
fn idle() -> Result<[Vec<f64>; 2]> {
    let (ours, tokio) = (Ours::open()?, Tokio::open()?);
    let mut samples = [Vec::with_capacity(IDLE), Vec::with_capacity(IDLE)];
    for repetition in 0..IDLE {
        // Each is first as often as the other.
        for turn in [repetition % 2, 1 - repetition % 2] {
            samples[turn].push(if turn == 0 {
                wake(&ours)?
            } else {
                wake(&tokio)?
            });
        }
    }
    Ok(samples)
}

fn wake(pool: &impl Pool) -> Result<f64> {
    let spawner = pool.outside();
    thread::sleep(ASLEEP);
    let spawned = Instant::now();
    let polled = pool.block_on(spawner.spawn(polled()))?;
    Ok(micros(polled - spawned))
}

/// When it was first polled.
async fn polled() -> Instant {
    Instant::now()
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

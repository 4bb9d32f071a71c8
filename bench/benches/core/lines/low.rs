//! Low tasks while High and Normal ones never end: how many others come first.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use orchestrator_bench::{Arguments, Line, Result, quantile};

use crate::load::{Once, rounds, spin};
use crate::ours::Ours;
use crate::peers::tokio::Tokio;
use crate::pool::{Pool, Spawn, THREADS};

const WORST: &str = "Low under endless High and Normal: most turns before it";
const TIME: &str = "Low under endless High and Normal: wait, p99";
const CONTROL: &str = "Low in one queue with the others is seen to wait";

/// What `Scheduler` promises: the head of the Low queue waits for at most so many picks of any lane.
const PICKS: u64 = 48;

/// So many turns of all lanes are within that: every lane has had all its picks but the last, and
/// is at one that it has not yet counted when the Low task is taken up.
const MOST: u64 = THREADS.get() as u64 * PICKS;

/// How many tasks of either priority there are, which never end.
const ENDLESS: u32 = 500;

/// How long each of their turns takes.
const TURN: Duration = Duration::from_micros(5);

/// How many Low tasks there are, one after the other.
const LOW: usize = 1_000;

/// The lines, and the control.
pub(super) fn lines(arguments: &Arguments) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    if arguments.wants(WORST) || arguments.wants(TIME) {
        let waits = waits::<Ours>(LOW)?;
        let worst = quantile(&waits.turns, 1.0);
        let (most, limit) = (MOST as f64 + 0.5, PICKS as f64);
        lines.push(Line::below(WORST, worst, "turns", most, limit));
        lines.push(Line::baseline(TIME, quantile(&waits.micros, 0.99), "µs"));
    }
    if arguments.wants(CONTROL) {
        // tokio knows no priorities, and takes up first what has come first.
        let turns = waits::<Tokio>(LOW / 10)?.turns;
        lines.push(Line::control(CONTROL, quantile(&turns, 1.0) > MOST as f64));
    }
    Ok(lines)
}

/// What each Low task has waited for.
struct Waits {
    /// How many turns others had meanwhile.
    turns: Vec<f64>,
    micros: Vec<f64>,
}

fn waits<P: Pool>(count: usize) -> Result<Waits> {
    let pool = P::open()?;
    let spawner = pool.outside();
    let (turns, stop) = (
        Arc::new(AtomicU64::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let each = rounds(TURN);
    let endless = |number: u32| {
        let (turns, stop) = (Arc::clone(&turns), Arc::clone(&stop));
        async move {
            let mut given = 0_u64;
            while !stop.load(Ordering::Relaxed) {
                turns.fetch_add(1, Ordering::Relaxed);
                given ^= spin(number, each);
                Once::default().await;
            }
            given
        }
    };
    let mut load = Vec::new();
    for number in 0..ENDLESS {
        load.push(spawner.spawn_urgent(endless(number)));
        load.push(spawner.spawn(endless(number)));
    }
    // Until all of them are there.
    while turns.load(Ordering::Relaxed) < u64::from(ENDLESS) * 4 {
        thread::yield_now();
    }
    let mut waits = Waits {
        turns: Vec::new(),
        micros: Vec::new(),
    };
    for _ in 0..count {
        let seen = Arc::clone(&turns);
        let spawned = Instant::now();
        let low = spawner.spawn_late(async move { (seen.load(Ordering::SeqCst), Instant::now()) });
        // After the spawn: this thread may be held up before it, and that is nobody's wait.
        let before = turns.load(Ordering::SeqCst);
        let (after, polled) = pool.block_on(low)?;
        waits.turns.push(after.saturating_sub(before) as f64);
        waits.micros.push((polled - spawned).as_secs_f64() * 1e6);
    }
    stop.store(true, Ordering::SeqCst);
    for task in load {
        pool.block_on(task)?;
    }
    Ok(waits)
}

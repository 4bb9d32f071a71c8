//! Ten thousand tasks that wait for a slot and then 50 ms, as for a model's answer.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use orchestrator_bench::{Better, Bout, Result, versioned};
use orchestrator_core::Slots;
use tokio::sync::Semaphore;

use super::{peer, with};
use crate::ours::{Ours, PACKAGE};
use crate::peers::tokio::Tokio;
use crate::pool::{Pool, inside};

const TASKS: u32 = 10_000;
pub(super) const SLOTS: NonZeroUsize = NonZeroUsize::new(1_000).expect("a thousand is not zero");
const WAIT: Duration = Duration::from_millis(50);

/// The bout.
pub(super) fn bouts() -> Vec<Bout<'static>> {
    let waves = f64::from(TASKS) / SLOTS.get() as f64;
    let ideal = waves * WAIT.as_secs_f64() * 1e3;
    let name = "10,000 x 50 ms in 1,000 slots";
    let peers = vec![peer("the ideal", 1.0 / 1.05)];
    vec![
        Bout::new(name, "ms", Better::Less, peers)
            .beside("tokio", "tokio")
            .enter(versioned(PACKAGE), ours)
            .enter("the ideal: 10 x 50 ms", move || Ok(ideal))
            .enter(with("tokio and its Semaphore", "tokio"), tokio),
    ]
}

fn ours() -> Result<f64> {
    let slots = Slots::new(SLOTS);
    bounded::<Ours, _>(move || {
        let slots = slots.clone();
        async move { slots.acquire().await.ok() }
    })
}

fn tokio() -> Result<f64> {
    let slots = Arc::new(Semaphore::new(SLOTS.get()));
    bounded::<Tokio, _>(move || {
        let slots = Arc::clone(&slots);
        async move { slots.acquire_owned().await.ok() }
    })
}

/// Without anything that holds them back.
pub(super) fn unbounded() -> Result<u32> {
    let (peak, _) = run::<Ours, _>(|| async { Some(()) })?;
    Ok(peak)
}

/// The ms that all take, if there never were more at a time than there are slots.
fn bounded<P: Pool, F>(acquire: impl Fn() -> F + Send + 'static) -> Result<f64>
where
    F: Future<Output: Send> + Send + 'static,
{
    let (peak, time) = run::<P, F>(acquire)?;
    if peak as usize > SLOTS.get() {
        return Err(format!("{peak} waited at a time, and there are {SLOTS} slots").into());
    }
    Ok(time)
}

/// How many waited at a time at most, and the ms that all take.
fn run<P: Pool, F>(acquire: impl Fn() -> F + Send + 'static) -> Result<(u32, f64)>
where
    F: Future<Output: Send> + Send + 'static,
{
    let level = Arc::new(Level::default());
    let waiting = Arc::clone(&level);
    let done = inside(&P::open()?, TASKS, move |number| {
        let (level, slot) = (Arc::clone(&waiting), acquire());
        async move {
            let _slot = slot.await;
            level.up();
            tokio::time::sleep(WAIT).await;
            level.now.fetch_sub(1, Ordering::SeqCst);
            u64::from(number)
        }
    })?;
    let peak = level.peak.load(Ordering::SeqCst);
    let sum = u64::from(TASKS) * (u64::from(TASKS) - 1) / 2;
    Ok((peak, done.verified(sum)?.as_secs_f64() * 1e3))
}

/// How many are waiting, and the most there ever were.
#[derive(Default)]
struct Level {
    now: AtomicU32,
    peak: AtomicU32,
}

impl Level {
    fn up(&self) {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.peak.fetch_max(now, Ordering::SeqCst);
    }
}

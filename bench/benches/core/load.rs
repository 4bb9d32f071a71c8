//! Work that takes a known time, and a future that waits once.

use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// So many rounds are timed to learn how long one takes: a fraction of a millisecond.
const TIMED: u32 = 100_000;

/// How often, of which the fastest counts: whoever else is on the machine makes it slower only.
const TRIES: usize = 50;

/// Works for some rounds, and gives a number that nobody knows without having done so.
///
/// Each round is Marsaglia's xorshift64, whose steps wait for each other: two threads on one core
/// do not take the units of the processor from each other.
pub(crate) fn spin(seed: u32, rounds: u32) -> u64 {
    let mut state = u64::from(seed) + 1;
    for _ in 0..rounds {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    state >> 32
}

/// How many rounds take that long on a machine that does nothing else.
pub(crate) fn rounds(time: Duration) -> u32 {
    static NANOS: OnceLock<f64> = OnceLock::new();
    let nanos = NANOS.get_or_init(|| {
        let once = |seed| {
            let started = Instant::now();
            std::hint::black_box(spin(seed, std::hint::black_box(TIMED)));
            started.elapsed().as_secs_f64() * 1e9 / f64::from(TIMED)
        };
        (0..TRIES as u32).map(once).fold(f64::INFINITY, f64::min)
    });
    (time.as_secs_f64() * 1e9 / nanos) as u32
}

/// Waits once: wakes itself, and is ready when it is polled again.
#[derive(Default)]
pub(crate) struct Once(bool);

impl Future for Once {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

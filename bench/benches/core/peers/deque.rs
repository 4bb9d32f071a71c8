//! The bare deque of `crossbeam`: what is left when there are no tasks, only numbers.

use std::iter;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use crossbeam_deque::{Steal, Stealer, Worker};
use orchestrator_bench::Result;

use crate::pool::Done;

/// One thread puts all in and works on them, another steals from it.
pub(crate) fn run(count: u32, work: impl Fn(u32) -> u64 + Sync) -> Result<Done> {
    let deque = Worker::new_lifo();
    let stealer = deque.stealer();
    let (begin, full) = (Barrier::new(2), AtomicBool::new(false));
    thread::scope(|scope| {
        let thief = scope.spawn(|| {
            begin.wait();
            steal(&stealer, &full, &work)
        });
        begin.wait();
        let started = Instant::now();
        for number in 0..count {
            deque.push(number);
        }
        full.store(true, Ordering::Release);
        let mut sum = 0;
        while let Some(number) = deque.pop() {
            sum += work(number);
        }
        sum += thief.join().map_err(|_| "the thief has panicked")?;
        let time = started.elapsed();
        Ok(Done { time, sum })
    })
}

fn steal(from: &Stealer<u32>, full: &AtomicBool, work: impl Fn(u32) -> u64) -> u64 {
    let own = Worker::new_lifo();
    let mut sum = 0;
    loop {
        // Read before it looks: what is empty and full then stays empty.
        let last = full.load(Ordering::Acquire);
        let number = own.pop().or_else(|| {
            iter::repeat_with(|| from.steal_batch_and_pop(&own))
                .find(|stolen| !stolen.is_retry())
                .and_then(Steal::success)
        });
        match number {
            Some(number) => sum += work(number),
            None if last => return sum,
            None => thread::yield_now(),
        }
    }
}

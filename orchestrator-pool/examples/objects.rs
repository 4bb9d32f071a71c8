//! Objects that are made on one thread and dropped on another: where an allocator is slow, and a
//! pool is not.
//!
//! `cargo run --release -p orchestrator-pool --example objects`

#![expect(clippy::print_stdout, reason = "a program for people")]

use std::{
    sync::{Arc, mpsc},
    thread,
};

use orchestrator_pool::{ObjectPool, ObjectPoolConfig, ObjectStats, OwnedPooled, Recycle};

pub(crate) fn main() {
    let (sum, stats) = run(100_000);
    println!("sum of all samples: {sum}");
    println!("lent {} times, made {}", stats.lent, stats.made);
}

/// A block of samples. It takes a while to initialise, and little to clean.
pub(crate) struct Block {
    samples: Box<[u64; 128]>,
    used: usize,
}

impl Block {
    fn new() -> Self {
        Self {
            samples: Box::new([0; 128]),
            used: 0,
        }
    }

    fn push(&mut self, sample: u64) {
        self.samples[self.used] = sample;
        self.used += 1;
    }
}

impl Recycle for Block {
    /// What lies behind `used` is never looked at: there is no need to overwrite it.
    fn recycle(&mut self) -> bool {
        self.used = 0;
        true
    }
}

/// One thread fills blocks, another sums them up and drops them; they come back to the first
/// through the pool's depot.
pub(crate) fn run(blocks: u64) -> (u64, ObjectStats) {
    // As many as can be on their way.
    const ON_THE_WAY: usize = 256;
    let config = ObjectPoolConfig::default().with_max_idle(ON_THE_WAY);
    let pool = Arc::new(ObjectPool::new(config, Block::new));
    let (filled, to_sum) = mpsc::sync_channel::<OwnedPooled<Block>>(ON_THE_WAY);
    let sum = thread::scope(|scope| {
        let summed = scope.spawn(move || {
            let blocks = to_sum.into_iter();
            blocks
                .map(|block| block.samples[..block.used].iter().sum::<u64>())
                .sum()
        });
        for first in 0..blocks {
            let mut block = pool.get_owned();
            (first..first + 3).for_each(|sample| block.push(sample));
            if filled.send(block).is_err() {
                break; // The other thread has panicked, which the join tells.
            }
        }
        drop(filled);
        summed
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    (sum, pool.stats())
}

//! Two plain threads that divide the work perfectly: the best that two processors can do.

use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use orchestrator_bench::Result;

use crate::load::spin;
use crate::pool::{Done, THREADS};

/// Works through tasks that take so many rounds each.
pub(crate) fn divide(rounds: &[u32]) -> Result<Done> {
    let threads = THREADS.get();
    // One for each in turn, the longest first: so the halves weigh the same.
    let mut tasks: Vec<u32> = (0..rounds.len() as u32).collect();
    tasks.sort_by_key(|task| std::cmp::Reverse(rounds[*task as usize]));
    let begin = Barrier::new(threads + 1);
    thread::scope(|scope| {
        let halves: Vec<_> = (0..threads)
            .map(|first| {
                let (tasks, begin) = (&tasks, &begin);
                scope.spawn(move || {
                    begin.wait();
                    let own = tasks.iter().skip(first).step_by(threads);
                    own.map(|task| spin(*task, rounds[*task as usize]))
                        .sum::<u64>()
                })
            })
            .collect();
        begin.wait();
        let started = Instant::now();
        let mut sum = 0_u64;
        for half in halves {
            sum += half.join().map_err(|_| "a thread has panicked")?;
        }
        let time = started.elapsed();
        Ok(Done { time, sum })
    })
}

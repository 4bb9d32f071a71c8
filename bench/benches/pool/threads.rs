//! The same on several threads at once.

use std::sync::Barrier;
use std::time::Instant;

use orchestrator_bench::Result;

/// The ns that one turn takes, of so many in each thread: the time of all, by the turns of all.
///
/// # Errors
/// What a thread says.
pub(crate) fn each<F>(threads: usize, turns: u64, run: impl Fn(usize) -> F + Sync) -> Result<f64>
where
    F: FnMut(u64) -> Result,
{
    let together = Barrier::new(threads + 1);
    let (together, run) = (&together, &run);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|thread| {
                scope.spawn(move || -> Result {
                    let mut turn = run(thread);
                    // What a thread allocates once for itself.
                    let begun = (0..turns / 10).try_for_each(&mut turn);
                    // Also where that has failed: the others wait.
                    together.wait();
                    begun?;
                    (0..turns).try_for_each(turn)
                })
            })
            .collect();
        together.wait();
        let began = Instant::now();
        let count = threads.len() as u64;
        for thread in threads {
            thread.join().map_err(|_| "a thread has panicked")??;
        }
        Ok(began.elapsed().as_nanos() as f64 / (turns * count) as f64)
    })
}

//! The same on several threads at once.

use std::sync::Barrier;
use std::thread::ScopedJoinHandle;
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
    let together = Barrier::new(threads);
    let (together, run) = (&together, &run);
    let times: Result<Vec<(Instant, Instant)>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|thread| {
                scope.spawn(move || -> Result<(Instant, Instant)> {
                    let mut turn = run(thread);
                    // What a thread allocates once for itself.
                    let begun = (0..turns / 10).try_for_each(&mut turn);
                    // Also where that has failed: the others wait.
                    together.wait();
                    begun?;
                    let began = Instant::now();
                    (0..turns).try_for_each(turn)?;
                    Ok((began, Instant::now()))
                })
            })
            .collect();
        let join =
            |thread: ScopedJoinHandle<'_, _>| thread.join().map_err(|_| "a thread has panicked")?;
        threads.into_iter().map(join).collect()
    });
    let times = times?;
    let began = times.iter().map(|(began, _)| *began).min();
    let ended = times.iter().map(|(_, ended)| *ended).max();
    let (began, ended) = began.zip(ended).ok_or("no thread has run")?;
    Ok((ended - began).as_nanos() as f64 / (turns * threads as u64) as f64)
}

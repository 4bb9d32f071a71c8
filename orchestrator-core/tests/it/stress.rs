//! Many tasks at once.

use std::{
    num::NonZeroUsize,
    sync::{
        Arc, Barrier,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use orchestrator_core::{Priority, Scheduler, SchedulerConfig, TaskContext, TaskError, TaskStatus};
use tokio::{task::yield_now, time::timeout};

use crate::lanes;

/// Enough for any machine; only a test that hangs meets it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A small generator of numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % sides
    }
}

/// Counts one end, however the future that holds it comes to it.
struct End(Arc<AtomicUsize>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

async fn work(end: End, yields: u64, panics: bool) -> u64 {
    let _end = end;
    for _ in 0..yields {
        yield_now().await;
    }
    assert!(!panics, "as planned");
    yields
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_tasks_end_once_each() {
    let scheduler = lanes(4);
    let mut dice = Dice(7);
    let ends = Arc::new(AtomicUsize::new(0));
    let mut tasks = Vec::new();
    for _ in 0..1_000 {
        let priority = Priority::ALL[dice.roll(3) as usize];
        let (yields, panics, aborted) = (dice.roll(20), dice.roll(5) == 0, dice.roll(4) == 0);
        let end = End(Arc::clone(&ends));
        let nested = dice.roll(2) == 0;
        let task = scheduler.spawn_with(priority, async move {
            if nested {
                let context = TaskContext::current().unwrap();
                drop(context.spawn_with(priority, async {}));
                drop(context);
                yield_now().await;
            }
            work(end, yields, panics).await
        });
        if aborted {
            if dice.roll(2) == 0 {
                yield_now().await;
            }
            task.abort();
        }
        tasks.push((task, yields, panics, aborted));
    }
    for (task, yields, panics, aborted) in tasks {
        let id = task.id();
        match timeout(PATIENCE, task).await.unwrap() {
            Ok(value) => assert!(value == yields && !panics),
            Err(TaskError::Panicked { task, .. }) => assert!(panics && task == id),
            Err(error) => assert!(aborted && error.is_cancelled()),
        }
    }
    timeout(PATIENCE, scheduler.shutdown()).await.unwrap();
    assert_eq!(ends.load(Ordering::SeqCst), 1_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_wake_up_is_lost() {
    const LANES: usize = 4;
    let scheduler = lanes(LANES);
    for round in 0..2_000 {
        // They block their threads until all are there, so every lane has to wake up. One that sleeps on leaves the
        // others waiting.
        let all = Arc::new(Barrier::new(LANES));
        let tasks: Vec<_> = (0..LANES)
            .map(|_| {
                let all = Arc::clone(&all);
                scheduler.spawn_fn(move || _ = all.wait())
            })
            .collect();
        // Asking rather than awaiting, so that the next round's tasks come just when the lanes
        // are falling asleep.
        let ended = async {
            while tasks.iter().any(|task| !task.is_ended()) {
                yield_now().await;
            }
        };
        let in_time = timeout(PATIENCE, ended).await;
        in_time.unwrap_or_else(|_| panic!("a lane slept through round {round}"));
    }
}

/// The next task comes just when the lane has found nothing more, and lies down.
#[test]
fn a_lane_that_falls_asleep_sees_what_comes_just_then() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap();
    let one = NonZeroUsize::MIN;
    let scheduler = Scheduler::on(runtime.handle(), SchedulerConfig::new(one));
    for round in 0..30_000_u32 {
        let began = Instant::now();
        let task = scheduler.spawn(async {});
        // Asking, because a thread that is woken comes too late.
        while !task.is_ended() {
            assert!(began.elapsed() < PATIENCE, "the lane slept through {round}");
            std::hint::spin_loop();
        }
        for _ in 0..round % 64 {
            std::hint::spin_loop();
        }
    }
    runtime.block_on(scheduler.shutdown());
}

/// A lane that has let others go first is not kept from going on by one that its thread has turned to.
#[test]
fn a_lane_that_has_given_way_does_not_wait_for_a_long_task_of_another() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    // One more than there are threads, so that a thread turns to it when another gives way.
    let three = NonZeroUsize::new(3).unwrap();
    let scheduler = Scheduler::on(runtime.handle(), SchedulerConfig::new(three));
    let rounds = if crate::is_long() { 20_000 } else { 300 };
    for round in 0..rounds {
        let begun = Instant::now();
        let short = Arc::new(AtomicUsize::new(0));
        // Each takes longer than a lane's turn.
        let mut tasks: Vec<_> = (0..4)
            .map(|_| {
                let short = Arc::clone(&short);
                scheduler.spawn_fn(move || {
                    let began = Instant::now();
                    while began.elapsed() < Duration::from_micros(700) {
                        std::hint::spin_loop();
                    }
                    short.fetch_add(1, Ordering::SeqCst);
                })
            })
            .collect();
        // This one holds its thread until all others are done.
        tasks.push(scheduler.spawn_fn(move || {
            while short.load(Ordering::SeqCst) < 4 {
                assert!(
                    begun.elapsed() < PATIENCE,
                    "nobody went on in round {round}"
                );
                std::thread::yield_now();
            }
        }));
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
    }
    runtime.block_on(scheduler.shutdown());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spawning_while_the_scheduler_ends_leaves_no_task_behind() {
    for _ in 0..300 {
        let scheduler = Arc::new(lanes(2));
        let spawner = tokio::spawn({
            let scheduler = Arc::clone(&scheduler);
            async move {
                (0..20)
                    .map(|_| scheduler.spawn(yield_now()))
                    .collect::<Vec<_>>()
            }
        });
        yield_now().await;
        scheduler.shutdown().await;
        for task in spawner.await.unwrap() {
            assert_ne!(task.status(), TaskStatus::Queued);
            let _either = timeout(PATIENCE, task).await.unwrap();
        }
    }
}

/// What became of the tasks of a campaign.
#[derive(Debug, Default, PartialEq)]
struct Tally {
    returned: u64,
    panicked: u64,
    cancelled: u64,
}

/// One task of a campaign: it may wait, have a child, panic, and be aborted by its parent.
async fn one(end: End, fate: u64) -> u64 {
    let _end = end;
    if fate.is_multiple_of(8) {
        yield_now().await;
    }
    if fate.is_multiple_of(16)
        && let Some(own) = TaskContext::current()
    {
        own.spawn(async {});
    }
    if fate % 100 == 7 {
        // Without the hook that prints: there are hundreds of thousands of these.
        std::panic::resume_unwind(Box::new("as planned"));
    }
    fate
}

/// Spawns tasks in waves, from inside and with all priorities; one in a hundred panics, and one in a
/// hundred is aborted. Gives how they ended by their handles, and how many futures were dropped.
async fn campaign(seed: u64, tasks: u64) -> (Tally, u64) {
    const WAVE: u64 = 20_000;
    let mut dice = Dice(seed);
    let ends = Arc::new(AtomicUsize::new(0));
    let mut tally = Tally::default();
    let mut left = tasks;
    while left > 0 {
        let wave = left.min(WAVE);
        left -= wave;
        let Some(own) = TaskContext::current() else {
            unreachable!("it is a task");
        };
        let handles: Vec<_> = (0..wave)
            .map(|_| {
                let fate = dice.roll(1 << 30);
                let priority = Priority::ALL[(fate % 3) as usize];
                let handle = own.spawn_with(priority, one(End(Arc::clone(&ends)), fate));
                if fate % 100 == 11 {
                    handle.abort();
                }
                (handle, fate)
            })
            .collect();
        for (handle, fate) in handles {
            match handle.await {
                Ok(value) => {
                    assert_eq!(value, fate);
                    tally.returned += 1;
                }
                Err(TaskError::Panicked { .. }) => {
                    assert_eq!(fate % 100, 7, "it was not to panic");
                    tally.panicked += 1;
                }
                Err(error) => {
                    assert!(error.is_cancelled() && fate % 100 == 11, "{error}");
                    tally.cancelled += 1;
                }
            }
        }
    }
    (tally, ends.load(Ordering::SeqCst) as u64)
}

/// The long form, with `ORCHESTRATOR_LONG=1`: ten million tasks for each of twenty seeds.
#[test]
fn every_task_ends_exactly_once() {
    let (seeds, tasks) = if crate::is_long() {
        (20, 10_000_000)
    } else {
        (3, 60_000)
    };
    for seed in 0..seeds {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .build()
            .unwrap();
        runtime.block_on(async {
            let scheduler = lanes(2);
            let (tally, dropped) = scheduler.spawn(campaign(seed, tasks)).await.unwrap();
            // By the handles, by what was dropped, and by the lanes: the same each time.
            assert_eq!(tally.returned + tally.panicked + tally.cancelled, tasks);
            assert_eq!(dropped, tasks);
            let total = scheduler.stats().total();
            assert_eq!(total.panicked, tally.panicked);
            assert_eq!(total.cancelled, tally.cancelled);
            assert_eq!(
                total.begun,
                total.completed + total.panicked + total.cancelled
            );
            assert!(
                tally.panicked > tasks / 200 && tally.cancelled > tasks / 300,
                "{tally:?}"
            );
            scheduler.shutdown().await;
        });
    }
    crate::show(&format!("{tasks} tasks for each of {seeds} seeds"));
}

/// What the campaign's sums are worth: of the tasks of a wave, the futures of two are kept from being
/// dropped, as if a lane had lost them.
#[test]
fn control_tasks_that_a_lane_loses_are_seen() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let (dropped, ended) = runtime.block_on(async {
        let scheduler = lanes(1);
        let ends = Arc::new(AtomicUsize::new(0));
        let tasks: Vec<_> = (0..100)
            .map(|task| {
                let end = End(Arc::clone(&ends));
                scheduler.spawn(async move {
                    if task % 50 == 7 {
                        std::mem::forget(end);
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        (
            ends.load(Ordering::SeqCst),
            scheduler.stats().total().completed,
        )
    });
    assert_eq!((dropped, ended), (98, 100));
}

//! Many tasks on several threads: nothing runs over a limit, nothing leaks, no wake-up is lost.
//!
//! Each check is a function with a number of operations, short here and long with
//! `ORCHESTRATOR_LONG=1`.

use std::{
    num::NonZeroUsize,
    sync::{
        Arc, Barrier,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use orchestrator_core::{
    AdmissionConfig, BreakerConfig, Claim, FailureKind, Priority, SlotKey, Slots, WhenBlocked,
};
use tokio::{
    runtime::Runtime,
    task::{JoinHandle, yield_now},
};

use super::{assert_nothing_left, controller, model, request, rounds};

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap()
}

/// Waits for all of them, but not for ever: a wake-up that is lost is a test that fails.
fn within(runtime: &Runtime, operations: u64, tasks: Vec<JoinHandle<()>>) {
    let all = async {
        for task in tasks {
            task.await.unwrap();
        }
    };
    let patience = Duration::from_secs(60 + operations / 5_000);
    let ended = runtime.block_on(async { tokio::time::timeout(patience, all).await });
    assert!(ended.is_ok(), "some wait for ever");
}

/// Counts itself for as long as it lives, and says how many there were with it.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(count: &'a AtomicUsize) -> (Self, usize) {
        let now = count.fetch_add(1, Ordering::SeqCst) + 1;
        (Self(count), now)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Takes slots, gives up waiting, panics and is aborted, while the limit moves between 1 and
/// `MOST`. The most that ran at once. Some of the work takes no slot if it is `careless`.
fn limits_hold(operations: u64, careless: bool) -> usize {
    const MOST: usize = 5;
    let slots = Slots::new(NonZeroUsize::new(MOST).unwrap());
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let runtime = runtime();
    let tasks: Vec<_> = (0..16)
        .map(|task| {
            let (slots, running, most) = (slots.clone(), running.clone(), most.clone());
            let mut random = fastrand::Rng::with_seed(task);
            runtime.spawn(async move {
                for _ in 0..operations / 16 {
                    let claim = Claim::default()
                        .with_priority(Priority::ALL[random.usize(0..3)])
                        .with_mission(["a", "b", "c"][random.usize(0..3)]);
                    let what = random.u8(0..8);
                    if what == 0 {
                        slots.set_limit(random.usize(1..=MOST));
                    }
                    let (slots, running, most) = (slots.clone(), running.clone(), most.clone());
                    let work = async move {
                        let _permit = if careless && what == 4 {
                            None
                        } else {
                            Some(slots.acquire_as(&claim).await.unwrap())
                        };
                        let (_counted, now) = Counted::new(&running);
                        most.fetch_max(now, Ordering::SeqCst);
                        if what.is_multiple_of(2) {
                            yield_now().await;
                        }
                        if what == 3 {
                            // As a panic, without a report on the terminal.
                            std::panic::resume_unwind(Box::new("as planned"));
                        }
                    };
                    match what {
                        1 => {
                            let aborted = tokio::spawn(work);
                            aborted.abort();
                            let _however = aborted.await;
                        }
                        2 => {
                            let mut work = Box::pin(work);
                            let _however = futures_util::poll!(work.as_mut());
                            // Time for a promise that is not picked up.
                            yield_now().await;
                        }
                        3 => drop(tokio::spawn(work).await),
                        _ => work.await,
                    }
                }
            })
        })
        .collect();
    within(&runtime, operations, tasks);
    assert_eq!((slots.in_use(), slots.waiting()), (0, 0), "leaked");
    assert!(running.load(Ordering::SeqCst) == 0);
    most.load(Ordering::SeqCst)
}

#[test]
fn no_more_run_than_the_limit_and_nothing_leaks() {
    let operations = rounds(10_000, 1_000_000);
    assert!((2..=5).contains(&limits_hold(operations, false)));
    crate::show(&format!("{operations} operations on slots"));
}

#[test]
fn control_work_without_a_permit_is_seen() {
    assert!(limits_hold(10_000, true) > 5);
}

/// A thread that moves the limit, and takes as many as it allows itself: nobody is let in above
/// the limit that is in force.
fn sinking_limit_holds(operations: u64) {
    let slots = Slots::new(NonZeroUsize::MIN);
    let mut random = fastrand::Rng::with_seed(1);
    let mut held = Vec::new();
    for _ in 0..operations {
        match random.u8(0..4) {
            0 => slots.set_limit(random.usize(0..8)),
            1 if !held.is_empty() => drop(held.swap_remove(random.usize(..held.len()))),
            _ => {
                let before = held.len();
                held.extend(slots.try_acquire());
                let let_in = held.len() > before;
                assert_eq!(let_in, before < slots.limit());
            }
        }
        assert_eq!(slots.in_use(), held.len());
    }
}

#[test]
fn nobody_is_let_in_while_more_run_than_a_lowered_limit() {
    sinking_limit_holds(rounds(10_000, 1_000_000));
}

/// 64 tasks share a few slots: each gets all of its turns, within a time.
fn no_wake_up_is_lost(acquisitions: u64, limit: usize) {
    let slots = Slots::new(NonZeroUsize::new(limit).unwrap());
    let runtime = runtime();
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let slots = slots.clone();
            runtime.spawn(async move {
                for turn in 0..acquisitions / 64 {
                    let permit = slots.acquire().await.unwrap();
                    if turn % 4 == 0 {
                        yield_now().await;
                    }
                    drop(permit);
                    if turn % 64 == 0 {
                        yield_now().await;
                    }
                }
            })
        })
        .collect();
    within(&runtime, acquisitions, tasks);
    assert_eq!((slots.in_use(), slots.waiting()), (0, 0));
}

#[test]
fn sixty_four_tasks_all_get_their_turns() {
    no_wake_up_is_lost(rounds(100_000, 10_000_000), 3);
}

/// The same at the controller, with two roles that share a provider's slots.
fn no_admission_is_lost(admissions: u64) {
    let config = AdmissionConfig::default()
        .with_role("worker", 2)
        .with_role("planner", 2)
        .with_provider("acme", 3);
    let controller = controller(config);
    let running = Arc::new(AtomicUsize::new(0));
    let runtime = runtime();
    let tasks: Vec<_> = (0..64_u64)
        .map(|task| {
            let (controller, running) = (controller.clone(), running.clone());
            let mut random = fastrand::Rng::with_seed(task);
            runtime.spawn(async move {
                for _ in 0..admissions / 64 {
                    let role = ["worker", "planner"][random.usize(0..2)];
                    let mission = ["a", "b", "c"][random.usize(0..3)];
                    let request = orchestrator_core::Request::new(mission, role, model());
                    let mut wait = Box::pin(controller.admit(&request));
                    if random.u8(0..8) == 0 {
                        let _however = futures_util::poll!(wait.as_mut());
                        yield_now().await;
                        continue;
                    }
                    let admission = wait.await.unwrap();
                    let (_counted, now) = Counted::new(&running);
                    assert!(now <= 3);
                    if random.bool() {
                        yield_now().await;
                    }
                    drop(_counted);
                    match random.u8(0..3) {
                        0 => admission.failed(FailureKind::Request, None),
                        1 => admission.succeeded(1),
                        _ => drop(admission),
                    }
                }
            })
        })
        .collect();
    within(&runtime, admissions, tasks);
    assert_nothing_left(&controller);
}

#[test]
fn sixty_four_tasks_are_all_admitted() {
    no_admission_is_lost(rounds(20_000, 1_000_000));
}

/// 64 threads at a breaker whose time is over, again and again: one of them is the probe.
fn one_probe(times: u64) {
    // Half-open as soon as it is open: no test has to wait for it.
    let breaker = BreakerConfig::default().with_open_for(Duration::ZERO);
    let config = AdmissionConfig::default().with_breaker(Some(breaker), WhenBlocked::Reject);
    let controller = controller(config);
    let (ready, done) = (Barrier::new(64), Barrier::new(64));
    let (probing, probes) = (AtomicUsize::new(0), AtomicUsize::new(0));
    for _ in 0..5 {
        let call = controller.try_admit(&request("m")).unwrap();
        call.failed(FailureKind::Service, None);
    }
    std::thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| {
                for _ in 0..times {
                    ready.wait();
                    let admission = controller.try_admit(&request("m"));
                    if let Ok(admission) = &admission {
                        assert!(admission.is_probe());
                        assert_eq!(probing.fetch_add(1, Ordering::SeqCst), 0);
                        probes.fetch_add(1, Ordering::SeqCst);
                    }
                    done.wait();
                    if let Ok(admission) = admission {
                        probing.fetch_sub(1, Ordering::SeqCst);
                        drop(admission); // Neither: the breaker stays half-open.
                    }
                }
            });
        }
    });
    assert_eq!(probes.load(Ordering::SeqCst) as u64, times);
    let refused = controller.stats().calls.rejections.refused;
    assert_eq!(refused, 63 * times, "all others were told so");
}

#[test]
fn exactly_one_of_sixty_four_is_the_probe() {
    one_probe(rounds(100, 10_000));
}

/// Controls: the predecessor's slots, which a task gives back when it is done and the clean-up
/// after it once more, let 21 run where 2 may.
#[test]
fn a_limit_of_two_lets_two_run_where_the_predecessor_let_21() {
    let (mut free, mut theirs) = (2_u32, 0_u32);
    let slots = Slots::new(NonZeroUsize::new(2).unwrap());
    let (mut permits, mut ours) = (Vec::new(), 0);
    for _ in 0..20 {
        while let Some(left) = free.checked_sub(1) {
            (free, theirs) = (left, theirs + 1);
        }
        while let Some(permit) = slots.try_acquire() {
            permits.push(permit);
        }
        ours = ours.max(permits.len());
        if theirs < 21 {
            (free, theirs) = (free + 2, theirs - 1);
        }
        // Through one owner, which both may empty: there is no second release to write.
        let mut owner = permits.pop();
        drop(owner.take());
        drop(owner.take());
    }
    assert_eq!((ours, theirs), (2, 21));
}

/// The limit of a role sinks and rises while its calls run, are dropped and aborted.
#[test]
fn a_role_whose_limit_moves_leaks_nothing() {
    let controller = controller(AdmissionConfig::default().with_role("worker", 2));
    let runtime = runtime();
    let tasks: Vec<_> = (0..400_usize)
        .map(|number| {
            let controller = controller.clone();
            runtime.spawn(async move {
                let key = SlotKey::Role("worker".into());
                controller.set_limit(key, 1 + number % 3);
                let _admission = controller.admit(&request("m")).await.unwrap();
                yield_now().await;
            })
        })
        .collect();
    for (number, task) in tasks.into_iter().enumerate() {
        if number % 5 == 0 {
            task.abort();
        }
        let _however = runtime.block_on(task);
    }
    assert_nothing_left(&controller);
}

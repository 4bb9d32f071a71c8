//! Shutdowns of random programs in full flight: in time, with a report, without an orphan.

use std::{
    future::pending,
    io::Read,
    os::{fd::AsFd, unix::process::CommandExt},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use orchestrator_core::{ShutdownHandler, ShutdownManager, ShutdownReport};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::runtime::{Builder, Runtime};

/// What a shutdown may take beyond its grace.
const BEYOND: Duration = Duration::from_secs(1);

/// Enough for any machine; only a test that fails meets it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process group that can be ended from anywhere, and then is not begun any more.
#[derive(Clone, Default)]
struct Group(Arc<Mutex<Held>>);

#[derive(Default)]
struct Held {
    closed: bool,
    child: Option<Child>,
}

impl Group {
    /// Two processes, and the pipe that both hold open: it ends when they do.
    fn start(&self) -> Option<ChildStdout> {
        let mut held = self.0.lock().unwrap();
        if held.closed {
            return None;
        }
        let mut child = Command::new("sh")
            .args(["-c", "sleep 300 & sleep 300"])
            .process_group(0)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let pipe = child.stdout.take();
        held.child = Some(child);
        pipe
    }

    fn kill(&self) {
        let mut held = self.0.lock().unwrap();
        held.closed = true;
        if let Some(mut child) = held.child.take() {
            kill_process_group(Pid::from_child(&child), Signal::KILL).unwrap();
            let _ = child.wait().unwrap();
        }
    }
}

struct Killer(Group);

impl Drop for Killer {
    fn drop(&mut self) {
        self.0.kill();
    }
}

/// Whether all that hold the pipe open end soon.
fn ends(mut pipe: ChildStdout, patience: Duration) -> bool {
    let (tell, ended) = mpsc::channel();
    drop(thread::spawn(move || {
        let _ = pipe.read_to_end(&mut Vec::new());
        let _ = tell.send(());
    }));
    ended.recv_timeout(patience).is_ok()
}

/// What a random program was, and how its end went.
struct Flight {
    handlers: usize,
    grace: Duration,
    took: Duration,
    reports: Vec<Arc<ShutdownReport>>,
    last_word: Option<ShutdownReport>,
}

/// Lets go of the threads that a flight has blocked.
type Release = Vec<mpsc::Sender<()>>;

/// A program of one to seven handlers that finish, hang, panic, block a thread, block their runtime or
/// hold a process group, on a runtime of either kind, is shut down, and perhaps forced at a random time.
fn fly(seed: u64) -> Flight {
    let mut dice = fastrand::Rng::with_seed(seed);
    let grace = Duration::from_millis(dice.u64(20..250));
    let shutdown = ShutdownManager::new()
        .with_grace(grace)
        .with_limit(Duration::from_millis(dice.u64(10..200)));
    let (speak, last_word) = mpsc::channel();
    let shutdown = shutdown.with_last_word(move |report| _ = speak.send(report.clone()));
    let (give, pipes) = mpsc::channel();
    let mut release = Release::new();
    let handlers = dice.usize(1..8);
    for number in 0..handlers {
        let handler = handler(number, &mut dice, &give, &mut release);
        shutdown.add(handler).unwrap().keep();
    }
    drop(give);

    let runtime = runtime(&mut dice);
    let waiters = dice.usize(1..4);
    let force = dice.bool().then(|| Duration::from_millis(dice.u64(0..250)));
    let (tell, told) = mpsc::channel();
    let began = Instant::now();
    let program = thread::spawn({
        let shutdown = shutdown.clone();
        move || {
            runtime.block_on(async {
                let others = (1..waiters).map(|_| {
                    let shutdown = shutdown.clone();
                    tokio::spawn(async move { shutdown.finished().await })
                });
                let others: Vec<_> = others.collect();
                let mut reports = vec![shutdown.run("test").await];
                let _ = tell.send(());
                for other in others {
                    reports.push(other.await.unwrap());
                }
                reports
            })
        }
    });
    let forcer = thread::spawn({
        let shutdown = shutdown.clone();
        move || {
            if let Some(force) = force {
                thread::park_timeout(force);
                shutdown.force("impatience");
            }
        }
    });
    // The end is the report or, where the runtime is blocked, the last word.
    let mut spoken = None;
    while told.try_recv().is_err() {
        spoken = last_word.recv_timeout(Duration::from_millis(5)).ok();
        if spoken.is_some() {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "no end of {seed}");
    }
    let took = began.elapsed();
    // While the blocked threads still are: that is how an exit of the program would leave it.
    for pipe in pipes.try_iter() {
        assert!(ends(pipe, PATIENCE), "{seed} left a process behind");
    }
    drop(release);
    forcer.join().unwrap();
    Flight {
        handlers,
        grace,
        took,
        reports: program.join().unwrap(),
        last_word: spoken,
    }
}

fn runtime(dice: &mut fastrand::Rng) -> Runtime {
    let mut builder = if dice.bool() {
        Builder::new_current_thread()
    } else {
        Builder::new_multi_thread()
    };
    builder
        .worker_threads(dice.usize(1..3))
        .enable_all()
        .build()
        .unwrap()
}

fn handler(
    number: usize,
    dice: &mut fastrand::Rng,
    give: &mpsc::Sender<ChildStdout>,
    release: &mut Release,
) -> ShutdownHandler {
    let name = number.to_string();
    let priority = dice.i32(0..3);
    let while_ms = Duration::from_millis(dice.u64(0..60));
    let (free, blocked) = mpsc::channel();
    let give = give.clone();
    match dice.u8(0..8) {
        0 => ShutdownHandler::new(name, priority, async || ()),
        1 => ShutdownHandler::new(name, priority, async move || {
            tokio::time::sleep(while_ms).await
        }),
        2 => ShutdownHandler::new(name, priority, pending),
        3 => ShutdownHandler::new(name, priority, async move || {
            tokio::time::sleep(while_ms).await;
            // Like a panic, without its text on the terminal.
            std::panic::resume_unwind(Box::new("as planned"));
        }),
        4 => {
            release.push(free);
            ShutdownHandler::new(name, priority, async move || _ = blocked.recv())
        }
        5 => {
            release.push(free);
            ShutdownHandler::blocking(name, priority, move || _ = blocked.recv())
        }
        // A process group of a future that hangs: its guard is dropped with it, and if the runtime is
        // blocked, which nothing can know in advance, there is the last resort.
        6 => {
            let group = Group::default();
            let own = group.clone();
            let hangs = async move || {
                if let Some(pipe) = own.start() {
                    let _killer = Killer(own);
                    let _ = give.send(pipe);
                    pending().await
                }
            };
            ShutdownHandler::new(name, priority, hangs).with_last_resort(move || group.kill())
        }
        // A process group that was there before, held by a thread that blocks.
        _ => {
            release.push(free);
            let group = Group::default();
            let _ = give.send(group.start().unwrap());
            let killer = Killer(group.clone());
            ShutdownHandler::blocking(name, priority, move || {
                let _killer = killer;
                let _ = blocked.recv();
            })
            .with_last_resort(move || group.kill())
        }
    }
}

/// How many were clean, forced, or ended by the last word; and the longest time beyond a grace.
#[derive(Debug, Default)]
struct Sum {
    clean: usize,
    forced: usize,
    spoken: usize,
    blocked: usize,
    beyond: Duration,
}

/// Checks this many random states, `side` of them side by side.
fn states(count: u64, side: u64) -> Sum {
    let sum = Mutex::new(Sum::default());
    thread::scope(|scope| {
        for lane in 0..side {
            let sum = &sum;
            let _ = scope.spawn(move || {
                for seed in (lane..count).step_by(side as usize) {
                    check(seed, &fly(seed), &mut sum.lock().unwrap());
                }
            });
        }
    });
    sum.into_inner().unwrap()
}

/// What is wrong with it, if anything is.
fn fault(flight: &Flight) -> Option<&'static str> {
    let report = &flight.reports[0];
    let mut names: Vec<_> = report.handlers.iter().map(|one| one.name.clone()).collect();
    names.sort();
    let expected: Vec<_> = (0..flight.handlers)
        .map(|number| number.to_string())
        .collect();
    let told = |other: &Arc<_>| Arc::ptr_eq(other, report);
    let spoken = |word: &ShutdownReport| *word == **report;
    if flight.took > flight.grace + BEYOND {
        Some("it took too long")
    } else if !flight.reports.iter().all(told) || !flight.last_word.as_ref().is_none_or(spoken) {
        Some("not everyone was told the same")
    } else if names != expected {
        Some("not every handler stands once in the report")
    } else {
        None
    }
}

fn check(seed: u64, flight: &Flight, sum: &mut Sum) {
    let report = &flight.reports[0];
    let (took, grace) = (flight.took, flight.grace);
    assert_eq!(
        fault(flight),
        None,
        "{seed}: {took:?} of {grace:?}\n{report}"
    );
    sum.clean += usize::from(report.is_clean());
    sum.forced += usize::from(report.forced_by.is_some());
    sum.spoken += usize::from(flight.last_word.is_some());
    sum.blocked += usize::from(report.handlers.iter().any(|one| one.blocked));
    sum.beyond = sum.beyond.max(flight.took.saturating_sub(flight.grace));
}

#[test]
fn random_states_end_in_time_and_leave_nothing() {
    // The long form: ORCHESTRATOR_LONG=1 cargo test -p orchestrator-core --test it random_states
    let count = if crate::is_long() { 1_000 } else { 30 };
    let sum = states(count, 4);
    crate::show(&format!("{count} states: {sum:?}"));
    // Every way was gone.
    assert!(
        sum.clean > 0 && sum.forced > 0 && sum.spoken > 0 && sum.blocked > 0,
        "{sum:?}"
    );
}

#[test]
fn control_an_orphan_is_seen() {
    // The control: a group that nobody kills holds its pipe open.
    let group = Group::default();
    let pipe = group.start().unwrap();
    let other = pipe.as_fd().try_clone_to_owned().unwrap();
    assert!(!ends(pipe, Duration::from_millis(100)));
    group.kill();
    assert!(ends(other.into(), PATIENCE));
}

#[test]
fn control_a_wrong_end_is_seen() {
    let sound = || fly(1);
    assert_eq!(fault(&sound()), None);
    let mut slow = sound();
    slow.took = slow.grace + BEYOND + Duration::from_millis(1);
    let mut lost = sound();
    lost.handlers += 1;
    let mut split = sound();
    split
        .reports
        .push(Arc::new(ShutdownReport::clone(&split.reports[0])));
    for wrong in [slow, lost, split] {
        assert!(fault(&wrong).is_some());
    }
}

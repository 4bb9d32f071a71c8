//! Scopes under many schedules: whoever waits is told, and the last to leave wakes whoever waits for that.
//!
//! `cargo test -p orchestrator-core --features shuttle shuttle_`

use std::panic;
use std::sync::Arc as StdArc;

use shuttle::thread;

use super::*;
use crate::sync::bed::Bed;

/// What is left out on purpose.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Bug {
    None,
    /// A task lies down without looking whether it was told to end.
    SleepUnseen,
    /// The owner waits without saying so.
    WaitUnsaid,
}

/// A task that would wait for ever, were it not told to end.
fn endless(scope: &Scope, task: TaskId, bug: Bug) {
    let bed = StdArc::new(Bed::default());
    let waker = Waker::from(StdArc::clone(&bed));
    if !scope.has_told(task) {
        let slept = match bug {
            Bug::SleepUnseen => {
                scope.lock().sleepers.insert(task.0, waker);
                true
            }
            _ => scope.sleep(task, &waker),
        };
        if slept {
            loop {
                bed.sleep();
                if scope.has_told(task) {
                    break;
                }
            }
        }
    }
    scope.leave(task, task.0 as usize);
}

fn wait_until_empty(scope: &Scope, bug: Bug) {
    let bed = StdArc::new(Bed::default());
    let waker = Waker::from(StdArc::clone(&bed));
    let mut context = Context::from_waker(&waker);
    loop {
        if bug == Bug::WaitUnsaid {
            if scope.try_close() {
                return;
            }
            scope.lock().joiners.push(waker.clone());
        } else if scope.poll_empty(&mut context).is_ready() {
            return;
        }
        bed.sleep();
    }
}

/// Tasks in a scope and in one below it; one is aborted, then all are cancelled.
fn run(bug: Bug) {
    let shared = Arc::new(Shared::new(&[], false));
    let root = Scope::root(shared);
    let below = root.of_task(TaskId(1), 0, Budget::unlimited());
    let scopes = [(root.clone(), 1), (root.clone(), 2), (below.clone(), 3)];
    let tasks: Vec<_> = scopes
        .into_iter()
        .map(|(scope, task)| {
            assert!(scope.enter());
            thread::spawn(move || endless(&scope, TaskId(task), bug))
        })
        .collect();
    let told = root.clone();
    let teller = thread::spawn(move || {
        told.abort(TaskId(1));
        told.cancel();
    });
    wait_until_empty(&below, bug);
    wait_until_empty(&root, bug);
    assert!(!root.enter() && !below.enter(), "both are closed");
    assert!(below.is_cancelled(), "the task that owns it was told");
    for thread in tasks.into_iter().chain([teller]) {
        thread.join().unwrap();
    }
    let inner = root.lock();
    assert!(inner.sleepers.is_empty() && inner.joiners.is_empty());
}

fn is_caught(bug: Bug) -> bool {
    panic::catch_unwind(move || shuttle::check_random(move || run(bug), 5_000)).is_err()
}

#[test]
fn shuttle_all_are_told_and_the_last_says_so() {
    shuttle::check_random(|| run(Bug::None), 6_000);
    shuttle::check_pct(|| run(Bug::None), 3_000, 3);
}

#[test]
fn shuttle_control_a_task_that_lies_down_unseen_is_not_told() {
    assert!(is_caught(Bug::SleepUnseen));
}

#[test]
fn shuttle_control_an_owner_that_waits_unsaid_is_not_woken() {
    assert!(is_caught(Bug::WaitUnsaid));
}

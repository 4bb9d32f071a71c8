//! Futures that are safe to drop, and futures that are not.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Mutex;

use super::*;

/// Pending so many times, waking itself each time.
async fn yields(count: usize) {
    for _ in 0..count {
        let mut first = true;
        std::future::poll_fn(|context| {
            if std::mem::take(&mut first) {
                context.waker().wake_by_ref();
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
    }
}

#[test]
fn each_point_is_tried_once() {
    let made = Cell::new(0);
    let mut seen = Vec::new();
    let awaits = drop_at_every_await(
        || {
            made.set(made.get() + 1);
            async {
                yields(3).await;
                "done"
            }
        },
        |dropped| seen.push((dropped.polls, dropped.wakes, dropped.completed)),
    );
    let expected = Awaits {
        polls: 4,
        output: "done",
    };
    assert_eq!(awaits, Ok(expected));
    assert_eq!(made.get(), 5);
    let points = [
        (0, 0, false),
        (1, 1, false),
        (2, 2, false),
        (3, 3, false),
        (4, 3, true),
    ];
    assert_eq!(seen, points);
}

/// Moves one from the left to the right; between both it waits.
async fn carry(scales: &RefCell<(i32, i32)>) {
    scales.borrow_mut().0 -= 1;
    yields(1).await;
    scales.borrow_mut().1 += 1;
}

#[test]
fn control_what_is_left_half_done_is_seen() {
    let scales = RefCell::new((10, 0));
    let mut broken = Vec::new();
    drop_at_every_await(
        || carry(&scales),
        |dropped| {
            let (left, right) = scales.replace((10, 0));
            if left + right != 10 {
                broken.push(dropped.polls);
            }
        },
    )
    .unwrap();
    assert_eq!(broken, [1]);
}

#[test]
fn a_future_that_is_dropped_is_really_dropped() {
    let token = Rc::new(());
    drop_at_every_await(
        || {
            let token = Rc::clone(&token);
            async move {
                yields(2).await;
                drop(token);
            }
        },
        |_| assert_eq!(Rc::strong_count(&token), 1),
    )
    .unwrap();
}

#[test]
fn another_thread_may_do_the_waking() {
    let awaits = drop_at_every_await(
        || {
            let place = Arc::new(Mutex::new((false, None::<Waker>)));
            let other = Arc::clone(&place);
            let thread = std::thread::spawn(move || {
                let mut place = other.lock().unwrap();
                place.0 = true;
                if let Some(waker) = place.1.take() {
                    waker.wake();
                }
            });
            async move {
                std::future::poll_fn(|context| {
                    let mut place = place.lock().unwrap();
                    place.1 = Some(context.waker().clone());
                    if place.0 {
                        Poll::Ready(())
                    } else {
                        Poll::Pending
                    }
                })
                .await;
                thread.join().unwrap();
            }
        },
        |_| {},
    )
    .unwrap();
    assert!((1..=2).contains(&awaits.polls));
}

#[test]
fn control_a_lost_wake_up_is_seen() {
    let hasty = DropAtEveryAwait::default().with_patience(Duration::from_millis(1));
    let stuck = hasty.run(std::future::pending::<()>, |_| {});
    assert_eq!(stuck, Err(StuckError::NeverWoken { polls: 1 }));
}

#[test]
fn control_a_waker_that_is_kept_is_seen() {
    let place = Mutex::new(None);
    let hasty = DropAtEveryAwait::default().with_patience(Duration::from_millis(1));
    let mut kept = Vec::new();
    // Each future puts its waker in the place of the one before, and leaves it there.
    hasty
        .run(
            || async {
                std::future::poll_fn(|context| {
                    context.waker().wake_by_ref();
                    match place.lock().unwrap().replace(context.waker().clone()) {
                        Some(_) => Poll::Ready(()),
                        None => Poll::Pending,
                    }
                })
                .await;
            },
            |dropped| kept.push(dropped.wakers),
        )
        .unwrap();
    assert_eq!(kept, [0, 1, 1]);
}

#[test]
fn a_future_without_an_end_is_seen() {
    let short = DropAtEveryAwait::default().with_limit(20);
    let stuck = short.run(|| yields(usize::MAX), |_| {});
    assert_eq!(stuck, Err(StuckError::TooManyPolls { polls: 20 }));
}

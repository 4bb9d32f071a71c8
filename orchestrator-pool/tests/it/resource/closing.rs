//! The end of a pool.

use std::sync::atomic::Ordering::SeqCst;

use super::{config, pool, settle};

#[tokio::test]
async fn closing_ends_waits_and_destroys_what_is_idle() {
    let (pool, world) = pool(config(2));
    let (held, idle) = (
        pool.checkout().await.unwrap(),
        pool.checkout().await.unwrap(),
    );
    drop(idle);
    let second = pool.checkout().await.unwrap();
    let waiting = tokio::spawn({
        let pool = pool.clone();
        async move { pool.checkout().await.map(drop) }
    });
    settle().await;
    drop(second);
    settle().await;
    assert!(waiting.await.unwrap().is_ok());
    assert_eq!(world.alive.load(SeqCst), 2);

    pool.close();
    assert!(pool.is_closed());
    assert_eq!(
        world.alive.load(SeqCst),
        1,
        "the idle one is gone, the lent one is not"
    );
    assert!(pool.checkout().await.is_err_and(|error| error.is_closed()));
    drop(held);
    assert_eq!(world.alive.load(SeqCst), 0);
    let stats = pool.stats();
    assert_eq!(
        (stats.created, stats.destroyed, stats.idle, stats.in_use),
        (2, 2, 0, 0)
    );
    pool.close();
}

#[tokio::test]
async fn a_checkout_that_waits_is_told() {
    let (pool, _) = pool(config(1));
    let _held = pool.checkout().await.unwrap();
    let waiting = tokio::spawn({
        let pool = pool.clone();
        async move { pool.checkout().await.map(drop) }
    });
    settle().await;
    pool.close();
    assert!(waiting.await.unwrap().is_err_and(|error| error.is_closed()));
}

#[tokio::test]
async fn a_checkout_whose_turn_has_come_is_told_too() {
    let (pool, world) = pool(config(1));
    let held = pool.checkout().await.unwrap();
    let waiting = tokio::spawn({
        let pool = pool.clone();
        async move { pool.checkout().await.map(drop) }
    });
    settle().await;
    drop(held); // The place and the resource are free, but the waiting task has not run yet.
    pool.close();
    assert_eq!(world.alive.load(SeqCst), 0);
    assert!(waiting.await.unwrap().is_err_and(|error| error.is_closed()));
    assert_eq!(
        world.made.load(SeqCst),
        1,
        "nothing is made for a closed pool"
    );
}

#[tokio::test]
async fn a_resource_finished_after_the_close_is_not_lent() {
    let (pool, world) = pool(config(1));
    let mut creating = std::pin::pin!(pool.checkout());
    // Polled once, the manager's `create` stands at its await.
    let first = std::future::poll_fn(|cx| std::task::Poll::Ready(creating.as_mut().poll(cx)));
    assert!(first.await.is_pending());
    pool.close();
    assert!(creating.await.is_err_and(|error| error.is_closed()));
    assert_eq!((world.made.load(SeqCst), world.alive.load(SeqCst)), (1, 0));
}

#[tokio::test]
async fn the_last_handle_takes_the_idle_ones_along() {
    let (pool, world) = pool(config(2));
    let (held, idle) = (
        pool.checkout().await.unwrap(),
        pool.checkout().await.unwrap(),
    );
    drop(idle);
    drop(pool);
    assert_eq!(world.alive.load(SeqCst), 1);
    drop(held);
    assert_eq!(world.alive.load(SeqCst), 0);
}

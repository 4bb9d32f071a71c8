//! Looking after what lies idle, and the end of it.

use std::{sync::atomic::Ordering::SeqCst, time::Duration};

use super::{config, pool, settle};

#[tokio::test(start_paused = true)]
async fn what_is_broken_is_found_while_it_lies_idle() {
    let (pool, world) = pool(config(3));
    let (zero, mut one, two) = (
        pool.checkout().await.unwrap(),
        pool.checkout().await.unwrap(),
        pool.checkout().await.unwrap(),
    );
    one.spoilt = true;
    drop((zero, one));
    assert_eq!(pool.check_idle().await, 1);
    assert_eq!((world.alive.load(SeqCst), world.made.load(SeqCst)), (2, 3));
    assert_eq!(pool.stats().rejected, 1);
    assert_eq!(
        pool.check_idle().await,
        0,
        "the one that is lent is left alone"
    );
    drop(two);
    assert_eq!(pool.check_idle().await, 0);
    assert_eq!(world.alive.load(SeqCst), 2);
}

#[tokio::test]
async fn a_check_makes_nothing_and_is_no_use() {
    let (pool, world) = pool(config(2).with_max_reuse(1));
    assert_eq!(pool.check_idle().await, 0);
    assert_eq!(world.made.load(SeqCst), 0);
    drop(pool.checkout().await.unwrap());
    for _ in 0..5 {
        assert_eq!(pool.check_idle().await, 0);
    }
    assert_eq!(
        pool.checkout().await.unwrap().number,
        0,
        "it has a use left"
    );
    assert_eq!(pool.checkout().await.unwrap().number, 1);
}

#[tokio::test(start_paused = true)]
async fn checks_come_by_themselves_until_the_guard_goes() {
    let minute = Duration::from_secs(60);
    let (pool, world) = pool(config(2).with_health_check(minute));
    let checks = pool.keep_healthy();
    pool.checkout().await.unwrap().spoilt = true;
    tokio::time::sleep(minute / 2).await;
    assert_eq!(world.alive.load(SeqCst), 1);
    tokio::time::sleep(minute).await;
    assert_eq!(world.alive.load(SeqCst), 0);

    pool.checkout().await.unwrap().spoilt = true;
    drop(checks);
    tokio::time::sleep(minute * 3).await;
    assert_eq!(world.alive.load(SeqCst), 1, "nobody looks any more");
}

#[tokio::test(start_paused = true)]
async fn a_silent_pool_gives_back_what_is_stale() {
    let config = config(2).with_idle_timeout(Duration::from_secs(90));
    let (pool, world) = pool(config);
    let _checks = pool.keep_healthy();
    drop(pool.checkout().await.unwrap());
    tokio::time::sleep(Duration::from_secs(119)).await;
    assert_eq!(world.alive.load(SeqCst), 1);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(world.alive.load(SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn the_checks_end_with_the_pool() {
    let (one, _) = pool(config(1));
    let (other, _) = pool(config(1));
    let checks = [one.keep_healthy(), other.keep_healthy()];
    one.close();
    drop(other);
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert!(checks.iter().all(|checks| checks.is_over()));
}

#[tokio::test]
async fn a_drain_waits_for_what_is_lent() {
    let (pool, world) = pool(config(2));
    let (held, idle) = (
        pool.checkout().await.unwrap(),
        pool.checkout().await.unwrap(),
    );
    drop(idle);
    let draining = tokio::spawn({
        let pool = pool.clone();
        async move { pool.drain().await }
    });
    settle().await;
    assert!(!draining.is_finished());
    assert_eq!(world.alive.load(SeqCst), 1, "the idle one is gone already");
    assert!(pool.checkout().await.is_err_and(|error| error.is_closed()));
    drop(held);
    draining.await.unwrap();
    assert_eq!(world.alive.load(SeqCst), 0);
    pool.drain().await;
}

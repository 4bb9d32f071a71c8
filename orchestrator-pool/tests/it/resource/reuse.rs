//! What is used again, and what no longer is.

use std::{sync::atomic::Ordering::SeqCst, time::Duration};

use orchestrator_pool::{CheckoutError, PoolConfig};

use super::{SCRUBBING, config, pool};

#[test]
fn defaults() {
    let config = PoolConfig::default();
    assert_eq!((config.max_size.get(), config.max_reuse), (5, 10));
    assert_eq!(config.idle_timeout, Duration::from_secs(300));
}

#[tokio::test]
async fn a_resource_comes_back_clean() {
    let (pool, _) = pool(config(2));
    let mut desk = pool.checkout().await.unwrap();
    desk.dirty = true;
    drop(desk);
    let desk = pool.checkout().await.unwrap();
    assert_eq!((desk.number, desk.dirty), (0, false));
    let stats = pool.stats();
    assert_eq!((stats.created, stats.recycled, stats.destroyed), (1, 1, 0));
    assert_eq!((stats.idle, stats.in_use), (0, 1));
    drop(desk);
    let stats = pool.stats();
    assert_eq!((stats.idle, stats.in_use), (1, 0));
}

#[tokio::test]
async fn the_last_one_back_is_lent_first() {
    let (pool, _) = pool(config(2));
    let (zero, one) = (
        pool.checkout().await.unwrap(),
        pool.checkout().await.unwrap(),
    );
    drop(zero);
    drop(one);
    assert_eq!(pool.checkout().await.unwrap().number, 1);
}

#[tokio::test]
async fn a_resource_is_reused_max_reuse_times() {
    let (pool, world) = pool(config(1).with_max_reuse(2));
    let mut numbers = Vec::new();
    for _ in 0..7 {
        numbers.push(pool.checkout().await.unwrap().number);
    }
    assert_eq!(numbers, [0, 0, 0, 1, 1, 1, 2]);
    // It goes when it comes back, not when the next one is asked for.
    drop(pool.checkout().await.unwrap());
    drop(pool.checkout().await.unwrap());
    assert_eq!(world.alive.load(SeqCst), 0);
}

#[tokio::test]
async fn no_reuse_means_a_new_one_each_time() {
    let (pool, world) = pool(config(1).with_max_reuse(0));
    for number in 0..3 {
        assert_eq!(pool.checkout().await.unwrap().number, number);
        assert_eq!(world.alive.load(SeqCst), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_cleaned_is_replaced() {
    let (pool, world) = pool(config(1));
    pool.checkout().await.unwrap().spoilt = true;
    let desk = pool.checkout().await.unwrap();
    assert_eq!((desk.number, desk.spoilt), (1, false));
    let stats = pool.stats();
    assert_eq!(
        (
            stats.created,
            stats.recycled,
            stats.rejected,
            stats.destroyed
        ),
        (2, 0, 1, 1)
    );
    assert_eq!(world.most_alive.load(SeqCst), 1);
}

#[tokio::test]
async fn a_discarded_resource_is_gone_at_once() {
    let (pool, world) = pool(config(1));
    pool.checkout().await.unwrap().discard();
    assert_eq!(world.alive.load(SeqCst), 0);
    assert_eq!(pool.stats().destroyed, 1);
    assert_eq!(pool.checkout().await.unwrap().number, 1);
}

#[tokio::test(start_paused = true)]
async fn what_lies_idle_too_long_is_not_lent_again() {
    let (pool, world) = pool(config(3).with_idle_timeout(Duration::from_secs(60)));
    let (zero, one) = (
        pool.checkout().await.unwrap(),
        pool.checkout().await.unwrap(),
    );
    drop(zero);
    tokio::time::advance(Duration::from_secs(40)).await;
    drop(one);
    tokio::time::advance(Duration::from_secs(19)).await;
    assert_eq!(pool.evict_idle(), 0);
    assert_eq!(pool.stats().idle, 2);

    tokio::time::advance(Duration::from_secs(1)).await;
    // The time counts from the return, so `one` is still good; `zero` goes on the way.
    assert_eq!(pool.checkout().await.unwrap().number, 1);
    assert_eq!(world.alive.load(SeqCst), 1);

    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(pool.evict_idle(), 1);
    assert_eq!(world.alive.load(SeqCst), 0);
    assert_eq!(pool.checkout().await.unwrap().number, 2);
}

#[tokio::test(start_paused = true)]
async fn what_grew_stale_while_another_was_cleaned_is_not_lent() {
    let (pool, _) = pool(config(2).with_idle_timeout(SCRUBBING));
    let (zero, mut one) = (
        pool.checkout().await.unwrap(),
        pool.checkout().await.unwrap(),
    );
    one.spoilt = true;
    drop(zero);
    drop(one);
    assert_eq!(pool.checkout().await.unwrap().number, 2);
}

#[tokio::test]
async fn a_failed_creation_is_told_and_blocks_nobody() {
    let (pool, world) = pool(config(1));
    world.fail_create.store(true, SeqCst);
    for _ in 0..3 {
        let error = pool.checkout().await.err().unwrap();
        assert!(!error.is_closed());
        assert!(
            matches!(error, CheckoutError::Create(ref cause) if cause.to_string() == "out of wood")
        );
    }
    world.fail_create.store(false, SeqCst);
    assert_eq!(pool.checkout().await.unwrap().number, 0);
}

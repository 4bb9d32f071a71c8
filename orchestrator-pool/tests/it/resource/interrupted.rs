//! Cancellation and panics, at every point where they can strike.

use std::sync::atomic::Ordering::SeqCst;

use super::{config, pool, settle};

#[tokio::test]
async fn a_cancelled_wait_leaks_nothing() {
    let (pool, world) = pool(config(1));
    let held = pool.checkout().await.unwrap();
    for _ in 0..10 {
        let waiting = tokio::spawn({
            let pool = pool.clone();
            async move { pool.checkout().await.map(drop) }
        });
        settle().await;
        waiting.abort();
        assert!(waiting.await.unwrap_err().is_cancelled());
    }
    drop(held);
    assert_eq!(
        pool.checkout().await.unwrap().number,
        0,
        "the place is free"
    );
    let stats = pool.stats();
    assert_eq!((stats.created, stats.idle, stats.in_use), (1, 1, 0));
    assert_eq!(world.alive.load(SeqCst), 1);
}

#[tokio::test]
async fn a_wait_cancelled_when_its_turn_has_come_leaks_nothing() {
    let (pool, _) = pool(config(1));
    let held = pool.checkout().await.unwrap();
    let waiting = tokio::spawn({
        let pool = pool.clone();
        async move { pool.checkout().await.map(drop) }
    });
    settle().await;
    drop(held); // The place is given to the waiting task,
    waiting.abort(); // which never runs again.
    assert!(waiting.await.unwrap_err().is_cancelled());
    assert_eq!(pool.checkout().await.unwrap().number, 0);
}

#[tokio::test]
async fn a_cancelled_creation_frees_its_place() {
    let (pool, world) = pool(config(1));
    world.hang_create.store(true, SeqCst);
    let creating = tokio::spawn({
        let pool = pool.clone();
        async move { pool.checkout().await.map(drop) }
    });
    settle().await;
    creating.abort();
    assert!(creating.await.unwrap_err().is_cancelled());
    world.hang_create.store(false, SeqCst);
    assert_eq!(pool.checkout().await.unwrap().number, 0);
}

#[tokio::test]
async fn a_resource_whose_cleaning_was_cancelled_is_destroyed() {
    let (pool, world) = pool(config(1));
    pool.checkout().await.unwrap().dirty = true;
    world.hang_recycle.store(true, SeqCst);
    let cleaning = tokio::spawn({
        let pool = pool.clone();
        async move { pool.checkout().await.map(drop) }
    });
    settle().await;
    cleaning.abort();
    assert!(cleaning.await.unwrap_err().is_cancelled());
    assert_eq!(world.alive.load(SeqCst), 0);
    assert_eq!(pool.checkout().await.unwrap().number, 1);
}

#[tokio::test]
async fn a_cancelled_holder_gives_back() {
    let (pool, _) = pool(config(1));
    let holder = tokio::spawn({
        let pool = pool.clone();
        async move {
            let mut desk = pool.checkout().await.unwrap();
            desk.dirty = true;
            std::future::pending::<()>().await;
        }
    });
    settle().await;
    holder.abort();
    assert!(holder.await.unwrap_err().is_cancelled());
    let desk = pool.checkout().await.unwrap();
    assert_eq!((desk.number, desk.dirty), (0, false));
}

#[tokio::test]
async fn a_panicking_holder_destroys() {
    let (pool, world) = pool(config(1));
    let holder = tokio::spawn({
        let pool = pool.clone();
        async move {
            let _desk = pool.checkout().await.unwrap();
            panic!("on purpose");
        }
    });
    assert!(holder.await.unwrap_err().is_panic());
    assert_eq!(world.alive.load(SeqCst), 0);
    assert_eq!(pool.stats().in_use, 0);
    assert_eq!(
        pool.checkout().await.unwrap().number,
        1,
        "the place is free"
    );
}

#[tokio::test]
async fn a_panic_in_cleaning_destroys() {
    let (pool, world) = pool(config(1));
    drop(pool.checkout().await.unwrap());
    world.panic_in_recycle.store(true, SeqCst);
    let cleaning = tokio::spawn({
        let pool = pool.clone();
        async move { pool.checkout().await.map(drop) }
    });
    assert!(cleaning.await.unwrap_err().is_panic());
    world.panic_in_recycle.store(false, SeqCst);
    assert_eq!(world.alive.load(SeqCst), 0);
    assert_eq!(pool.checkout().await.unwrap().number, 1);
}

//! Never more than `max_size`.

use std::{sync::atomic::Ordering::SeqCst, time::Duration};

use orchestrator_pool::{Lease, PoolConfig, ResourcePool};

use super::{Desks, config, pool, settle};

/// A thousand at once, on several threads, with every way of coming back: clean, spoilt,
/// discarded, panicking, cancelled.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_checkouts_share_a_few() {
    const SIZE: usize = 4;
    let (pool, world) = pool(config(SIZE).with_max_reuse(3));
    let tasks: Vec<_> = (0..1_000)
        .map(|task| {
            let pool = pool.clone();
            tokio::spawn(async move {
                let mut desk = pool.checkout().await.unwrap();
                assert!(!desk.dirty, "lent as it was left");
                desk.dirty = true;
                tokio::task::yield_now().await;
                match task % 10 {
                    0 => desk.spoilt = true,
                    1 => desk.discard(),
                    2 => std::panic::resume_unwind(Box::new("on purpose, and quietly")),
                    3 => {
                        // Cancelled while it holds the desk.
                        let held = async move {
                            let _desk = desk;
                            std::future::pending::<()>().await;
                        };
                        tokio::select! {
                            biased;
                            () = held => {}
                            () = tokio::task::yield_now() => {}
                        }
                    }
                    _ => {}
                }
            })
        })
        .collect();
    // Cancelled from outside, wherever they stand.
    tasks
        .iter()
        .skip(4)
        .step_by(10)
        .for_each(|task| task.abort());
    for (index, task) in tasks.into_iter().enumerate() {
        let panicked = task.await.is_err_and(|error| error.is_panic());
        assert_eq!(panicked, index % 10 == 2, "task {index}");
    }
    assert!(
        world.most_alive.load(SeqCst) <= SIZE,
        "{} alive",
        world.most_alive.load(SeqCst)
    );
    let stats = pool.stats();
    assert_eq!(stats.in_use, 0);
    assert_eq!(stats.idle as usize, world.alive.load(SeqCst));
    assert_eq!(stats.created as usize, world.made.load(SeqCst));
    assert_eq!(stats.created, stats.destroyed + stats.idle);

    // Every place is free again.
    let mut all = Vec::new();
    for _ in 0..SIZE {
        all.push(pool.checkout().await.unwrap());
    }
    drop(all);
    pool.close();
    assert_eq!(world.alive.load(SeqCst), 0);
}

/// Destroys the only resource, stops in the middle of its `Drop`, and asks for another.
async fn the_next_one_waits_for(
    config: PoolConfig,
    destroy: impl FnOnce(ResourcePool<Desks>, Lease<Desks>) + Send + 'static,
) {
    let (pool, world) = pool(config);
    let desk = pool.checkout().await.unwrap();
    world.stop_in_drop.store(true, SeqCst);
    let destroying = std::thread::spawn({
        let pool = pool.clone();
        move || destroy(pool, desk)
    });
    world.gate.wait(); // It is in `drop` now.
    let next = tokio::spawn({
        let pool = pool.clone();
        async move { pool.checkout().await.unwrap().number }
    });
    settle().await;
    let made = world.made.load(SeqCst);
    world.stop_in_drop.store(false, SeqCst);
    world.gate.wait(); // And may leave it.
    destroying.join().unwrap();
    assert_eq!(next.await.unwrap(), 1);
    assert_eq!(
        made, 1,
        "a second was made while the first was still being destroyed"
    );
    assert_eq!(world.most_alive.load(SeqCst), 1);
}

#[tokio::test]
async fn a_discarded_resource_keeps_its_place_until_it_is_gone() {
    the_next_one_waits_for(config(1), |_, desk| desk.discard()).await;
}

#[tokio::test]
async fn an_evicted_resource_keeps_its_place_until_it_is_gone() {
    the_next_one_waits_for(config(1).with_idle_timeout(Duration::ZERO), |pool, desk| {
        drop(desk);
        pool.evict_idle();
    })
    .await;
}

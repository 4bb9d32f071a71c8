//! A pool for each key.

use std::sync::{Arc, atomic::Ordering::SeqCst};

use orchestrator_pool::ResourcePools;

use super::{Desks, World, config, settle};

fn pools() -> (Arc<ResourcePools<&'static str, Desks>>, Arc<World>) {
    let world = Arc::new(World::new());
    let of = Arc::clone(&world);
    let make = move |key: &&'static str| {
        let size = if *key == "many" { 2 } else { 1 };
        (Desks(Arc::clone(&of)), config(size))
    };
    (Arc::new(ResourcePools::new(make)), world)
}

#[tokio::test]
async fn each_key_has_its_own() {
    let (pools, world) = pools();
    drop(pools.checkout(&"one").await.unwrap());
    assert_eq!(pools.checkout(&"other").await.unwrap().number, 1);
    assert_eq!(pools.checkout(&"one").await.unwrap().number, 0);
    assert_eq!(world.made.load(SeqCst), 2);
    let mut stats = pools.stats();
    stats.sort_by_key(|(key, _)| *key);
    let counts = stats
        .iter()
        .map(|(key, stats)| (*key, stats.created, stats.recycled));
    assert_eq!(counts.collect::<Vec<_>>(), [("one", 1, 1), ("other", 1, 0)]);
}

#[tokio::test]
async fn one_key_waits_and_the_others_do_not() {
    let (pools, _) = pools();
    let held = pools.checkout(&"one").await.unwrap();
    let waiting = tokio::spawn({
        let pools = Arc::clone(&pools);
        async move { pools.checkout(&"one").await.unwrap().number }
    });
    settle().await;
    assert!(!waiting.is_finished());
    let many = (
        pools.checkout(&"many").await.unwrap(),
        pools.checkout(&"many").await.unwrap(),
    );
    drop(held);
    assert_eq!(waiting.await.unwrap(), 0);
    drop(many);
}

#[tokio::test]
async fn all_are_checked_and_drained() {
    let (pools, world) = pools();
    pools.checkout(&"one").await.unwrap().spoilt = true;
    drop(pools.checkout(&"other").await.unwrap());
    assert_eq!(pools.check_idle().await, 1);
    assert_eq!(world.alive.load(SeqCst), 1);
    assert_eq!(pools.evict_idle(), 0);
    pools.drain().await;
    assert_eq!(world.alive.load(SeqCst), 0);
    for key in ["one", "new"] {
        assert!(
            pools
                .checkout(&key)
                .await
                .is_err_and(|error| error.is_closed())
        );
    }
}

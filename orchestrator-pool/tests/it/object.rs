//! Objects that are used again, on one thread and on several.

use std::{
    collections::HashSet,
    num::NonZeroUsize,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
};

use orchestrator_pool::{ObjectPool, ObjectPoolConfig, ObjectStats, Pooled, Recycle};

/// What the tests see of the objects.
#[derive(Default)]
struct World {
    alive: AtomicUsize,
    made: AtomicUsize,
    /// Makes recycling panic.
    is_cursed: AtomicBool,
    /// The numbers of those that somebody has.
    out: Mutex<HashSet<usize>>,
}

/// Knows its number, and carries what its last user has left.
struct Card {
    number: usize,
    canary: Option<u64>,
    is_spoilt: bool,
    world: Arc<World>,
}

impl Recycle for Card {
    fn recycle(&mut self) -> bool {
        assert!(!self.world.is_cursed.load(SeqCst), "on purpose");
        self.canary = None;
        !self.is_spoilt
    }
}

impl Drop for Card {
    fn drop(&mut self) {
        self.world.alive.fetch_sub(1, SeqCst);
    }
}

fn pool(config: ObjectPoolConfig) -> (Arc<ObjectPool<Card>>, Arc<World>) {
    let world = Arc::new(World::default());
    let of = Arc::clone(&world);
    let make = move || {
        of.alive.fetch_add(1, SeqCst);
        Card {
            number: of.made.fetch_add(1, SeqCst),
            canary: None,
            is_spoilt: false,
            world: Arc::clone(&of),
        }
    };
    (Arc::new(ObjectPool::new(config, make)), world)
}

fn config(magazine: usize, max_idle: usize) -> ObjectPoolConfig {
    ObjectPoolConfig::default()
        .with_magazine(NonZeroUsize::new(magazine).unwrap())
        .with_max_idle(max_idle)
}

fn counts(stats: ObjectStats) -> (u64, u64, u64, u64) {
    (stats.lent, stats.made, stats.kept, stats.dropped)
}

#[test]
fn what_comes_back_is_lent_again_and_clean() {
    let (pool, world) = pool(ObjectPoolConfig::default());
    let mut card = pool.get();
    card.canary = Some(7);
    assert_eq!(pool.stats().out(), 1);
    drop(card);
    let card = pool.get_owned();
    assert_eq!((card.number, card.canary), (0, None));
    drop(card);
    assert_eq!(counts(pool.stats()), (2, 1, 2, 0));
    assert_eq!(pool.stats().out(), 0);
    drop(pool);
    assert_eq!(
        world.alive.load(SeqCst),
        0,
        "the pool takes its objects along"
    );
}

#[test]
fn what_is_spoilt_discarded_or_caught_in_a_panic_is_dropped() {
    let (pool, world) = pool(ObjectPoolConfig::default());
    pool.get().is_spoilt = true;
    assert_eq!(world.alive.load(SeqCst), 0);
    pool.get().discard();
    pool.get_owned().discard();
    assert_eq!(world.alive.load(SeqCst), 0);
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let _card = pool.get();
        panic!("on purpose");
    }));
    assert!(caught.is_err());
    assert_eq!(world.alive.load(SeqCst), 0);
    world.is_cursed.store(true, SeqCst);
    let caught = catch_unwind(AssertUnwindSafe(|| drop(pool.get())));
    assert!(caught.is_err(), "a panic in recycling is the giver's");
    assert_eq!(world.alive.load(SeqCst), 0);
    assert_eq!(counts(pool.stats()), (5, 5, 0, 5));
    world.is_cursed.store(false, SeqCst);
    drop(pool.get());
    assert_eq!(world.alive.load(SeqCst), 1);
}

#[test]
fn what_is_idle_is_bounded() {
    let (pool, world) = pool(config(4, 8));
    let many: Vec<_> = (0..100).map(|_| pool.get()).collect();
    drop(many);
    // Two magazines in the depot, and no more than two on this thread.
    let idle = world.alive.load(SeqCst);
    assert!((12..=16).contains(&idle), "{idle} are idle");
    let stats = pool.stats();
    assert_eq!(stats.kept as usize, idle);
    assert_eq!(stats.kept + stats.dropped, 100);
}

#[test]
fn nothing_is_kept_in_a_depot_of_none() {
    let (pool, world) = pool(config(1, 0));
    drop([pool.get(), pool.get(), pool.get(), pool.get()]);
    assert_eq!(world.alive.load(SeqCst), 2, "this thread's");
}

#[test]
fn objects_come_back_on_other_threads() {
    let (pool, world) = pool(config(4, 64));
    let (give, take) = mpsc::sync_channel(16);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..10_000 {
                give.send(pool.get()).unwrap();
            }
            drop(give);
        });
        let taker = scope.spawn(move || take.into_iter().map(drop).count());
        assert_eq!(taker.join().unwrap(), 10_000);
    });
    let made = world.made.load(SeqCst);
    assert!(
        made < 100,
        "{made} were made: they do not find their way back"
    );
}

/// The user of an object may use the pool: also when it is made and when it is recycled.
#[test]
fn making_and_recycling_may_use_the_pool() {
    struct Nested(Option<Arc<ObjectPool<String>>>);
    impl Recycle for Nested {
        fn recycle(&mut self) -> bool {
            if let Some(pool) = &self.0 {
                pool.get().push('x');
            }
            true
        }
    }
    let inner = Arc::new(ObjectPool::new(ObjectPoolConfig::default(), String::new));
    let of = Arc::clone(&inner);
    let outer = ObjectPool::new(ObjectPoolConfig::default(), move || {
        of.get().push('y');
        Nested(Some(Arc::clone(&of)))
    });
    drop(outer.get());
    drop(outer.get());
    assert_eq!(counts(inner.stats()), (3, 1, 3, 0));
}

const CHECKOUTS: usize = 1_000_000;

/// A million, on four threads, with every way of coming back: clean, spoilt, discarded, in a
/// panic, on another thread. Each object carries a canary, which nobody else may see.
#[test]
fn a_million_checkouts_leak_nothing_and_lend_nothing_twice() {
    const THREADS: usize = 4;
    let (pool, world) = pool(config(8, 64));
    let (give, take) = mpsc::sync_channel::<Taken<'_>>(64);
    let (pool, world) = (&*pool, &*world);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let give = give.clone();
                scope.spawn(move || {
                    let mut rng = fastrand::Rng::with_seed(thread as u64);
                    for _ in 0..CHECKOUTS / THREADS {
                        let taken = Taken::new(pool, world, rng.u64(1..));
                        match rng.u32(..1_000) {
                            0 => panics_with(taken),
                            1..=10 => taken.spoil(),
                            11..=20 => taken.discard(),
                            21..=60 => give.send(taken).unwrap(),
                            _ => {}
                        }
                    }
                })
            })
            .collect();
        drop(give);
        for taken in take {
            drop(taken);
        }
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    });
    let stats = pool.stats();
    assert_eq!(stats.lent as usize, CHECKOUTS);
    assert_eq!(stats.out(), 0);
    assert_eq!(stats.made as usize, world.made.load(SeqCst));
    assert!(
        stats.made < stats.lent / 20,
        "{stats:?}: hardly any is used again"
    );
    assert!(world.out.lock().unwrap().is_empty());
}

/// A card that somebody has, and the proof that nobody else does.
struct Taken<'a> {
    card: Option<Pooled<'a, Card>>,
    world: &'a World,
}

impl<'a> Taken<'a> {
    fn new(pool: &'a ObjectPool<Card>, world: &'a World, canary: u64) -> Self {
        let mut card = pool.get();
        assert_eq!(card.canary, None, "the last user's canary");
        card.canary = Some(canary);
        let is_free = world.out.lock().unwrap().insert(card.number);
        assert!(is_free, "card {} is lent twice", card.number);
        let card = Some(card);
        Self { card, world }
    }

    fn spoil(mut self) {
        self.card.as_mut().unwrap().is_spoilt = true;
    }

    fn discard(mut self) {
        let card = self.card.take().unwrap();
        self.world.out.lock().unwrap().remove(&card.number);
        card.discard();
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        // Before it goes back, for then the next one may have it.
        if let Some(card) = self.card.take() {
            self.world.out.lock().unwrap().remove(&card.number);
        }
    }
}

/// Quietly: a message for each would be a thousand.
fn panics_with(taken: Taken<'_>) {
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let _taken = taken;
        std::panic::resume_unwind(Box::new("on purpose"));
    }));
    assert!(caught.is_err());
}

/// The checks above can fail: an object that does not clear its canary is seen.
#[test]
#[should_panic(expected = "canary")]
fn what_is_left_behind_is_seen() {
    struct Dirty(Option<u64>);
    impl Recycle for Dirty {
        fn recycle(&mut self) -> bool {
            true
        }
    }
    let pool = ObjectPool::new(ObjectPoolConfig::default(), || Dirty(None));
    pool.get().0 = Some(7);
    assert_eq!(pool.get().0, None, "the last user's canary");
}

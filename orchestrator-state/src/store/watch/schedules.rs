//! Watchers under many schedules: from their snapshots on, they hear of every commit, once and in order.
//!
//! Commits and the disk are played here, the rest is the store's own. Every version writes the key that
//! is watched, so what comes after a version is the next one. `cargo test -p orchestrator-state
//! --features shuttle shuttle_`

use std::panic;

use shuttle::sync::Mutex as Lock;
use shuttle::thread;

use super::*;
use crate::store::StateStore;
use crate::store::chain::Revision;
use crate::sync::Ordering;

/// How many commits each committer makes.
const COMMITS: u64 = 2;

/// What is wrong on purpose.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Bug {
    None,
    /// Changes are taken out of the order under the lock, and put into the queues without it.
    Overtaken,
    /// What a new watcher has missed is put behind all that is on its way.
    Behind,
    /// A watcher is registered after the lock under which its past was looked up.
    Late,
    /// The snapshot of `catch_up` is taken before the queue is locked.
    EarlySnapshot,
}

/// A store whose commits come to the disk in batches, by whoever comes by.
struct World {
    store: StateStore,
    table: Table<u32, u64>,
    /// The commit lock: how many commits there are, and who watches.
    commits: Lock<(u64, Watchers<u32, u64>)>,
    /// The lock of the journal's end.
    disk: Lock<()>,
    /// The last version that comes to the disk before it fails.
    last: u64,
    bug: Bug,
}

impl World {
    fn new(bug: Bug, last: u64) -> Arc<Self> {
        let store = StateStore::in_memory();
        let table = store.table("numbers").unwrap();
        Arc::new(Self {
            store,
            table,
            commits: Lock::new((0, Watchers::default())),
            disk: Lock::new(()),
            last,
            bug,
        })
    }

    fn publisher(&self) -> &Publisher {
        &self.store.inner.publisher
    }

    fn commit(&self) {
        let mut commits = self.commits.lock().unwrap();
        let (latest, watchers) = &mut *commits;
        *latest += 1;
        let mut writes = Writes::default();
        writes.put(0, Revision::new(Some(*latest)));
        if let Some(deliver) = watchers.changes(&writes, *latest) {
            self.publisher().deliver_later(*latest, deliver);
        }
    }

    /// Brings what was committed so far to the disk.
    fn write(&self) {
        let mut to_wake = ToWake::default();
        let disk = self.disk.lock().unwrap();
        let latest = self.commits.lock().unwrap().0.min(self.last);
        if latest > self.publisher().published() {
            self.publisher().publish(latest);
            self.deliver(&mut to_wake);
        }
        drop(disk);
    }

    fn deliver(&self, to_wake: &mut ToWake) {
        let publisher = self.publisher();
        if self.bug != Bug::Overtaken {
            return publisher.deliver(to_wake);
        }
        let published = publisher.published();
        loop {
            let mut undelivered = publisher.lock();
            if undelivered.front().is_none_or(|(at, _)| *at > published) {
                return;
            }
            let next = undelivered.pop_front();
            drop(undelivered);
            if let Some((_, deliver)) = next {
                deliver(to_wake);
            }
        }
    }

    /// As the store does: from the newest published version on.
    fn watch(&self, capacity: usize) -> (u64, Watch<u32, u64>) {
        let mut to_wake = ToWake::default();
        let mut commits = self.commits.lock().unwrap();
        let from = self.publisher().published();
        let inner = &self.store.inner;
        let watch = Watch::new(inner, &self.table, Interest::all(), capacity, from);
        let missed = (from + 1..=commits.0).map(|version| (version, vec![(0, None)]));
        match self.bug {
            Bug::Late => {
                drop(commits);
                thread::yield_now();
                commits = self.commits.lock().unwrap();
                watch.register(&mut commits.1, missed, self.publisher(), &mut to_wake);
            }
            Bug::Overtaken | Bug::Behind => {
                for (version, rows) in missed {
                    let version_of = Version(version);
                    let deliver = watch.deliver(Changes {
                        version: version_of,
                        rows,
                    });
                    if self.bug == Bug::Behind {
                        self.publisher().lock().push_back((version, deliver));
                    } else {
                        self.publisher().deliver_later(version, deliver);
                    }
                }
                commits.1.queues.push(Arc::downgrade(&watch.queue));
                self.deliver(&mut to_wake);
            }
            _ => watch.register(&mut commits.1, missed, self.publisher(), &mut to_wake),
        }
        drop(commits);
        (from, watch)
    }

    fn catch_up(&self, watch: &mut Watch<u32, u64>) -> u64 {
        if self.bug != Bug::EarlySnapshot {
            return watch.catch_up().unwrap().version().get();
        }
        let snapshot = self.store.snapshot().version();
        let mut waiting = watch.queue.lock();
        waiting.changes.clear();
        waiting.lagged = false;
        waiting.told = waiting.told.max(snapshot);
        snapshot.get()
    }

    /// Watches up to the last version, and then no more.
    fn listen(&self, capacity: usize, next: Next) {
        let (mut told, mut watch) = self.watch(capacity);
        while told < self.last {
            match next(&mut watch) {
                Ok(changes) => {
                    told += 1;
                    assert_eq!(changes.version.get(), told, "a gap, or a repetition");
                }
                Err(WatchError::Lagged { after }) => {
                    assert!(capacity < 9 && after.get() == told, "lagged without need");
                    let caught_up = self.catch_up(&mut watch);
                    assert!(caught_up >= told);
                    told = caught_up;
                }
                Err(WatchError::Closed) => panic!("it is not closed"),
            }
        }
    }
}

/// How a watcher waits.
type Next = fn(&mut Watch<u32, u64>) -> Result<Changes<u32, u64>, WatchError>;

fn blocks(watch: &mut Watch<u32, u64>) -> Result<Changes<u32, u64>, WatchError> {
    watch.recv()
}

fn awaits(watch: &mut Watch<u32, u64>) -> Result<Changes<u32, u64>, WatchError> {
    shuttle::future::block_on(watch.changed())
}

/// Two committers, two who listen to the end, and one who does not. The disk fails after `last`.
fn scenario(bug: Bug, last: u64, capacity: usize) {
    let world = World::new(bug, last);
    let run = |work: fn(&World, usize)| {
        let world = Arc::clone(&world);
        thread::spawn(move || work(&world, capacity))
    };
    let commits: fn(&World, usize) = |world, _| {
        for _ in 0..COMMITS {
            world.commit();
            thread::yield_now();
            world.write();
        }
    };
    let running = [
        run(commits),
        run(commits),
        run(|world, capacity| world.listen(capacity, blocks)),
        run(|world, _| world.listen(9, awaits)),
        run(|world, _| drop(world.watch(1))),
    ];
    for thread in running {
        thread.join().unwrap();
    }
    // The last one may have come when everything was written.
    world.write();
    assert_eq!(world.publisher().published(), last);
    // Who has gone is not kept for longer than to the next commit.
    world.commit();
    assert!(world.commits.lock().unwrap().1.queues.is_empty());
}

fn is_caught(bug: Bug, last: u64, capacity: usize) -> bool {
    let scenario = move || scenario(bug, last, capacity);
    panic::catch_unwind(move || shuttle::check_random(scenario, 4000)).is_err()
        || panic::catch_unwind(move || shuttle::check_pct(scenario, 4000, 3)).is_err()
}

#[test]
fn shuttle_a_watcher_hears_of_every_commit_in_order() {
    for (last, capacity) in [(2 * COMMITS, 9), (2 * COMMITS, 1), (3, 9), (2, 1)] {
        shuttle::check_random(move || scenario(Bug::None, last, capacity), 400);
        shuttle::check_pct(move || scenario(Bug::None, last, capacity), 200, 3);
    }
}

#[test]
fn shuttle_control_a_delivery_that_is_overtaken_is_caught() {
    assert!(is_caught(Bug::Overtaken, 2 * COMMITS, 9));
}

#[test]
fn shuttle_control_what_was_missed_behind_what_comes_is_caught() {
    assert!(is_caught(Bug::Behind, 3, 9));
}

#[test]
fn shuttle_control_a_watcher_that_is_registered_late_is_caught() {
    assert!(is_caught(Bug::Late, 2 * COMMITS, 9));
}

#[test]
fn shuttle_control_a_snapshot_before_the_queue_is_locked_is_caught() {
    assert!(is_caught(Bug::EarlySnapshot, 2 * COMMITS, 1));
}

/// A whole store, in memory and in a folder, whose commits are written by those who wait for them.
fn whole_store(store: &StateStore) {
    let table: Table<u32, u64> = store.table("numbers").unwrap();
    let committers: Vec<_> = (0..2)
        .map(|committer| {
            let (store, table) = (store.clone(), table.clone());
            thread::spawn(move || {
                let add = |n: Option<&u64>| Some(n.map_or(1, |n| n + 1));
                // Two on their way at once, or one after the other.
                let first = store.submit_modify(&table, &0, add).unwrap();
                if committer == 0 {
                    store.modify(&table, &0, add).unwrap();
                    first.wait().unwrap();
                } else {
                    first.wait().unwrap();
                    store.modify(&table, &0, add).unwrap();
                }
            })
        })
        .collect();
    let listening = {
        let (store, table) = (store.clone(), table.clone());
        thread::spawn(move || {
            let (snapshot, mut watch) = store.watch(&table, Interest::all(), 2);
            let mut told = snapshot.version().get();
            assert_eq!(snapshot.get(&table, &0).map_or(0, |n| *n), told);
            while told < 4 {
                match awaits(&mut watch) {
                    Ok(changes) => {
                        told += 1;
                        assert_eq!(changes.version.get(), told, "a gap, or a repetition");
                        assert_eq!(changes.rows[0].1.as_deref(), Some(&told));
                    }
                    Err(WatchError::Lagged { .. }) => {
                        let caught_up = watch.catch_up().unwrap();
                        told = caught_up.version().get();
                        assert_eq!(caught_up.get(&table, &0).map_or(0, |n| *n), told);
                    }
                    Err(WatchError::Closed) => panic!("it is not closed"),
                }
            }
        })
    };
    for committer in committers {
        committer.join().unwrap();
    }
    listening.join().unwrap();
    assert_eq!(store.inner.latest.load(Ordering::SeqCst), 4);
}

#[test]
fn shuttle_a_whole_store_tells_its_watchers() {
    shuttle::check_random(|| whole_store(&StateStore::in_memory()), 1000);
}

#[test]
fn shuttle_a_whole_store_in_a_folder_tells_its_watchers() {
    let run = || {
        let folder = tempfile::tempdir().unwrap();
        let config = crate::StoreConfig::default().with_durability(crate::Durability::None);
        let holder = crate::Holder::new("test");
        let (store, _) = config.open(folder.path(), &holder).unwrap();
        whole_store(&store);
    };
    shuttle::check_random(run, 100);
}

//! One reader that takes a fresh snapshot for every key, beside a writer that commits flat out.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use orchestrator_bench::{Better, Bout, Disk, Peer, Result, Rng, Store, versioned};

use super::{IN_MEMORY, KEYS, Open, variant};
use crate::ours;
use crate::peers::{Durability, fjall, imbl, redb, sqlite};

/// How many reads are timed together: the clock alone costs as much as a good read.
const BATCH: usize = 64;

/// Both bouts: in memory, and on a file without fsync, which lets the writer be at its fastest.
pub(super) fn bouts(disk: &Disk) -> Vec<Bout<'_>> {
    let peer = |name, target| Peer {
        name,
        entrants: name,
        target,
    };
    // At most 1.5 times as slow.
    let bare = vec![peer("imbl", 1.0 / 1.5)];
    let stores = vec![peer("redb", 7.0), peer("fjall", 7.0), peer("SQLite", 7.0)];
    let memory = Bout::new("read beside a writer, in memory", "ns", Better::Less, bare);
    let memory = enter(memory, disk, versioned(ours::PACKAGE), |_, keys| {
        ours::in_memory(keys)
    });
    let memory = enter(
        memory,
        disk,
        variant("imbl", "HashMap in ArcSwap"),
        |_, keys| imbl::hashed(keys),
    );
    let memory = enter(
        memory,
        disk,
        variant("imbl", "OrdMap in ArcSwap"),
        |_, keys| imbl::ordered(keys),
    );
    let file = Bout::new("read beside a writer, on file", "ns", Better::Less, stores);
    let file = enter(file, disk, versioned(ours::PACKAGE), |folder, keys| {
        ours::in_file(folder, keys, Durability::None)
    });
    let file = enter(file, disk, versioned("redb"), |folder, keys| {
        redb::in_file(folder, keys, Durability::None)
    });
    let file = enter(file, disk, versioned("fjall"), |folder, keys| {
        fjall::open(folder, keys, Durability::None, fjall::Syncing::Each)
    });
    let file = enter(file, disk, sqlite::name("WAL"), |folder, keys| {
        sqlite::open(folder, keys, Durability::None, sqlite::Writers::Each)
    });
    vec![memory, file]
}

fn enter<'a>(bout: Bout<'a>, disk: &'a Disk, name: String, open: Open) -> Bout<'a> {
    bout.enter(name, move || {
        let folder = disk.folder()?;
        let store = open(folder.path(), KEYS)?;
        beside_a_writer(&*store)
    })
}

/// The median ns of a read, while another thread commits without a pause.
fn beside_a_writer(store: &dyn Store) -> Result<f64> {
    let stop = AtomicBool::new(false);
    let (times, written) = thread::scope(|scope| {
        let writer = scope.spawn(|| -> Result<u64> {
            let mut session = store.session()?;
            let mut rng = Rng::of(1);
            let mut count = 0;
            while !stop.load(Ordering::Relaxed) {
                session.increment(rng.below(KEYS))?;
                count += 1;
            }
            Ok(count)
        });
        let times = read(store);
        stop.store(true, Ordering::Relaxed);
        (times, writer.join())
    });
    let written = written.map_err(|_| "the writer has panicked")??;
    if written < 100 {
        return Err(
            format!("the writer came to {written} commits only: nothing was beside").into(),
        );
    }
    let sum = store.sum()?;
    if sum != written {
        return Err(format!("{written} commits, but the counters make {sum}").into());
    }
    let mut times = times?;
    times.sort_unstable();
    let middle = times.get(times.len() / 2).ok_or("no read in time")?;
    Ok(middle.as_secs_f64() * 1e9 / BATCH as f64)
}

/// The time of each batch of reads.
fn read(store: &dyn Store) -> Result<Vec<Duration>> {
    let mut session = store.session()?;
    let mut rng = Rng::of(0);
    let mut keys = [0; BATCH];
    let mut times = Vec::with_capacity(1 << 16);
    // What is read has to be used, or it need not be read.
    let mut sum = 0_u64;
    let started = Instant::now();
    while started.elapsed() < IN_MEMORY {
        keys.fill_with(|| rng.below(KEYS));
        let before = Instant::now();
        sum = sum.wrapping_add(session.read_each(&keys)?);
        times.push(before.elapsed());
    }
    std::hint::black_box(sum);
    Ok(times)
}

//! Objects of 1 KiB: taken, touched, given back.

use std::hint::black_box;
use std::sync::mpsc;
use std::time::Instant;

use orchestrator_bench::{Better, Bout, Peer, Result, versioned};
use orchestrator_pool::{ObjectPool, ObjectPoolConfig, Recycle};

use crate::run::{Heap, named};
use crate::threads::each;

const TURNS: u64 = 200_000;

/// How many objects cross from one thread to the other, and in which portions.
const CROSSING: usize = 200_000;
const PORTION: usize = 256;

/// How many portions may be on their way. More, and it is the caches that are measured.
const ON_THE_WAY: usize = 4;

/// An object whose memory is worth keeping, and which is soon as good as new.
pub(crate) struct Card {
    pub(crate) used: usize,
    pub(crate) bytes: [u8; 1016],
}

impl Card {
    pub(crate) fn new() -> Self {
        // Not zero, which an allocator may have at hand.
        let bytes = [b'-'; 1016];
        Self { used: 0, bytes }
    }

    /// What a user does with it; an error where another user's work is in it.
    #[inline]
    pub(crate) fn work(&mut self, turn: u64) -> Result {
        if self.used != 0 {
            return Err("an object came with its last user's work".into());
        }
        self.used = 8;
        self.bytes[..8].copy_from_slice(&turn.to_le_bytes());
        black_box(&mut *self);
        Ok(())
    }
}

impl Recycle for Card {
    #[inline]
    fn recycle(&mut self) -> bool {
        self.used = 0;
        true
    }
}

pub(crate) fn bouts(heap: Heap) -> Vec<Bout<'static>> {
    let one = named(
        heap,
        "1 KiB objects, 1 thread",
        "1 KiB objects, 1 thread, mimalloc",
    );
    let eight = named(
        heap,
        "1 KiB objects, 8 threads",
        "1 KiB objects, 8 threads, mimalloc",
    );
    let crossing = named(
        heap,
        "objects that change threads",
        "objects that change threads, mimalloc",
    );
    vec![taken(one, 1), taken(eight, 8), crossed(crossing, heap)]
}

fn peer(name: &'static str, entrants: &'static str, target: f64) -> Peer {
    Peer {
        name,
        entrants,
        target,
    }
}

fn taken(name: &'static str, threads: usize) -> Bout<'static> {
    let peers = vec![
        peer("Box::new", "Box::new", 2.5),
        peer("object-pool", "object-pool of the object", 10.0),
    ];
    let bout = Bout::new(name, "ns", Better::Less, peers);
    let pool = ObjectPool::new(ObjectPoolConfig::default(), Card::new);
    let by_value = object_pool::Pool::new(64, Card::new);
    let boxed = object_pool::Pool::new(64, || Box::new(Card::new()));
    let version = versioned("object-pool");
    bout.beside("object-pool of boxes", "object-pool of boxes")
        .enter("ours", move || {
            each(threads, TURNS, |_| |turn| pool.get().work(turn))
        })
        .enter("Box::new, initialised", move || {
            each(threads, TURNS, |_| {
                |turn| black_box(Box::new(Card::new())).work(turn)
            })
        })
        .enter(format!("object-pool of the object, {version}"), move || {
            each(threads, TURNS, |_| {
                |turn| {
                    let mut card = by_value.pull(Card::new);
                    card.work(turn)?;
                    card.used = 0;
                    Ok(())
                }
            })
        })
        .enter(format!("object-pool of boxes, {version}"), move || {
            each(threads, TURNS, |_| {
                |turn| {
                    let mut card = boxed.pull(|| Box::new(Card::new()));
                    card.work(turn)?;
                    card.used = 0;
                    Ok(())
                }
            })
        })
}

fn crossed(name: &'static str, heap: Heap) -> Bout<'static> {
    let (peers, beside) = match heap {
        Heap::Glibc => (vec![peer("malloc", "Box::new", 2.0)], None),
        Heap::Mimalloc => (Vec::new(), Some(("malloc", "Box::new"))),
    };
    let mut bout = Bout::new(name, "ns", Better::Less, peers);
    if let Some((name, entrants)) = beside {
        bout = bout.beside(name, entrants);
    }
    // As many as are on their way, and in the hands of the two.
    let config = ObjectPoolConfig::default().with_max_idle((ON_THE_WAY + 2) * PORTION);
    let pool = ObjectPool::new(config, Card::new);
    bout.enter("ours", move || cross(|| pool.get(), |card| card.work(1)))
        .enter("Box::new, initialised", || {
            cross(|| black_box(Box::new(Card::new())), |card| card.work(1))
        })
}

/// The ns that an object takes which one thread gets, and another one uses and gives back.
fn cross<T: Send>(
    get: impl Fn() -> T + Sync,
    work: impl Fn(&mut T) -> Result + Sync,
) -> Result<f64> {
    let (give, take) = mpsc::sync_channel::<Vec<T>>(ON_THE_WAY);
    let (get, work) = (&get, &work);
    std::thread::scope(|scope| {
        let began = Instant::now();
        let user = scope.spawn(move || -> Result<usize> {
            let mut count = 0;
            for mut portion in take {
                portion.iter_mut().try_for_each(work)?;
                count += portion.len();
            }
            Ok(count)
        });
        for _ in 0..CROSSING / PORTION {
            let portion = (0..PORTION).map(|_| get()).collect();
            give.send(portion).map_err(|_| "the user is gone")?;
        }
        drop(give);
        let count = user.join().map_err(|_| "the user has panicked")??;
        Ok(began.elapsed().as_nanos() as f64 / count as f64)
    })
}

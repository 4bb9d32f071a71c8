//! Eight clients, each of which reads a counter and writes it back plus one.

use std::time::Duration;

use orchestrator_bench::{Better, Bout, Disk, Load, Peer, versioned};

use super::{IN_MEMORY, KEYS, ON_DISK, Open, probe, variant};
use crate::ours;
use crate::peers::{Durability, concread, fjall, imbl, redb, sqlite, surrealkv};

/// All bouts of commits.
pub(super) fn bouts(disk: &Disk) -> Vec<Bout<'_>> {
    vec![
        in_memory(disk, "commit in memory, 1 key", 1),
        in_memory(disk, "commit in memory, 1,000 keys", KEYS),
        to_file(disk),
        durable(disk),
        hot(disk),
    ]
}

fn peer(name: &'static str, target: f64) -> Peer {
    Peer {
        name,
        entrants: name,
        target,
    }
}

/// A bout in which every contestant is opened anew in every round.
struct Field<'a> {
    disk: &'a Disk,
    load: Load,
    bout: Bout<'a>,
}

impl<'a> Field<'a> {
    fn new(
        disk: &'a Disk,
        name: &'static str,
        (keys, time): (u64, Duration),
        peers: Vec<Peer>,
    ) -> Self {
        Self {
            disk,
            load: Load::of_eight(keys, time),
            bout: Bout::new(name, "µs", Better::Less, peers),
        }
    }

    fn enter(self, name: String, open: Open) -> Self {
        let Self { disk, load, bout } = self;
        let label = name.clone();
        let bout = bout.enter(name, move || {
            let folder = disk.folder()?;
            let store = open(folder.path(), load.keys)?;
            load.run(&label, &*store)
        });
        Self { disk, load, bout }
    }
}

fn in_memory<'a>(disk: &'a Disk, name: &'static str, keys: u64) -> Bout<'a> {
    let peers = vec![peer("concread", 4.0), peer("imbl", 4.0), peer("redb", 50.0)];
    Field::new(disk, name, (keys, IN_MEMORY), peers)
        .enter(versioned(ours::PACKAGE), |_, keys| ours::in_memory(keys))
        .enter(variant("concread", "HashMap"), |_, keys| {
            concread::hashed(keys)
        })
        .enter(variant("concread", "BptreeMap"), |_, keys| {
            concread::ordered(keys)
        })
        .enter(variant("imbl", "HashMap, rcu"), |_, keys| {
            imbl::hashed(keys)
        })
        .enter(variant("imbl", "OrdMap, rcu"), |_, keys| {
            imbl::ordered(keys)
        })
        .enter(variant("redb", "in memory"), |_, keys| {
            redb::in_memory(keys)
        })
        .bout
}

fn to_file(disk: &Disk) -> Bout<'_> {
    let peers = vec![peer("redb", 3.0), peer("fjall", 3.0)];
    let name = "commit to file without fsync";
    Field::new(disk, name, (KEYS, ON_DISK), peers)
        .enter(versioned(ours::PACKAGE), |folder, keys| {
            ours::in_file(folder, keys, Durability::None)
        })
        .enter(versioned("redb"), |folder, keys| {
            redb::in_file(folder, keys, Durability::None)
        })
        .enter(versioned("fjall"), |folder, keys| {
            fjall::open(folder, keys, Durability::None, fjall::Syncing::Each)
        })
        .bout
}

fn durable(disk: &Disk) -> Bout<'_> {
    let peers = vec![
        peer("redb", 4.0),
        peer("fjall", 2.2),
        peer("SQLite", 10.0),
        peer("surrealkv", 1.0),
    ];
    Field::new(disk, "durable commit, 1,000 keys", (KEYS, ON_DISK), peers)
        .enter(versioned(ours::PACKAGE), |folder, keys| {
            ours::in_file(folder, keys, Durability::Immediate)
        })
        .enter(versioned("redb"), |folder, keys| {
            redb::in_file(folder, keys, Durability::Immediate)
        })
        .enter(variant("fjall", "sync within"), |folder, keys| {
            fjall::open(folder, keys, Durability::Immediate, fjall::Syncing::Each)
        })
        .enter(variant("fjall", "sync after"), |folder, keys| {
            fjall::open(folder, keys, Durability::Immediate, fjall::Syncing::After)
        })
        .enter(sqlite::name("WAL, FULL, busy handler"), |folder, keys| {
            sqlite::open(folder, keys, Durability::Immediate, sqlite::Writers::Each)
        })
        .enter(sqlite::name("WAL, FULL, mutex"), |folder, keys| {
            sqlite::open(folder, keys, Durability::Immediate, sqlite::Writers::Turns)
        })
        .enter(versioned("surrealkv"), |folder, keys| {
            surrealkv::open(
                folder,
                keys,
                Durability::Immediate,
                surrealkv::Conflicts::Retry,
            )
        })
        .bout
        .ranked_by(|| probe(disk))
}

fn hot(disk: &Disk) -> Bout<'_> {
    let peers = vec![peer("redb", 4.0), peer("surrealkv", 4.0)];
    Field::new(disk, "durable update, 1 hot key", (1, ON_DISK), peers)
        .enter(versioned(ours::PACKAGE), |folder, keys| {
            ours::in_file_by_transactions(folder, keys, Durability::Immediate)
        })
        .enter(versioned("redb"), |folder, keys| {
            redb::in_file(folder, keys, Durability::Immediate)
        })
        .enter(variant("surrealkv", "retry"), |folder, keys| {
            surrealkv::open(
                folder,
                keys,
                Durability::Immediate,
                surrealkv::Conflicts::Retry,
            )
        })
        .enter(variant("surrealkv", "mutex"), |folder, keys| {
            surrealkv::open(
                folder,
                keys,
                Durability::Immediate,
                surrealkv::Conflicts::Turns,
            )
        })
        .bout
        .ranked_by(|| probe(disk))
}

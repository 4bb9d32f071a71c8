//! The bugs that can be put into the store of `orchestrator-state` itself: each is caught, in memory
//! and on a disk.

use orchestrator_state::{Durability, SeededBug, StoreConfig};

use crate::line::Line;
use crate::serial::{caught, caught_by_search};
use crate::subject::StateStoreSubject;

/// Those that clients of one key can see without a look at the versions.
const ON_ONE_KEY: [SeededBug; 4] = [
    SeededBug::DropValidation,
    SeededBug::LatePublish,
    SeededBug::StaleSnapshot,
    SeededBug::LostWrite,
];

/// An empty store on a disk, which waits for it or not.
///
/// # Panics
/// When there is no place for it.
#[must_use]
pub fn on_file(durability: Durability) -> StateStoreSubject {
    StateStoreSubject::on_file(StoreConfig::default().with_durability(durability))
}

/// The controls: a line for each bug, in memory and on a disk, and for some of them by histories of
/// one key; and for a change of one key that is made without care.
#[must_use]
pub fn controls(histories: usize, seed: u64) -> Vec<Line> {
    let in_memory = SeededBug::ALL.into_iter().map(|bug| {
        let name = format!("serializable: StateStore with {bug:?}");
        let make = || StateStoreSubject::with_seeded_bug(bug);
        caught(&name, make, histories, seed)
    });
    let on_disk = SeededBug::ALL.into_iter().map(|bug| {
        let name = format!("serializable: StateStore on a disk with {bug:?}");
        let make = || StateStoreSubject::on_file(StoreConfig::default().with_seeded_bug(bug));
        caught(&name, make, histories, seed)
    });
    let on_one_key = ON_ONE_KEY.into_iter().map(|bug| {
        let name = format!("linearizable register: StateStore with {bug:?}");
        let make = || StateStoreSubject::with_seeded_bug(bug);
        caught_by_search(&name, make, histories, seed)
    });
    let careless = [
        caught(
            "serializable: StateStore with a careless modify",
            StateStoreSubject::careless,
            histories,
            seed,
        ),
        caught_by_search(
            "linearizable register: StateStore with a careless modify",
            StateStoreSubject::careless,
            histories,
            seed,
        ),
    ];
    let bugs = in_memory.chain(on_disk).chain(on_one_key);
    bugs.chain(careless).collect()
}

//! Histories of the store, and the controls of the checkers.

use orchestrator_crash::subject::StateStoreSubject;
use orchestrator_crash::{model::ModelStore, serial};

#[test]
fn histories_of_the_store_are_serializable() {
    let line = serial::serializable(
        "store",
        StateStoreSubject::new,
        200,
        fastrand::u64(..1 << 48),
    );
    assert!(line.met, "{line:?}");
}

#[test]
fn a_register_in_the_store_is_linearizable() {
    let line = serial::linearizable(
        "store",
        StateStoreSubject::new,
        50,
        fastrand::u64(..1 << 48),
    );
    assert!(line.met, "{line:?}");
}

#[test]
fn a_register_in_the_model_is_linearizable() {
    let line = serial::linearizable("model", ModelStore::new, 50, fastrand::u64(..1 << 48));
    assert!(line.met, "{line:?}");
}

#[test]
fn the_model_is_sound_and_each_of_its_bugs_is_caught() {
    let lines = serial::controls(1_000, fastrand::u64(..1 << 48));
    assert_eq!(lines.len(), 16);
    for line in lines {
        assert!(line.met, "{line:?}");
    }
}

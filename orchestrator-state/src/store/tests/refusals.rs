//! Closures that refuse: what they say may rest on commits that are on their way to the disk.

use std::sync::mpsc::channel;
use std::thread;

use super::durable::{Gate, Word, gated};
use super::waking::in_time;
use super::*;

#[derive(Debug)]
enum Refusal {
    /// The closure's own: what it has seen.
    Seen(u64),
    Store(UpdateError),
}

impl From<UpdateError> for Refusal {
    fn from(error: UpdateError) -> Self {
        Self::Store(error)
    }
}

fn see(table: &Table<u32, u64>, tx: &Transaction<'_>) -> Refusal {
    Refusal::Seen(tx.get(table, &0).map_or(0, |n| *n))
}

/// What a closure's refusal comes to that was drawn from a commit on its way, by either way to run
/// one; and what is published then.
fn refuse_before(word: Word, submit: bool) -> (Refusal, u64) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    in_time(move || {
        let (gate, store, table): (Gate, _, _) = gated(&path);
        gate.say(Word::Wait);
        let pending = store.submit_modify(&table, &0, |_| Some(1)).unwrap();
        let (ran, has_run) = channel();
        let refusing = {
            let (store, table) = (store.clone(), table.clone());
            thread::spawn(move || {
                let refuse = |tx: &mut Transaction<'_>| {
                    let refusal = see(&table, tx);
                    ran.send(()).unwrap();
                    Err::<(), _>(refusal)
                };
                let refused = if submit {
                    store.submit_update(refuse).map(drop).unwrap_err()
                } else {
                    store.try_update(refuse).map(drop).unwrap_err()
                };
                (refused, store.snapshot().version().get())
            })
        };
        has_run.recv().unwrap();
        gate.say(word);
        let refused = refusing.join().unwrap();
        drop(pending);
        refused
    })
}

#[test]
fn a_refusal_is_not_returned_before_what_it_rests_on_is_durable() {
    for submit in [false, true] {
        let (refused, published) = refuse_before(Word::Go, submit);
        assert!(matches!(refused, Refusal::Seen(1)), "{refused:?}");
        assert_eq!(published, 1);
        // What the refusal rests on will never be, so neither is the refusal.
        let (refused, published) = refuse_before(Word::Fail, submit);
        let stopped = matches!(
            refused,
            Refusal::Store(UpdateError::Store(StoreError::Stopped { .. }))
        );
        assert!(stopped, "{refused:?}");
        assert_eq!(published, 0);
    }
}

#[test]
fn a_refusal_that_rests_on_nothing_new_does_not_wait_for_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    in_time(move || {
        let (gate, store, table) = gated(&path);
        store.modify(&table, &0, |_| Some(7)).unwrap();
        gate.say(Word::Wait);
        let refuse = |tx: &mut Transaction<'_>| Err::<(), _>(see(&table, tx));
        let refused = store.try_update(refuse).unwrap_err();
        assert!(matches!(refused, Refusal::Seen(7)), "{refused:?}");
        gate.say(Word::Go);
    });
    let (store, table) = numbers([(0, 3)]);
    let refuse = |tx: &mut Transaction<'_>| Err::<(), _>(see(&table, tx));
    assert!(matches!(store.try_update(refuse), Err(Refusal::Seen(3))));
}

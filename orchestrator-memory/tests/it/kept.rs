//! What is kept of a store makes the same store again.

use std::{cell::RefCell, rc::Rc};

use orchestrator_memory::{
    Budget, DurableMemory, EntryId, MemoryBackend, MemoryChange, MemoryConfig, MemorySnapshot,
    MemoryStore, NewEntry, Query, SCHEMA, SnapshotError, Tier,
};
use proptest::{collection::vec, prelude::*, sample::select};

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Add(NewEntry),
    Supersede(u64, u64),
    Turn(String),
    Forget(u64),
    EndTask,
    EndMission,
}

fn words() -> impl Strategy<Value = String> {
    let word = select(vec![
        "parser",
        "parseTodo",
        "cache",
        "went",
        "go",
        "worker",
        "May 8",
        "yesterday",
        "",
    ]);
    vec(word, 0..5).prop_map(|words| words.join(" "))
}

fn entry() -> impl Strategy<Value = NewEntry> {
    let names = select(vec!["", "worker", "reviewer"]);
    let session = proptest::option::of(select(vec!["1", "2"]));
    let time = proptest::option::of(1_683_000_000_i64..1_684_000_000);
    (
        words(),
        select(Tier::ALL.to_vec()),
        names,
        session,
        time,
        0..4_u8,
        0.0_f32..=1.0,
    )
        .prop_map(|(text, tier, author, session, time, kind, importance)| {
            let mut new = match (tier, kind) {
                (Tier::Task, 0 | 1) => NewEntry::for_task("t", text),
                _ => NewEntry::new(tier, text),
            };
            new = new.author(author).importance(importance);
            if let Some(session) = session {
                new = new.session(session);
            }
            if let Some(time) = time {
                new = new.time(time).expires(time + 500_000);
            }
            match kind {
                2 => new.about("subject"),
                3 => new.pinned(),
                _ => new,
            }
        })
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => entry().prop_map(Step::Add),
        1 => (1_u64..20, 1_u64..20).prop_map(|(old, new)| Step::Supersede(old, new)),
        4 => words().prop_map(Step::Turn),
        1 => (1_u64..20).prop_map(Step::Forget),
        1 => Just(Step::EndTask),
        1 => Just(Step::EndMission),
    ]
}

pub(crate) fn take(store: &mut MemoryStore, step: Step) {
    match step {
        Step::Add(new) => _ = store.add(new),
        Step::Supersede(old, new) => {
            _ = store.supersede(EntryId::new(old), EntryId::new(new));
        }
        Step::Turn(cue) => {
            _ = store.turn_of(Some(if cue.len() % 2 == 0 { "t" } else { "u" }), &cue)
        }
        Step::Forget(id) => _ = store.forget(EntryId::new(id)),
        Step::EndTask => _ = store.end_task("t"),
        Step::EndMission => _ = store.end_mission(),
    }
}

/// Whether two stores answer alike, now and after the same steps.
fn are_alike(one: &mut MemoryStore, two: &mut MemoryStore, further: &[Step]) {
    let look = |one: &MemoryStore, two: &MemoryStore| {
        assert!(one.entries().eq(two.entries()));
        for query in [
            "parser of todo",
            "worker cache",
            "8 May",
            "when did it go",
            "",
        ] {
            let query = Query::new(query).for_task("t").at(1_683_700_000);
            assert_eq!(one.rank(query.clone(), 99), two.rank(query.clone(), 99));
            let budget = Budget::new(10_000);
            assert_eq!(one.recall(query.clone(), budget), two.recall(query, budget));
        }
        for id in one.entries().map(|entry| entry.id) {
            assert_eq!(one.gate(id), two.gate(id));
        }
    };
    look(one, two);
    for step in further {
        take(one, step.clone());
        take(two, step.clone());
    }
    look(one, two);
}

proptest! {
    #[test]
    fn a_snapshot_and_the_changes_give_the_same_store(
        steps in vec(step(), 0..40),
        at in 0_usize..40,
        further in vec(step(), 0..8),
    ) {
        let mut store = MemoryStore::default();
        store.watch();
        let mut snapshot = store.snapshot();
        let mut changes = Vec::new();
        for (number, step) in steps.into_iter().enumerate() {
            if number == at {
                snapshot = store.snapshot();
                changes.clear();
                drop(store.take_changes());
            }
            take(&mut store, step);
            changes.extend(store.take_changes());
        }
        let json = serde_json::to_vec(&changes).unwrap();
        let changes: Vec<MemoryChange> = serde_json::from_slice(&json).unwrap();
        let snapshot = MemorySnapshot::from_json(&snapshot.to_json()).unwrap();
        let mut again = MemoryStore::restore(MemoryConfig::default(), snapshot).unwrap();
        for change in &changes {
            again.apply(change);
        }
        are_alike(&mut store, &mut again, &further);
        let whole = store.snapshot();
        let mut whole = MemoryStore::restore(MemoryConfig::default(), whole).unwrap();
        are_alike(&mut store, &mut whole, &further);
    }
}

/// What was kept, behind a backend that can be told to fail.
#[derive(Debug, Default, Clone)]
pub(crate) struct Disk(Rc<RefCell<Kept>>);

impl Disk {
    pub(crate) fn set_full(&self, is_full: bool) {
        self.0.borrow_mut().is_full = is_full;
    }
}

#[derive(Debug, Default)]
struct Kept {
    snapshot: Option<Vec<u8>>,
    changes: Vec<MemoryChange>,
    is_full: bool,
    snapshots: usize,
}

#[derive(Debug, thiserror::Error)]
#[error("no space left")]
pub(crate) struct Full;

impl MemoryBackend for Disk {
    type Error = Full;

    fn load(&mut self) -> Result<(Option<MemorySnapshot>, Vec<MemoryChange>), Full> {
        let kept = self.0.borrow();
        let snapshot = kept.snapshot.as_ref();
        let snapshot = snapshot.map(|json| MemorySnapshot::from_json(json).expect("it was kept"));
        Ok((snapshot, kept.changes.clone()))
    }

    fn append(&mut self, changes: &[MemoryChange]) -> Result<(), Full> {
        let mut kept = self.0.borrow_mut();
        if kept.is_full {
            return Err(Full);
        }
        kept.changes.extend_from_slice(changes);
        Ok(())
    }

    fn replace(&mut self, snapshot: &MemorySnapshot) -> Result<(), Full> {
        let mut kept = self.0.borrow_mut();
        if kept.is_full {
            return Err(Full);
        }
        (kept.snapshot, kept.snapshots) = (Some(snapshot.to_json()), kept.snapshots + 1);
        kept.changes.clear();
        Ok(())
    }
}

#[test]
fn what_a_full_disk_refuses_is_kept_later() {
    let disk = Disk::default();
    let open = || DurableMemory::open(MemoryConfig::default(), disk.clone()).unwrap();
    let mut memory = open();
    let fact = |n: usize| NewEntry::new(Tier::Project, format!("fact number {n}"));
    memory.update(|store| store.add(fact(1))).unwrap();
    disk.set_full(true);
    memory.update(|store| store.add(fact(2))).unwrap_err();
    memory.update(|store| store.add(fact(3))).unwrap_err();
    assert_eq!(memory.store().entries().count(), 3);
    assert_eq!(open().store().entries().count(), 1);
    disk.set_full(false);
    memory.flush().unwrap();
    assert_eq!(open().store().entries().count(), 3);
    // After ten thousand changes there is a snapshot, and again.
    for turn in 0..25_000 {
        memory
            .update(|store| _ = store.turn(&format!("fact {turn}")))
            .unwrap();
    }
    assert_eq!(disk.0.borrow().snapshots, 2);
    assert!(disk.0.borrow().changes.len() < 10_000);
    are_alike(
        &mut open().store().clone(),
        &mut memory.store().clone(),
        &[],
    );
}

/// What the first version has written is read by every later one.
#[test]
fn the_first_schema_is_read() {
    let json = include_bytes!("kept/schema-1.json");
    let snapshot = MemorySnapshot::from_json(json).unwrap();
    let store = MemoryStore::restore(MemoryConfig::default(), snapshot).unwrap();
    let entries: Vec<_> = store
        .entries()
        .map(|entry| entry.content.to_string())
        .collect();
    assert_eq!(
        entries,
        [
            "Never push to main.",
            "Billing runs on MySQL.",
            "Billing runs on PostgreSQL."
        ]
    );
    let new = store.get(EntryId::new(4)).unwrap();
    assert_eq!(
        store.get(EntryId::new(2)).unwrap().superseded_by,
        Some(new.id)
    );
    assert_eq!((new.time, new.turn), (Some(1_683_504_000), 1));
    assert!((store.gate(new.id).unwrap().value() - 0.485).abs() < 0.01);
    assert_eq!(store.rank("billing", 9)[0].0, new.id);
}

#[test]
fn what_is_damaged_or_newer_is_refused() {
    let text = String::from_utf8(include_bytes!("kept/schema-1.json").to_vec()).unwrap();
    let newer = text.replace("\"schema\":1", &format!("\"schema\":{}", SCHEMA + 1));
    let error = MemorySnapshot::from_json(newer.as_bytes()).unwrap_err();
    assert!(matches!(error, SnapshotError::Newer { .. }));
    let damaged = |from: &str, to: &str| {
        let snapshot = MemorySnapshot::from_json(text.replace(from, to).as_bytes()).unwrap();
        MemoryStore::restore(MemoryConfig::default(), snapshot)
            .unwrap_err()
            .to_string()
    };
    for (from, to, what) in [
        ("\"id\":4", "\"id\":2", "entry m2 is out of order"),
        ("\"id\":1,", "\"id\":0,", "entry m0 is out of order"),
        (
            "\"last_id\":4",
            "\"last_id\":3",
            "entry m4 comes after the last one",
        ),
        // It would take all memory to leave as many places free.
        (
            "\"last_id\":4",
            "\"last_id\":9000000000",
            "entry m9000000000 is more than a memory holds",
        ),
    ] {
        assert_eq!(
            damaged(from, to),
            format!("this memory snapshot is damaged: {what}")
        );
    }
    for cut in [0, 10, text.len() / 2] {
        assert!(MemorySnapshot::from_json(&text.as_bytes()[..cut]).is_err());
    }
}

/// A change that no store can have made does nothing.
#[test]
fn changes_that_do_not_fit_do_nothing() {
    let mut store = MemoryStore::default();
    let id = store.add(NewEntry::new(Tier::Project, "there"));
    let before = store.snapshot();
    let mut beyond = store.get(id).unwrap();
    beyond.id = EntryId::new(u64::MAX);
    let nobody = EntryId::new(77);
    for change in [
        MemoryChange::Added { entry: beyond },
        MemoryChange::Added {
            entry: store.get(id).unwrap(),
        },
        MemoryChange::Superseded {
            old: nobody,
            new: id,
        },
        MemoryChange::Moved {
            id: nobody,
            tier: Tier::Mission,
        },
        MemoryChange::Dropped {
            entries: vec![nobody, EntryId::new(0)],
        },
    ] {
        store.apply(&change);
        assert_eq!(store.snapshot(), before, "{change:?}");
    }
}

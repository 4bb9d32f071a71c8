//! Vectors of texts, for those who bring them.

use orchestrator_memory::{
    Budget, Embedder, Embedding, EntryId, MemoryChange, MemoryConfig, MemorySnapshot, MemoryStore,
    NewEntry, Query, RecallWeights, SharedMemory, Tier,
};
use proptest::{collection::vec, prelude::*};

/// Knows what a few words are about, and nothing of others.
struct Topics;

impl Embedder for Topics {
    fn embed(&self, text: &str) -> Option<Embedding> {
        let topics = [
            &["car", "automobile", "truck"][..],
            &["lunch", "meal", "noon"],
        ];
        let counts = topics.map(|words| {
            let known = text.split_whitespace().filter(|word| words.contains(word));
            known.count() as f32
        });
        Embedding::new(&counts).ok()
    }
}

fn with_topics() -> MemoryConfig {
    MemoryConfig::default().with_embedder(Topics)
}

fn texts() -> [NewEntry; 3] {
    ["a red car", "lunch at noon", "nothing known"].map(|text| {
        // Nothing is in focus, so that nothing comes unasked.
        NewEntry::new(Tier::Mission, text).importance(0.0)
    })
}

fn store(config: MemoryConfig) -> (MemoryStore, [EntryId; 3]) {
    let mut store = MemoryStore::new(config);
    let ids = texts().map(|text| store.add(text));
    (store, ids)
}

fn found(store: &MemoryStore, query: impl Into<Query>) -> Vec<EntryId> {
    store.rank(query, 9).into_iter().map(|(id, _)| id).collect()
}

#[test]
fn what_means_the_same_is_found_in_other_words() {
    let (plain, _) = store(MemoryConfig::default());
    assert_eq!(found(&plain, "automobile"), [], "no word of it is known");
    let (store, [car, lunch, _]) = store(with_topics());
    assert_eq!(found(&store, "automobile"), [car]);
    assert_eq!(found(&store, "meal"), [lunch]);
    assert_eq!(found(&store, "meal car car car")[0], car);
    assert_eq!(found(&store, "unheard of"), []);
    let context = store.recall("automobile", Budget::new(100)).unwrap();
    let why = &context.entries[0].why;
    assert!(why.starts_with("means about what is asked for"), "{why}");
    let none = RecallWeights::none();
    let (off, _) = self::store(with_topics().with_weights(none));
    assert_eq!(found(&off, "automobile"), []);
}

#[test]
fn vectors_can_be_handed_in() {
    let mut store = MemoryStore::default();
    let [car, lunch, other] = texts();
    let east = Embedding::new(&[1.0, 0.0]).unwrap();
    let north = Embedding::new(&[0.0, 5.0]).unwrap();
    let car = store.add(car.embedding(east.clone()));
    store.add(lunch.embedding(north));
    store.add(other);
    assert_eq!(
        found(&store, Query::new("vehicle").embedding(east.clone())),
        [car]
    );
    // That of another model is of no use, and does no harm.
    let other = Embedding::new(&[1.0, 0.0, 0.0]).unwrap();
    assert_eq!(found(&store, Query::new("vehicle").embedding(other)), []);
    // What is out is not found by its vector either.
    let newer = store.add(NewEntry::new(Tier::Mission, "no vehicles").importance(0.0));
    store.supersede(car, newer).unwrap();
    assert_eq!(found(&store, Query::new("wheels").embedding(east)), []);
}

#[test]
fn what_was_there_before_is_made_up_for() {
    let (plain, [car, ..]) = store(MemoryConfig::default());
    let mut store = MemoryStore::restore(with_topics(), plain.snapshot()).unwrap();
    assert_eq!(found(&store, "automobile"), []);
    assert_eq!(store.embed_missing(), 2);
    assert_eq!(found(&store, "automobile"), [car]);
    assert_eq!(store.embed_missing(), 0);
}

#[test]
fn no_direction_is_no_vector() {
    for vector in [
        &[][..],
        &[0.0, 0.0],
        &[f32::NAN, 1.0],
        &[f32::INFINITY],
        &[1e-45, 0.0, f32::NAN],
    ] {
        Embedding::new(vector).unwrap_err();
    }
    // Neither the largest nor the smallest numbers are too much.
    for number in [f32::MAX, f32::MIN_POSITIVE, 1e-45] {
        let one = Embedding::new(&[number, number]).unwrap();
        assert!((one.similarity(&one).unwrap() - 1.0).abs() < 1e-5);
    }
    serde_json::from_str::<Embedding>("[]").unwrap_err();
    serde_json::from_str::<Embedding>("[0.0]").unwrap_err();
}

proptest! {
    /// Vectors are kept to the last bit, in a snapshot and as changes, and in both copies.
    #[test]
    fn vectors_are_kept(numbers in vec(vec(-1.0_f32..1.0, 3), 1..8), asked in vec(-1.0_f32..1.0, 3)) {
        prop_assume!(asked.iter().any(|number| number.abs() > 0.1));
        let query = Query::new("text").embedding(Embedding::new(&asked).unwrap());
        let shared = SharedMemory::default();
        let mut store = MemoryStore::default();
        store.watch();
        for (number, vector) in numbers.iter().enumerate() {
            let mut new = NewEntry::new(Tier::Project, format!("text {number}"));
            if let Ok(embedding) = Embedding::new(vector) {
                new = new.embedding(embedding);
            }
            store.add(new.clone());
            let Ok(_) = shared.update(|store| store.add(new));
        }
        let json = serde_json::to_vec(&store.take_changes()).unwrap();
        let changes: Vec<MemoryChange> = serde_json::from_slice(&json).unwrap();
        let mut replayed = MemoryStore::default();
        for change in &changes {
            replayed.apply(change);
        }
        let json = store.snapshot().to_json();
        let snapshot = MemorySnapshot::from_json(&json).unwrap();
        prop_assert_eq!(&snapshot, &store.snapshot());
        let restored = MemoryStore::restore(MemoryConfig::default(), snapshot).unwrap();
        for other in [&replayed, &restored, &*shared.read()] {
            prop_assert_eq!(other.rank(query.clone(), 9), store.rank(query.clone(), 9));
        }
    }
}

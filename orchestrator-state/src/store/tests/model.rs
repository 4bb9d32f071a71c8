//! The store against plain maps, one for each version.

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Commit(Vec<(u32, Option<u64>)>),
    Hold,
    Release(usize),
    Collect,
}

fn steps() -> impl proptest::strategy::Strategy<Value = Vec<Step>> {
    let write = (0..12_u32, prop::option::weighted(0.7, 0..100_u64));
    let step = prop_oneof![
        8 => prop::collection::vec(write, 1..6).prop_map(Step::Commit),
        2 => Just(Step::Hold),
        2 => (0..8_usize).prop_map(Step::Release),
        1 => Just(Step::Collect),
    ];
    prop::collection::vec(step, 0..150)
}

proptest! {
    #[test]
    fn every_version_that_is_held_is_a_plain_map(steps in steps(), history in 0..20_u64) {
        let config = StoreConfig::default().with_history(History::versions(history));
        let (store, table) = numbers_in(config, []);
        let mut models = vec![BTreeMap::new()];
        let mut held: Vec<Snapshot> = Vec::new();
        for step in steps {
            match step {
                Step::Commit(writes) => {
                    let mut model = models.last().unwrap().clone();
                    for (key, value) in &writes {
                        match value {
                            Some(value) => drop(model.insert(*key, *value)),
                            None => drop(model.remove(key)),
                        }
                    }
                    let version = put(&store, &table, writes);
                    models.push(model);
                    prop_assert_eq!(version.get() as usize, models.len() - 1);
                }
                Step::Hold => held.push(store.snapshot()),
                Step::Release(at) if at < held.len() => drop(held.remove(at)),
                Step::Release(_) => {}
                Step::Collect => store.collect(),
            }
            for snapshot in &held {
                let model = &models[snapshot.version().get() as usize];
                prop_assert_eq!(rows(snapshot, &table), model.clone().into_iter().collect::<Vec<_>>());
                for key in 0..12 {
                    let value = snapshot.get(&table, &key);
                    prop_assert_eq!(value.as_deref(), model.get(&key));
                }
            }
        }
        let newest = models.len() as u64 - 1;
        for back in 0..=history.min(newest) {
            let version = newest - back;
            let snapshot = store.snapshot_at(Version::new(version)).unwrap();
            let model = models[version as usize].clone();
            prop_assert_eq!(rows(&snapshot, &table), model.into_iter().collect::<Vec<_>>());
        }
    }
}

//! The index against a plain ordered map.

use std::collections::BTreeMap;
use std::ops::Bound;

use proptest::prelude::*;

use super::Index;

fn all(index: &Index<u16, u32>) -> Vec<(u16, u32)> {
    let pairs = index.range::<u16>(Bound::Unbounded, Bound::Unbounded);
    pairs.map(|(key, entry)| (*key, *entry)).collect()
}

proptest! {
    #[test]
    fn it_is_an_ordered_map(steps in prop::collection::vec((0..600_u16, prop::option::weighted(0.6, 0..9_u32)), 0..3_000)) {
        let mut index = Index::new();
        let mut model = BTreeMap::new();
        let mut before = None;
        for (n, (key, value)) in steps.into_iter().enumerate() {
            if n == 500 {
                before = Some((index.clone(), model.clone()));
            }
            let (old, expected) = match value {
                Some(value) => (index.insert(key, value), model.insert(key, value)),
                None => (index.remove(&key), model.remove(&key)),
            };
            prop_assert_eq!(old, expected);
            prop_assert_eq!(index.len(), model.len());
        }
        prop_assert_eq!(all(&index), model.clone().into_iter().collect::<Vec<_>>());
        for key in 0..600 {
            prop_assert_eq!(index.get(&key), model.get(&key));
        }
        // What was shared did not change with the copy.
        if let Some((index, model)) = before {
            prop_assert_eq!(all(&index), model.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_range_is_that_of_the_model(
        keys in prop::collection::btree_set(0..400_u16, 0..400),
        from in 0..400_u16, len in 0..400_u16, open in any::<(bool, bool)>(),
    ) {
        let mut index = Index::new();
        for key in &keys {
            index.insert(*key, u32::from(*key));
        }
        let to = from + len + 1;
        let from = if open.0 { Bound::Excluded(&from) } else { Bound::Included(&from) };
        let to = if open.1 { Bound::Excluded(&to) } else { Bound::Included(&to) };
        let found: Vec<u16> = index.range(from, to).map(|(key, _)| *key).collect();
        let expected: Vec<u16> = keys.range((from.cloned(), to.cloned())).copied().collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn what_is_not_before_a_place_is_that_of_the_model(
        keys in prop::collection::btree_set(0..2_000_u16, 0..2_000), place in 0..2_001_u16,
    ) {
        let mut index = Index::new();
        for key in &keys {
            index.insert(*key, u32::from(*key));
        }
        // Some splits are no longer keys.
        for key in keys.iter().filter(|key| *key % 3 == 0) {
            index.remove(key);
        }
        let found: Vec<u16> = index.after_those(|key| *key < place).map(|(key, _)| *key).collect();
        let expected = keys.range(place..).copied().filter(|key| key % 3 != 0);
        prop_assert_eq!(found, expected.collect::<Vec<_>>());
    }
}

#[test]
fn keys_that_come_in_order_fill_their_leaves() {
    let mut index = Index::new();
    for key in 0..10_000_u16 {
        index.insert(key, 0_u32);
    }
    let mut leaves = 0;
    let mut range = index.range::<u16>(Bound::Unbounded, Bound::Unbounded);
    loop {
        leaves += 1;
        if !range.next_leaf() {
            break;
        }
    }
    assert!(leaves <= 10_000 / 30, "{leaves} leaves");
}

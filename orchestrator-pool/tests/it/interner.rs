//! Strings and their symbols.

use std::{collections::HashMap, num::NonZeroUsize, sync::Barrier};

use orchestrator_pool::{Interner, InternerConfig, Symbol};
use proptest::prelude::*;

#[test]
fn a_symbol_is_four_bytes_even_if_there_may_be_none() {
    assert_eq!(size_of::<Symbol>(), 4);
    assert_eq!(size_of::<Option<Symbol>>(), 4);
}

#[test]
fn equal_strings_have_equal_symbols_and_others_have_not() {
    let interner = Interner::default();
    let [a, b, empty] = ["a", "b", ""].map(|string| interner.intern(string).unwrap());
    assert_eq!(interner.intern("a"), Ok(a));
    assert_eq!(interner.get("b"), Some(b));
    assert_eq!(interner.get("c"), None);
    assert_ne!(a, b);
    assert!(a < b && b < empty, "in the order in which they came");
    assert_eq!(
        [a, b, empty].map(|symbol| interner.resolve(symbol)),
        ["a", "b", ""]
    );
    assert_eq!(interner.len(), 3);
}

#[test]
fn interners_know_nothing_of_each_other() {
    let (one, other) = (Interner::default(), Interner::default());
    one.intern("a").unwrap();
    let second = one.intern("b").unwrap();
    other.intern("c").unwrap();
    assert_eq!(other.try_resolve(second), None);
    assert!(other.get("a").is_none());
}

#[test]
fn a_reader_knows_what_was_there() {
    let interner = Interner::default();
    let symbols: Vec<_> = (0..5_000)
        .map(|n| interner.intern(&n.to_string()).unwrap())
        .collect();
    let reader = interner.reader();
    interner.intern("later").unwrap();
    assert_eq!(reader.len(), 5_000);
    for (n, symbol) in symbols.into_iter().enumerate() {
        assert_eq!(reader.resolve(symbol), n.to_string());
    }
}

#[test]
#[should_panic(expected = "another interner")]
fn a_strange_symbol_is_no_string() {
    let symbol = Interner::default().intern("a").unwrap();
    Interner::default().resolve(symbol);
}

#[test]
fn a_full_interner_keeps_what_it_has() {
    let interner = Interner::new(InternerConfig::default().with_max_bytes(64 << 10));
    let names: Vec<String> = (0..100_000)
        .map(|n| format!("a rather long name, {n}"))
        .collect();
    let symbols: Vec<_> = names
        .iter()
        .map_while(|name| interner.intern(name).ok())
        .collect();
    assert!((1_000..4_000).contains(&symbols.len()), "{}", symbols.len());
    let error = interner.intern(&names[symbols.len()]).unwrap_err();
    assert_eq!(
        (error.strings, error.bytes),
        (symbols.len(), names[symbols.len()].len())
    );
    assert!(interner.bytes() <= 64 << 10);
    for (symbol, name) in symbols.into_iter().zip(&names) {
        assert_eq!(interner.resolve(symbol), name);
        assert_eq!(interner.intern(name), Ok(symbol));
    }
}

#[test]
fn symbols_mean_the_same_after_they_were_written_and_read() {
    let interner = Interner::default();
    let symbols: Vec<Symbol> = (0..3_000)
        .map(|n| interner.intern(&format!("string {n}")).unwrap())
        .collect();
    let written = serde_json::to_string(&(&interner, &symbols)).unwrap();
    let (read, again): (Interner, Vec<Symbol>) = serde_json::from_str(&written).unwrap();
    assert_eq!(again, symbols);
    assert!(
        again
            .iter()
            .all(|symbol| read.resolve(*symbol) == interner.resolve(*symbol))
    );
    let error = serde_json::from_str::<Interner>(r#"["a", "b", "a"]"#).unwrap_err();
    assert!(
        error.to_string().contains(r#""a" is in the list twice"#),
        "{error}"
    );
}

/// With so few places that most strings collide in them.
fn crowded() -> Interner {
    Interner::new(InternerConfig::default().with_recent(NonZeroUsize::new(4).unwrap()))
}

proptest! {
    #[test]
    fn it_is_a_map_with_numbers(strings in prop::collection::vec("[a-c]{0,3}", 0..200)) {
        let interner = crowded();
        let mut model: HashMap<&str, Symbol> = HashMap::new();
        for string in &strings {
            let symbol = interner.intern(string).unwrap();
            let known = *model.entry(string).or_insert(symbol);
            prop_assert_eq!(known, symbol);
            prop_assert_eq!(interner.resolve(symbol), string);
        }
        prop_assert_eq!(interner.len(), model.len());
    }
}

/// A symbol that one thread gets from another's string can be resolved at once.
#[test]
fn threads_agree() {
    const THREADS: usize = 8;
    let names: Vec<String> = (0..5_000).map(|n| format!("name {n}")).collect();
    for interner in [Interner::default(), crowded()] {
        let together = Barrier::new(THREADS);
        let intern_all = |seed: u64| {
            let mut order: Vec<usize> = (0..names.len()).collect();
            if seed % 2 == 1 {
                fastrand::Rng::with_seed(seed).shuffle(&mut order);
            }
            let mut symbols = vec![None; names.len()];
            together.wait();
            for at in order {
                let symbol = interner.intern(&names[at]).unwrap();
                assert_eq!(interner.try_resolve(symbol), Some(&*names[at]));
                symbols[at] = Some(symbol);
            }
            symbols
        };
        let all: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS as u64)
                .map(|seed| scope.spawn(move || intern_all(seed)))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        assert!(all.iter().all(|symbols| *symbols == all[0]));
        assert_eq!(interner.len(), names.len());
    }
}

//! Strings that are known, and back.

use std::hash::BuildHasherDefault;
use std::hint::black_box;
use std::sync::Arc;

use internity::ThreadedLexicon;
use lasso::{Key as _, Spur, ThreadedRodeo};
use orchestrator_bench::{Better, Bout, Peer, Result, versioned};
use orchestrator_pool::{Interner, Symbol};
use rustc_hash::FxHasher;

use crate::run::{Heap, named};
use crate::threads::each;

/// How many strings are known: those of a large mission.
const STRINGS: usize = 2_000;

const TURNS: u64 = 200_000;

type Fx = BuildHasherDefault<FxHasher>;

pub(crate) fn bouts(heap: Heap) -> Result<Vec<Bout<'static>>> {
    let one = named(
        heap,
        "a known string, 1 thread",
        "a known string, 1 thread, mimalloc",
    );
    let two = named(
        heap,
        "a known string, 2 threads",
        "a known string, 2 threads, mimalloc",
    );
    let eight = named(
        heap,
        "a known string, 8 threads",
        "a known string, 8 threads, mimalloc",
    );
    let resolve = named(heap, "a symbol's string", "a symbol's string, mimalloc");
    Ok(vec![
        intern(one, 1)?,
        intern(two, 2)?,
        intern(eight, 8)?,
        resolved(resolve)?,
    ])
}

/// Names as tasks have them, in an order that no cache knows.
fn strings() -> Vec<String> {
    let mut rng = fastrand::Rng::with_seed(9);
    let mut strings: Vec<String> = (0..STRINGS)
        .map(|n| format!("src/{}/file_{n}.rs", ["core", "tools", "agents"][n % 3]))
        .collect();
    rng.shuffle(&mut strings);
    strings
}

fn intern(name: &'static str, threads: usize) -> Result<Bout<'static>> {
    let peer = |name, entrants| Peer {
        name,
        entrants,
        target: 1.0,
    };
    let ours = Interner::default();
    let lexicon = ThreadedLexicon::new();
    let rodeo: ThreadedRodeo<Spur, Fx> = ThreadedRodeo::with_hasher(Fx::default());
    let known = strings();
    for string in &known {
        ours.intern(string)?;
        lexicon.intern(string);
        rodeo.get_or_intern(string);
        ustr::ustr(string);
    }
    let (a, b, c, d) = (known.clone(), known.clone(), known.clone(), known);
    let peers = vec![peer("ustr", "ustr"), peer("internity", "internity")];
    Ok(Bout::new(name, "ns", Better::Less, peers)
        .beside("lasso", "lasso")
        .beside("a clone of the string", "String")
        .enter("ours", move || {
            each(threads, TURNS, |thread| {
                let (ours, strings) = (&ours, &a);
                move |turn| {
                    let symbol = ours.intern(at(strings, thread, turn))?;
                    black_box(symbol);
                    Ok(())
                }
            })
        })
        .enter(versioned("ustr"), move || {
            each(threads, TURNS, |thread| {
                let strings = &b;
                move |turn| {
                    black_box(ustr::ustr(at(strings, thread, turn)));
                    Ok(())
                }
            })
        })
        .enter(versioned("internity"), move || {
            each(threads, TURNS, |thread| {
                let (lexicon, strings) = (lexicon.clone(), &c);
                move |turn| {
                    black_box(lexicon.intern(at(strings, thread, turn)));
                    Ok(())
                }
            })
        })
        .enter(format!("{}, Fx", versioned("lasso")), move || {
            each(threads, TURNS, |thread| {
                let (rodeo, strings) = (&rodeo, &d);
                move |turn| {
                    black_box(rodeo.get_or_intern(at(strings, thread, turn)));
                    Ok(())
                }
            })
        })
        .enter("String::clone", move || {
            let strings = strings();
            each(threads, TURNS, |thread| {
                let strings = &strings;
                move |turn| {
                    black_box(at(strings, thread, turn).to_owned());
                    Ok(())
                }
            })
        }))
}

#[inline]
fn at(strings: &[String], thread: usize, turn: u64) -> &str {
    &strings[(turn as usize + thread * 251) % STRINGS]
}

fn resolved(name: &'static str) -> Result<Bout<'static>> {
    let peer = Peer {
        name: "lasso's reader",
        entrants: "lasso",
        target: 1.0 / 1.2,
    };
    let ours = Interner::default();
    let rodeo: ThreadedRodeo<Spur, Fx> = ThreadedRodeo::with_hasher(Fx::default());
    let strings = strings();
    let expected: usize = strings.iter().map(String::len).sum();
    let mut symbols = Vec::new();
    let mut spurs = Vec::new();
    for string in &strings {
        symbols.push(ours.intern(string)?);
        spurs.push(rodeo.get_or_intern(string));
    }
    let reader = rodeo.into_reader();
    let (ours, live) = (Arc::new(ours), symbols.clone());
    let interner = Arc::clone(&ours);
    Ok(Bout::new(name, "ns", Better::Less, vec![peer])
        .beside("the interner itself", "Interner")
        .enter("ours, its reader", move || {
            let reader = ours.reader();
            let length = |symbol: &Symbol| reader.resolve(*symbol).len();
            sums(|| symbols.iter().map(length).sum(), expected)
        })
        .enter("Interner, ours", move || {
            let length = |symbol: &Symbol| interner.resolve(*symbol).len();
            sums(|| live.iter().map(length).sum(), expected)
        })
        .enter(format!("{}, its reader", versioned("lasso")), move || {
            let length = |spur: &Spur| {
                debug_assert!(spur.into_usize() < STRINGS);
                reader.resolve(spur).len()
            };
            sums(|| spurs.iter().map(length).sum(), expected)
        }))
}

/// The ns of one string, where all are summed up again and again.
fn sums(sum: impl Fn() -> usize, expected: usize) -> Result<f64> {
    const TIMES: usize = 500;
    let began = std::time::Instant::now();
    for _ in 0..TIMES {
        if black_box(sum()) != expected {
            return Err("not the strings that were interned".into());
        }
    }
    Ok(began.elapsed().as_nanos() as f64 / (TIMES * STRINGS) as f64)
}

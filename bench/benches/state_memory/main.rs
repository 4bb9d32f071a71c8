//! `cargo xtask bench state`, the lines on memory: what a million keys and ten old snapshots take.
//!
//! Between one snapshot and the next, 1 % of the keys are overwritten, other ones each time. So each
//! snapshot keeps 1 % of the values from being freed, and not all of them: ten snapshots with every key
//! overwritten between them would keep ten times the data.

use std::alloc::System;
use std::process::ExitCode;

use cap::Cap;
use orchestrator_bench::{Arguments, Line, Report, Result, program};
use orchestrator_state::StateStore;

/// Counts what is allocated, and by nothing else: the limit is none.
#[global_allocator]
static HEAP: Cap<System> = Cap::new(System, usize::MAX);

const KEYS: u64 = 1_000_000;

/// The bytes of a value.
const VALUE: usize = 100;

/// How many old snapshots are held.
const PINNED: u64 = 10;

/// What share of the keys is overwritten between two snapshots: one in so many.
const ONE_IN: u64 = 100;

/// How many writes go into one transaction.
const BATCH: u64 = 1_000;

const PEAK: &str = "heap with 10 old snapshots";
const AFTER: &str = "heap when they are dropped, beside before";

/// What the heap may come to, in units of the data.
const MOST: f64 = 2.5;

/// What may be left of ten old versions of 1 %, in units of the heap without them: half of one.
const LEFT: f64 = 1.005;

fn main() -> ExitCode {
    program("state_memory", run)
}

fn run() -> Result<ExitCode> {
    let arguments = Arguments::of_process()?;
    let mut report = Report::new(&arguments);
    if arguments.wants(PEAK) || arguments.wants(AFTER) {
        for line in lines()? {
            report.add(&line);
        }
    }
    Ok(report.finish())
}

fn lines() -> Result<[Line; 2]> {
    let empty = HEAP.allocated();
    let store = StateStore::in_memory();
    let table = store.table("values")?;
    let write = |keys: &mut dyn Iterator<Item = u64>, fill: u8| -> Result {
        let mut keys = keys.peekable();
        while keys.peek().is_some() {
            let batch: Vec<u64> = keys.by_ref().take(BATCH as usize).collect();
            store.update(|tx| {
                for key in &batch {
                    tx.put(&table, *key, vec![fill; VALUE]);
                }
            })?;
        }
        Ok(())
    };
    write(&mut (0..KEYS), 0)?;
    // Overwritten once before anything is pinned, so that what a store keeps anyway is kept.
    write(&mut (0..KEYS).step_by(ONE_IN as usize), 0)?;
    let before = HEAP.allocated() - empty;

    let mut pinned = Vec::new();
    for number in 1..=PINNED {
        pinned.push(store.snapshot());
        let mut keys = (number..KEYS).step_by(ONE_IN as usize);
        write(&mut keys, number as u8)?;
    }
    for (number, snapshot) in (1..=PINNED).zip(&pinned) {
        let value = snapshot.get(&table, &number).ok_or("a key is gone")?;
        if value.first() != Some(&0) {
            return Err(format!("snapshot {number} shows what was written after it").into());
        }
    }
    // The highest it ever was, also within a commit.
    let peak = HEAP.max_allocated() - empty;
    drop(pinned);
    // What the store would free by and by, it is asked to free now.
    store.collect();
    let after = HEAP.allocated() - empty;

    #[expect(clippy::cast_precision_loss, reason = "sizes to be read by people")]
    let share = |part: usize, whole: usize| part as f64 / whole as f64;
    let data = KEYS as usize * (size_of::<u64>() + VALUE);
    Ok([
        Line::below(PEAK, share(peak, data), "data", MOST, 1.0),
        Line::below(AFTER, share(after, before), "heap", LEFT, 1.0),
    ])
}

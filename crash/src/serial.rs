//! The figures: histories of a store, and the bugs that the checkers catch.

use std::error::Error;

use crate::check::{Tally, check};
use crate::line::Line;
use crate::model::{Bug, ModelStore};
use crate::register;
use crate::search::search;
use crate::subject::Subject;
use crate::workload::{self, Shape};

/// Of the commits that were asked for, at least this share (in percent) must overlap with another
/// client's: else nobody met anybody, and the histories show nothing.
const MEETING: usize = 5;

/// Judges random histories of eight clients. `make` gives an empty store for each.
pub fn serializable<S: Subject>(
    name: &str,
    make: impl Fn() -> S,
    histories: usize,
    seed: u64,
) -> Line {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut tally = Tally::default();
    let mut wrong = Wrong::default();
    for _ in 0..histories {
        let (shape, seed) = (Shape::random(&mut rng), rng.u64(..));
        match check(&workload::run(&make(), shape, seed)) {
            Ok(one) => tally.add(one),
            Err(violation) => wrong.found(&violation),
        }
    }
    let all = tally.commits + tally.refused;
    let vacuous = tally.overlaps * 100 < all * MEETING || tally.refused == 0;
    let note = format!(
        "{histories} histories of 8 clients, seed {seed}: {} commits, {} overlapping, {} refused, {} views{}",
        tally.commits,
        tally.overlaps,
        tally.refused,
        tally.views,
        wrong.first()
    );
    Line::none(name, wrong.count, "violations", note)
        .but((vacuous && wrong.count == 0).then(|| "the clients hardly met".to_owned()))
}

/// Judges random histories of eight clients on one key, without a look at the versions.
pub fn linearizable<S: Subject>(
    name: &str,
    make: impl Fn() -> S,
    histories: usize,
    seed: u64,
) -> Line {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut wrong = Wrong::default();
    let mut calls = 0;
    for _ in 0..histories {
        let operations = register::run(&make(), rng.u64(..));
        calls += operations.len();
        if let Err(error) = search(&operations) {
            wrong.found(&error);
        }
    }
    let note = format!(
        "{histories} histories of one key, {calls} calls, seed {seed}{}",
        wrong.first()
    );
    Line::none(name, wrong.count, "violations", note)
}

/// Runs histories of a store with a bug until it is caught, `histories` at most.
///
/// `name` is that of the bug.
pub fn caught<S: Subject>(name: &str, make: impl Fn() -> S, histories: usize, seed: u64) -> Line {
    let mut rng = fastrand::Rng::with_seed(seed);
    for number in 1..=histories {
        let (shape, seed) = (Shape::random(&mut rng), rng.u64(..));
        if let Err(violation) = check(&workload::run(&make(), shape, seed)) {
            let note = format!("in history {number}: {}", brief(&violation));
            return Line::control(name, 1, 1, 100.0, note);
        }
    }
    let note = format!("{histories} histories, seed {seed}, and nothing was seen");
    Line::control(name, 0, 1, 100.0, note)
}

/// The same, by histories of one key and without a look at the versions.
pub fn caught_by_search<S: Subject>(
    name: &str,
    make: impl Fn() -> S,
    histories: usize,
    seed: u64,
) -> Line {
    let mut rng = fastrand::Rng::with_seed(seed);
    for number in 1..=histories {
        if let Err(error) = search(&register::run(&make(), rng.u64(..))) {
            let note = format!("in history {number}: {error}");
            return Line::control(name, 1, 1, 100.0, note);
        }
    }
    let note = format!("{histories} histories, seed {seed}, and nothing was seen");
    Line::control(name, 0, 1, 100.0, note)
}

/// The controls of both checkers: the model is sound, and each of its bugs is caught.
#[must_use]
pub fn controls(histories: usize, seed: u64) -> Vec<Line> {
    let mut lines = vec![serializable(
        "serializable: the model itself",
        ModelStore::new,
        histories.min(200),
        seed,
    )];
    for bug in Bug::ALL {
        let name = format!("serializable: model with {bug:?}");
        lines.push(caught(&name, || ModelStore::with_bug(bug), histories, seed));
    }
    // What two clients can see on one key.
    for bug in [
        Bug::DropValidation,
        Bug::EarlyPublish,
        Bug::LatePublish,
        Bug::LostWriteUnderContention,
        Bug::StaleSnapshot,
    ] {
        let name = format!("linearizable register: model with {bug:?}");
        let make = || ModelStore::with_bug(bug);
        lines.push(caught_by_search(&name, make, histories, seed));
    }
    lines
}

/// How often something was wrong, and how the first time.
#[derive(Default)]
struct Wrong {
    count: usize,
    first: Option<String>,
}

impl Wrong {
    fn found(&mut self, error: &dyn Error) {
        self.count += 1;
        if self.first.is_none() {
            self.first = Some(brief(error));
        }
    }

    fn first(&self) -> String {
        let first = self.first.as_deref();
        first.map_or_else(String::new, |first| format!("; first: {first}"))
    }
}

/// Enough of it to know what it is.
fn brief(error: &dyn Error) -> String {
    error.to_string().chars().take(200).collect()
}

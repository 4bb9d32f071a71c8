//! Steps that are carried out and written down.

use crate::history::{Key, Step, Value};
use crate::subject::{Steps, View};

/// Carries out the steps of a transaction, writes them down, and pauses between them at random.
pub(super) struct Recording<'r> {
    pub(super) inner: &'r mut dyn Steps,
    pub(super) steps: &'r mut Vec<Step>,
    pub(super) rng: &'r mut fastrand::Rng,
}

impl Steps for Recording<'_> {
    fn get(&mut self, key: Key) -> Option<Value> {
        let got = self.inner.get(key);
        self.steps.push(Step::Get { key, got });
        pause(self.rng);
        got
    }

    fn range(&mut self, from: Key, to: Key) -> Vec<(Key, Value)> {
        let got = self.inner.range(from, to);
        self.steps.push(Step::Range {
            from,
            to,
            got: got.clone(),
        });
        pause(self.rng);
        got
    }

    fn put(&mut self, key: Key, value: Value) {
        self.inner.put(key, value);
        self.steps.push(Step::Put { key, value });
        pause(self.rng);
    }

    fn remove(&mut self, key: Key) {
        self.inner.remove(key);
        self.steps.push(Step::Remove { key });
        pause(self.rng);
    }
}

/// Reads a key of a snapshot and writes it down.
pub(super) fn get(view: &impl View, key: Key, steps: &mut Vec<Step>) {
    let got = view.get(key);
    steps.push(Step::Get { key, got });
}

/// Reads all keys of a snapshot and writes it down.
pub(super) fn all(view: &impl View, keys: Key, steps: &mut Vec<Step>) {
    let got = view.range(0, keys);
    steps.push(Step::Range {
        from: 0,
        to: keys,
        got,
    });
}

/// Lets another client run, now and then.
pub(super) fn pause(rng: &mut fastrand::Rng) {
    if rng.u8(..) < 100 {
        std::thread::yield_now();
    }
}

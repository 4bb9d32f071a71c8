//! The backend against a plain model: maps and lists, changed one call at a time.

mod plain;
mod step;

use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;
use tempfile::TempDir;

use super::folder::open;
use crate::backend::conformance::block_on;
use crate::backend::*;
use plain::Plain;
use step::{Expected, Step, steps};

const KEYS: [&str; 4] = ["a", "a/1", "a/2", "b"];
const QUEUES: [&str; 2] = ["q", "r"];
const STREAMS: [&str; 3] = ["s", "s/1", "t"];

/// Both sides, and what a caller has heard of.
struct Pair {
    backend: LocalBackend,
    /// Where the backend is kept, if it is.
    folder: Option<TempDir>,
    clock: ManualClock,
    model: Plain,
    /// Every delivery that there was, so that old fences are used as well.
    deliveries: Vec<Delivery>,
    /// Revisions that keys have had.
    revisions: Vec<Revision>,
}

impl Pair {
    fn new(folder: Option<TempDir>) -> Self {
        let clock = ManualClock::default();
        let backend = match &folder {
            Some(folder) => open(folder, &clock),
            None => LocalBackend::in_memory(clock.clone()),
        };
        Self {
            model: Plain::new(crate::Clock::now(&clock).as_millisecond()),
            backend,
            folder,
            clock,
            deliveries: Vec::new(),
            revisions: vec![Revision::NONE],
        }
    }

    fn delivery(&self, at: usize) -> Option<(TaskId, Fence)> {
        let at = at.checked_rem(self.deliveries.len())?;
        // Counted from the end: those that are still leased are met more often.
        let delivery = &self.deliveries[self.deliveries.len() - 1 - at];
        Some((delivery.task, delivery.fence))
    }

    fn commit(&self, step: &step::CommitStep) -> Commit {
        let mut commit = Commit::new();
        commit.idempotency_key = step.key.map(|key| format!("key/{key}"));
        for (key, expected) in &step.expects {
            let revision = match expected {
                Expected::Right => self.model.revision(KEYS[*key]),
                Expected::Any(at) => self.revisions[at % self.revisions.len()],
            };
            commit = commit.expect(KEYS[*key], revision);
        }
        for (key, value) in &step.writes {
            commit = match value {
                Some(value) => commit.put(KEYS[*key], json!(value)),
                None => commit.delete(KEYS[*key]),
            };
        }
        for at in &step.complete {
            if let Some((task, fence)) = self.delivery(*at)
                && !commit.complete.iter().any(|(other, _)| *other == task)
            {
                commit = commit.complete(task, fence);
            }
        }
        for (queue, priority, delay, attempts) in &step.enqueue {
            let task = NewTask::new(QUEUES[*queue], json!([queue, priority, delay]))
                .with_priority(*priority)
                .with_delay(Duration::from_millis(*delay))
                .with_max_attempts(*attempts);
            commit = commit.enqueue(task);
        }
        for (stream, number) in &step.events {
            commit = commit.event(NewEvent::new(STREAMS[*stream], "k", json!(number)));
        }
        if let Some((right, to)) = step.cursor {
            let from = if right { self.model.cursor } else { to };
            commit = commit.cursor("cursor", from, to);
        }
        commit
    }

    async fn step(&mut self, step: Step) -> Result<(), TestCaseError> {
        let (backend, model) = (self.backend.clone(), &mut self.model);
        match step {
            Step::Commit(step) => {
                let commit = self.commit(&step);
                let found = backend.commit(commit.clone()).await;
                let reused = matches!(found, Err(BackendError::KeyReused { .. }));
                match self.model.commit(commit, found.as_ref().ok()) {
                    None => prop_assert!(reused, "{found:?}"),
                    Some(expected) => {
                        let found = found.unwrap();
                        if let Some(committed) = found.committed() {
                            self.revisions.push(committed.revision);
                        }
                        prop_assert_eq!(found, expected);
                    }
                }
            }
            Step::Lease(queue, max, duration) => {
                let duration = Duration::from_millis(duration);
                let found = backend
                    .lease(QUEUES[queue], "w", max, duration)
                    .await
                    .unwrap();
                let expected = model.lease(QUEUES[queue], max, duration);
                prop_assert_eq!(&found, &expected);
                self.deliveries.extend(found);
            }
            Step::Extend(at, duration) => {
                if let Some((task, fence)) = self.delivery(at) {
                    let duration = Duration::from_millis(duration);
                    let found = backend.extend(task, fence, duration).await.unwrap();
                    prop_assert_eq!(found, self.model.extend(task, fence, duration));
                }
            }
            Step::Nack(at, delay) => {
                if let Some((task, fence)) = self.delivery(at) {
                    let delay = Duration::from_millis(delay);
                    let found = backend.nack(task, fence, delay, "no").await.unwrap();
                    prop_assert_eq!(found, self.model.nack(task, fence, delay, "no"));
                }
            }
            Step::DeadLetters(queue, after, limit) => {
                let after = after.map(TaskId);
                let found = backend
                    .dead_letters(QUEUES[queue], after, limit)
                    .await
                    .unwrap();
                prop_assert_eq!(found, model.dead_letters(QUEUES[queue], after, limit));
            }
            Step::Requeue(task) => {
                let found = backend.requeue(TaskId(task)).await.unwrap();
                prop_assert_eq!(found, model.raise(task, true));
            }
            Step::Discard(task) => {
                let found = backend.discard(TaskId(task)).await.unwrap();
                prop_assert_eq!(found, model.raise(task, false));
            }
            Step::Advance(milliseconds) => {
                self.clock.advance(Duration::from_millis(milliseconds));
                model.now += i64::try_from(milliseconds).unwrap();
            }
            Step::Trim(through) => {
                let found = backend.trim_events(through).await.unwrap();
                prop_assert_eq!(found, model.trim(through));
            }
            Step::Reopen => {
                drop(backend);
                self.reopen();
            }
        }
        self.look().await
    }

    fn reopen(&mut self) {
        self.backend = if let Some(folder) = &self.folder {
            // Something has to be there while the folder is held by nobody.
            self.backend = LocalBackend::in_memory(self.clock.clone());
            open(folder, &self.clock)
        } else {
            let store = self.backend.store().clone();
            LocalBackend::on(store, self.clock.clone()).unwrap()
        };
    }

    /// Everything that can be read without changing anything.
    async fn look(&self) -> Result<(), TestCaseError> {
        let (backend, model) = (&self.backend, &self.model);
        for prefix in ["", "a/"] {
            let found = backend.scan(prefix, None, 9).await.unwrap();
            prop_assert_eq!(found, model.scan(prefix));
        }
        for queue in QUEUES {
            prop_assert_eq!(
                backend.readiness(queue).await.unwrap(),
                model.readiness(queue)
            );
        }
        for prefix in ["", "s/"] {
            let found = backend.events(model.trimmed, 99, prefix).await.unwrap();
            prop_assert_eq!(found.events, model.events(prefix));
            prop_assert_eq!(found.through, found.newest);
        }
        prop_assert_eq!(backend.cursor("cursor").await.unwrap(), model.cursor);
        for key in 0..3 {
            let key = format!("key/{key}");
            prop_assert_eq!(backend.resolve(&key).await.unwrap(), model.resolve(&key));
        }
        Ok(())
    }
}

fn compare(folder: Option<TempDir>, steps: Vec<Step>) -> Result<(), TestCaseError> {
    block_on(async {
        let mut pair = Pair::new(folder);
        for step in steps {
            pair.step(step).await?;
        }
        // What is in a folder has to be there for the next one as well.
        pair.reopen();
        pair.look().await?;
        let verified = pair.backend.verify_events().await.unwrap();
        prop_assert_eq!(verified.last, pair.model.newest());
        for queue in QUEUES {
            let found = pair.backend.counts(queue).await.unwrap();
            prop_assert_eq!(found, pair.model.counts(queue));
        }
        Ok(())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_backend_does_what_a_plain_model_does(steps in steps()) {
        compare(None, steps)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn the_backend_in_a_folder_does_what_a_plain_model_does(steps in steps()) {
        compare(Some(tempfile::tempdir().unwrap()), steps)?;
    }
}

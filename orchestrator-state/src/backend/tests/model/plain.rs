//! What a backend is to do, as simply as it can be said.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::Digest;
use crate::backend::time::timestamp;
use crate::backend::*;

struct Task {
    new: NewTask,
    attempts: u32,
    ready: i64,
    lease: Option<(Fence, i64)>,
    reason: Option<String>,
}

pub(super) struct Plain {
    pub(super) now: i64,
    pub(super) cursor: u64,
    pub(super) trimmed: u64,
    state: BTreeMap<String, (Json, Revision)>,
    tasks: BTreeMap<u64, Task>,
    dead: BTreeMap<u64, (Task, i64)>,
    events: Vec<Event>,
    answers: BTreeMap<String, (Commit, Committed)>,
    newest_task: u64,
    newest_fence: u64,
    newest_revision: Revision,
}

fn after(now: i64, wait: Duration) -> i64 {
    now + i64::try_from(wait.as_millis()).unwrap()
}

impl Plain {
    pub(super) fn new(now: i64) -> Self {
        Self {
            now,
            cursor: 0,
            trimmed: 0,
            state: BTreeMap::new(),
            tasks: BTreeMap::new(),
            dead: BTreeMap::new(),
            events: Vec::new(),
            answers: BTreeMap::new(),
            newest_task: 0,
            newest_fence: 0,
            newest_revision: Revision::NONE,
        }
    }

    pub(super) fn revision(&self, key: &str) -> Revision {
        self.state
            .get(key)
            .map_or(Revision::NONE, |(_, revision)| *revision)
    }

    pub(super) fn newest(&self) -> u64 {
        self.events.len() as u64
    }

    fn chain_hash(&self) -> Digest {
        self.events
            .last()
            .map_or_else(Event::genesis, |event| event.chain_hash)
    }

    fn holds(&self, task: TaskId, fence: Fence) -> bool {
        let task = self.tasks.get(&task.0);
        task.and_then(|task| task.lease)
            .is_some_and(|(held, _)| held == fence)
    }

    /// Nothing when the key was used for something else. Which revision a commit gets is the
    /// backend's to choose, as long as it grows.
    pub(super) fn commit(
        &mut self,
        commit: Commit,
        found: Option<&CommitOutcome>,
    ) -> Option<CommitOutcome> {
        if let Some((first, answer)) = commit
            .idempotency_key
            .as_ref()
            .and_then(|key| self.answers.get(key))
        {
            return (*first == commit).then(|| CommitOutcome::Committed(answer.clone()));
        }
        let lost = commit
            .complete
            .iter()
            .filter(|(task, fence)| !self.holds(*task, *fence));
        let tasks: Vec<_> = lost.map(|(task, _)| *task).collect();
        if !tasks.is_empty() {
            return Some(CommitOutcome::Fenced { tasks });
        }
        let keys = commit.expects.iter().map(|(key, expected)| KeyConflict {
            key: key.clone(),
            expected: *expected,
            found: self.revision(key),
        });
        let keys: Vec<_> = keys.filter(|key| key.expected != key.found).collect();
        let cursors = commit.cursors.iter().map(|cursor| CursorConflict {
            name: cursor.name.clone(),
            expected: cursor.from,
            found: self.cursor,
        });
        let cursors: Vec<_> = cursors
            .filter(|cursor| cursor.expected != cursor.found)
            .collect();
        if !keys.is_empty() || !cursors.is_empty() {
            return Some(CommitOutcome::Conflict { keys, cursors });
        }

        let revision = found
            .and_then(CommitOutcome::committed)
            .map_or(Revision::NONE, |found| found.revision);
        let effects = commit != Commit::new();
        let writes = Commit {
            expects: Vec::new(),
            ..commit.clone()
        } != Commit::new();
        if writes {
            assert!(
                revision > self.newest_revision,
                "{revision} after {}",
                self.newest_revision
            );
        } else if effects {
            assert!(
                revision >= self.newest_revision,
                "{revision} after {}",
                self.newest_revision
            );
        }
        self.newest_revision = revision;
        for write in &commit.writes {
            match &write.value {
                Some(value) => drop(
                    self.state
                        .insert(write.key.clone(), (value.clone(), revision)),
                ),
                None => drop(self.state.remove(&write.key)),
            }
        }
        for cursor in &commit.cursors {
            self.cursor = cursor.to;
        }
        for (task, _) in &commit.complete {
            self.tasks.remove(&task.0);
        }
        let mut tasks = Vec::new();
        for new in &commit.enqueue {
            self.newest_task += 1;
            tasks.push(TaskId(self.newest_task));
            let task = Task {
                new: new.clone(),
                attempts: 0,
                ready: after(self.now, new.delay),
                lease: None,
                reason: None,
            };
            self.tasks.insert(self.newest_task, task);
        }
        for new in &commit.events {
            let (sequence, at) = (self.newest() + 1, timestamp(self.now));
            self.events
                .push(Event::after(&self.chain_hash(), sequence, at, new.clone()));
        }
        let committed = Committed {
            revision,
            sequence: self.newest(),
            chain_hash: self.chain_hash(),
            tasks,
        };
        if let Some(key) = &commit.idempotency_key {
            self.answers
                .insert(key.clone(), (commit, committed.clone()));
        }
        Some(CommitOutcome::Committed(committed))
    }

    fn fail(&mut self, id: u64, ready: i64, reason: &str) -> bool {
        let task = self.tasks.get_mut(&id).unwrap();
        task.lease = None;
        task.ready = ready;
        task.reason = Some(reason.to_owned());
        let dies = task.attempts >= task.new.max_attempts;
        if dies && let Some(task) = self.tasks.remove(&id) {
            self.dead.insert(id, (task, self.now));
        }
        dies
    }

    fn reap(&mut self, queue: &str) {
        let ended = |task: &Task| task.lease.is_some_and(|(_, expires)| expires <= self.now);
        let ended = self
            .tasks
            .iter()
            .filter(|(_, task)| task.new.queue == queue && ended(task));
        let ended: Vec<_> = ended.map(|(id, task)| (*id, task.ready)).collect();
        for (id, ready) in ended {
            self.fail(id, ready, "the lease of worker `w` has ended");
        }
    }

    pub(super) fn lease(&mut self, queue: &str, max: usize, duration: Duration) -> Vec<Delivery> {
        self.reap(queue);
        let expires = after(self.now, duration);
        let due = self.tasks.iter_mut().filter(|(_, task)| {
            task.new.queue == queue && task.lease.is_none() && task.ready <= self.now
        });
        let mut due: Vec<_> = due.collect();
        due.sort_by_key(|(id, task)| (Reverse(task.new.priority), task.ready, **id));
        let deliver = |(id, task): (&u64, &mut Task)| {
            self.newest_fence += 1;
            task.attempts += 1;
            task.lease = Some((Fence(self.newest_fence), expires));
            Delivery {
                task: TaskId(*id),
                payload: task.new.payload.clone(),
                attempt: task.attempts,
                max_attempts: task.new.max_attempts,
                fence: Fence(self.newest_fence),
                expires: timestamp(expires),
                last_failure: task.reason.clone(),
            }
        };
        due.into_iter().take(max).map(deliver).collect()
    }

    pub(super) fn extend(
        &mut self,
        task: TaskId,
        fence: Fence,
        duration: Duration,
    ) -> ExtendOutcome {
        if !self.holds(task, fence) {
            return ExtendOutcome::Fenced;
        }
        let expires = after(self.now, duration);
        self.tasks.get_mut(&task.0).unwrap().lease = Some((fence, expires));
        ExtendOutcome::Extended {
            expires: timestamp(expires),
        }
    }

    pub(super) fn nack(
        &mut self,
        task: TaskId,
        fence: Fence,
        delay: Duration,
        reason: &str,
    ) -> NackOutcome {
        let ready = after(self.now, delay);
        if !self.holds(task, fence) {
            NackOutcome::Fenced
        } else if self.fail(task.0, ready, reason) {
            NackOutcome::Dead
        } else {
            NackOutcome::Retried {
                at: timestamp(ready),
            }
        }
    }

    pub(super) fn dead_letters(
        &mut self,
        queue: &str,
        after: Option<TaskId>,
        limit: usize,
    ) -> Vec<DeadLetter> {
        self.reap(queue);
        let dead = self.dead.iter().filter(|(id, (task, _))| {
            task.new.queue == queue && after.is_none_or(|after| **id > after.0)
        });
        let letters = dead.map(|(id, (task, since))| DeadLetter {
            task: TaskId(*id),
            payload: task.new.payload.clone(),
            attempts: task.attempts,
            reason: task.reason.clone().unwrap_or_default(),
            since: timestamp(*since),
        });
        letters.take(limit).collect()
    }

    pub(super) fn raise(&mut self, id: u64, again: bool) -> bool {
        let Some((mut task, _)) = self.dead.remove(&id) else {
            return false;
        };
        if again {
            task.attempts = 0;
            task.ready = self.now;
            self.tasks.insert(id, task);
        }
        true
    }

    pub(super) fn trim(&mut self, through: u64) -> u64 {
        self.trimmed = self.trimmed.max(through.min(self.newest()));
        self.trimmed + 1
    }

    pub(super) fn scan(&self, prefix: &str) -> Vec<Entry> {
        let rows = self.state.iter().filter(|(key, _)| key.starts_with(prefix));
        let entries = rows.map(|(key, (value, revision))| Entry {
            key: key.clone(),
            value: value.clone(),
            revision: *revision,
        });
        entries.collect()
    }

    pub(super) fn events(&self, prefix: &str) -> Vec<Event> {
        let events = self
            .events
            .iter()
            .filter(|event| event.sequence > self.trimmed && event.stream.starts_with(prefix));
        events.cloned().collect()
    }

    pub(super) fn resolve(&self, key: &str) -> Option<Committed> {
        self.answers.get(key).map(|(_, answer)| answer.clone())
    }

    pub(super) fn readiness(&self, queue: &str) -> Readiness {
        let tasks = self.tasks.values().filter(|task| task.new.queue == queue);
        let times = tasks.map(|task| task.lease.map_or(task.ready, |(_, expires)| expires));
        match times.min() {
            None => Readiness::Idle,
            Some(time) if time <= self.now => Readiness::Now,
            Some(time) => Readiness::At(timestamp(time)),
        }
    }

    pub(super) fn counts(&mut self, queue: &str) -> QueueCounts {
        self.reap(queue);
        let mut counts = QueueCounts::default();
        for task in self.tasks.values().filter(|task| task.new.queue == queue) {
            match task.lease {
                Some(_) => counts.leased += 1,
                None if task.ready <= self.now => counts.ready += 1,
                None => counts.delayed += 1,
            }
        }
        let dead = self
            .dead
            .values()
            .filter(|(task, _)| task.new.queue == queue);
        counts.dead = dead.count() as u64;
        counts
    }
}

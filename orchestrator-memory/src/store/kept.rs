//! Changes as data, and all of a store as data.

use super::{MemoryStore, id_at, place_of};
use crate::{
    EntryId, MemoryChange, MemoryConfig, MemorySnapshot, SCHEMA, SnapshotError, Tier,
    change::Saved,
    index::{PLACES, Place},
};

impl MemoryStore {
    /// Makes a change, and keeps it for who wants to know.
    pub(super) fn make(&mut self, change: MemoryChange) {
        self.carry_out(&change);
        if let Some(changes) = &mut self.changes {
            changes.push(change);
        }
    }

    /// Makes a change that another store, or this one before, has made: see
    /// [`take_changes`](Self::take_changes). One that does not fit, such as of an entry that is not
    /// there, does nothing.
    pub fn apply(&mut self, change: &MemoryChange) {
        self.make(change.clone());
    }

    fn carry_out(&mut self, change: &MemoryChange) {
        match change {
            MemoryChange::Added { entry } => self.insert(entry.clone()),
            MemoryChange::Repeated {
                id,
                importance,
                raised,
                pinned,
                expires,
            } => {
                if let Some(record) = self.record_mut(*id) {
                    record.importance = *importance;
                    record.pinned = *pinned;
                    record.set_expires(*expires);
                    if record.is_fixed() {
                        self.fixed.insert(*id);
                    }
                    self.focus.raise(*id, *raised);
                }
            }
            MemoryChange::Superseded { old, new } => self.retire(*old, *new),
            MemoryChange::Turned { touched } => _ = self.pass(touched),
            MemoryChange::Moved { id, tier } => self.shift(*id, *tier),
            MemoryChange::Embedded { id, embedding } => self.put_embedding(*id, embedding),
            MemoryChange::Dropped { entries } => {
                for id in entries {
                    self.remove(*id);
                }
            }
        }
    }

    /// From now on, keeps what changes for [`take_changes`](Self::take_changes).
    pub fn watch(&mut self) {
        self.changes.get_or_insert_default();
    }

    /// What has changed since the last call, or since [`watch`](Self::watch), without which there
    /// is nothing.
    #[must_use]
    pub fn take_changes(&mut self) -> Vec<MemoryChange> {
        self.changes
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// All of it, to be kept.
    #[must_use]
    pub fn snapshot(&self) -> MemorySnapshot {
        let saved = self
            .records
            .iter()
            .enumerate()
            .filter_map(|(place, record)| {
                let record = record.as_ref()?;
                let entry = record.entry(id_at(place), &self.names);
                let first_task = record.task_in(Tier::Task).map(|task| self.names.text(task));
                let has_moved = record.tier != record.origin;
                Some(Saved {
                    origin: has_moved.then_some((record.origin, first_task)),
                    sustained: record.sustained,
                    weight: self.index.weight(place as Place),
                    gate: self.focus.touched(entry.id),
                    embedding: self.embeddings.get(entry.id).cloned(),
                    entry,
                })
            });
        MemorySnapshot {
            schema: SCHEMA,
            turn: self.focus.now(),
            last_id: self.records.len() as u64,
            entries: saved.collect(),
        }
    }

    /// The store that a snapshot, if there is one, and the changes since then lead to.
    ///
    /// # Errors
    /// [`SnapshotError`] where what the snapshot says does not fit together.
    pub fn replay(
        config: MemoryConfig,
        snapshot: Option<MemorySnapshot>,
        changes: &[MemoryChange],
    ) -> Result<Self, SnapshotError> {
        let mut store = match snapshot {
            Some(snapshot) => Self::restore(config, snapshot)?,
            None => Self::new(config),
        };
        for change in changes {
            store.apply(change);
        }
        Ok(store)
    }

    /// The store of which this is a snapshot, with these settings.
    ///
    /// # Errors
    /// [`SnapshotError`] where what it says does not fit together.
    pub fn restore(config: MemoryConfig, snapshot: MemorySnapshot) -> Result<Self, SnapshotError> {
        let mut store = Self::new(config);
        let last = EntryId(snapshot.last_id);
        // Places that nobody can fill would be made all the same.
        let places = usize::try_from(last.0)
            .ok()
            .filter(|places| *places <= PLACES);
        let places = places.ok_or(SnapshotError::Damaged {
            id: last,
            what: "is more than a memory holds",
        })?;
        for Saved {
            entry,
            weight,
            gate,
            origin,
            sustained,
            embedding,
        } in snapshot.entries
        {
            let id = entry.id;
            let damaged = |what| SnapshotError::Damaged { id, what };
            let place = place_of(id).filter(|place| *place >= store.records.len());
            let place = place.ok_or_else(|| damaged("is out of order"))?;
            if id.0 > last.0 {
                return Err(damaged("comes after the last one"));
            }
            if entry.superseded_by.is_some() {
                // It is kept, and nothing else.
                store.skip_to(place);
                store.index.skip();
                store.push(entry);
                continue;
            }
            store.insert(entry);
            store.index.set_weight(place as Place, weight);
            if let Some(embedding) = &embedding {
                store.put_embedding(id, embedding);
            }
            if let Some((gate, tier, turn)) = gate {
                store.focus.restore(id, gate, tier, turn);
            }
            let origin =
                origin.map(|(tier, task)| (tier, task.map(|task| store.names.take(&task))));
            if let Some(record) = store.record_mut(id) {
                record.sustained = sustained;
                if let Some((tier, task)) = origin {
                    record.set_origin(tier, task);
                }
            }
        }
        store.skip_to(places);
        store.focus.go_to(snapshot.turn);
        Ok(store)
    }
}

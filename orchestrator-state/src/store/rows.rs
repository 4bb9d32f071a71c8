//! The writer's side of a table: checking what was read, installing what was written, dropping what
//! is old. All of it happens under the store's commit lock.

use std::any::{Any, type_name};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use sdd::{Guard, Shared, Tag};

use super::bugs::SeededBug;
use super::chain::{Chain, Revision};
use super::error::ConflictKey;
use super::index::Index;
use super::pins::Horizon;
use super::sets::{AnySets, Sets, Writes};
use super::table::{AnyCore, Core, TableKey, TableValue};
use super::transaction::as_refs;
use super::watch::{Deliver, Watchers};

/// A table whose types are not known.
pub(super) trait AnyRows: Send {
    fn core(&self) -> Arc<dyn AnyCore>;
    fn as_any_mut(&mut self) -> &mut dyn Any;
    fn types(&self) -> &'static str;
    fn name(&self) -> &Arc<str>;

    /// Whether everything that was read is as it was at `base`. If not, and names are asked for,
    /// they are added.
    fn is_unchanged(
        &self,
        sets: &dyn AnySets,
        base: u64,
        bug: Option<SeededBug>,
        names: Option<&mut Vec<ConflictKey>>,
    ) -> bool;

    /// Puts the writes in. Nobody sees them before the version is published.
    fn install(&mut self, sets: Box<dyn AnySets>, install: &Install<'_>) -> Installed;

    /// Drops what nobody can ask for, as far as the budget goes, beginning with what has waited longest.
    fn sweep(&mut self, horizon: &Horizon, guard: &Guard, budget: &mut usize);

    /// Looks at every chain that may have something to drop, also between two pins.
    fn sweep_all(&mut self, horizon: &Horizon, guard: &Guard);

    /// The lowest version that something to be dropped waits for.
    fn waits_for(&self) -> Option<u64>;
}

/// What goes for all tables of a commit.
pub(super) struct Install<'a> {
    pub(super) version: u64,
    pub(super) horizon: &'a Horizon,
    pub(super) guard: &'a Guard,
    /// How many revisions a chain may have before it is worth a look.
    pub(super) deep: u32,
}

/// What comes of the writes.
pub(super) struct Installed {
    /// What the watchers are to be told.
    pub(super) deliver: Option<Deliver>,
    /// Whether a chain has got long.
    pub(super) deep: bool,
}

/// The rows of a table of some types.
pub(super) struct Rows<K: 'static, V: 'static> {
    pub(super) core: Arc<Core<K, V>>,
    /// Chains that have something to drop once a version is no longer needed.
    listed: VecDeque<(u64, Arc<Chain<V>>)>,
    /// Keys that were taken away, and when.
    gone: VecDeque<(u64, K)>,
    /// Chains that have got long. Kept for its memory.
    deep: Vec<Arc<Chain<V>>>,
    pub(super) watchers: Watchers<K, V>,
}

impl<K: TableKey, V: TableValue> Rows<K, V> {
    pub(super) fn new(core: Arc<Core<K, V>>) -> Self {
        Self {
            core,
            listed: VecDeque::new(),
            gone: VecDeque::new(),
            deep: Vec::new(),
            watchers: Watchers::default(),
        }
    }

    fn sets<'a>(&self, sets: &'a dyn AnySets) -> &'a Sets<K, V> {
        match sets.as_any().downcast_ref() {
            Some(sets) => sets,
            None => unreachable!("a table's number stands for its types"),
        }
    }

    fn conflict(&self, key: &K) -> ConflictKey {
        ConflictKey {
            table: self.core.name.to_string(),
            // A key without a JSON form was never committed, and so has never changed.
            key: serde_json::to_string(key).unwrap_or_else(|error| error.to_string()),
        }
    }

    /// Puts one write in.
    pub(super) fn install_one(
        &mut self,
        key: &K,
        chain: Option<&Arc<Chain<V>>>,
        revision: Shared<Revision<V>>,
        install: &Install<'_>,
    ) -> Installed {
        let deliver = if self.watchers.is_empty() {
            None
        } else {
            let mut writes = Writes::default();
            writes.put(key.clone(), revision.clone());
            self.watchers.changes(&writes, install.version)
        };
        match chain {
            Some(chain) => self.push(key, chain, revision, install),
            None if revision.value.is_none() => {}
            None => {
                let mut new = self.core.index(install.guard).clone();
                new.insert(key.clone(), first(revision, install));
                self.replace(Some(new));
            }
        }
        Installed {
            deliver,
            deep: !self.deep.is_empty(),
        }
    }

    /// Puts a revision in front of a chain that is there.
    fn push(
        &mut self,
        key: &K,
        chain: &Arc<Chain<V>>,
        revision: Shared<Revision<V>>,
        install: &Install<'_>,
    ) {
        if revision.value.is_none() {
            self.gone.push_back((install.version, key.clone()));
        }
        let pushed = chain.push(revision, install.version, install.horizon, install.guard);
        if pushed.unlisted {
            self.listed.push_back((install.version, Arc::clone(chain)));
        }
        if pushed.depth > install.deep {
            self.deep.push(Arc::clone(chain));
        }
    }

    /// Makes an index the one that readers find.
    fn replace(&self, index: Option<Index<K, Arc<Chain<V>>>>) {
        if let Some(index) = index {
            let _old = self
                .core
                .index
                .swap((Some(Shared::new(index)), Tag::None), Ordering::AcqRel);
        }
    }

    /// Drops revisions of chains that have got long, by a horizon that is fresh.
    pub(super) fn prune_deep(&mut self, horizon: &Horizon, guard: &Guard) {
        for chain in self.deep.drain(..) {
            chain.prune(horizon, guard);
        }
    }
}

/// The chain of a key that was not there.
fn first<V: TableValue>(revision: Shared<Revision<V>>, install: &Install<'_>) -> Arc<Chain<V>> {
    let chain = Chain::new();
    let _ = chain.push(revision, install.version, install.horizon, install.guard);
    Arc::new(chain)
}

impl<K: TableKey, V: TableValue> AnyRows for Rows<K, V> {
    fn core(&self) -> Arc<dyn AnyCore> {
        Arc::<Core<K, V>>::clone(&self.core)
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn types(&self) -> &'static str {
        type_name::<(K, V)>()
    }

    fn name(&self) -> &Arc<str> {
        &self.core.name
    }

    fn is_unchanged(
        &self,
        sets: &dyn AnySets,
        base: u64,
        bug: Option<SeededBug>,
        mut names: Option<&mut Vec<ConflictKey>>,
    ) -> bool {
        let sets = self.sets(sets);
        let guard = Guard::new();
        let index = self.core.index(&guard);
        let mut unchanged = true;
        // A key that has disappeared from the index was taken away before the oldest pin, and so
        // before this transaction began.
        let changed = |chain: &Chain<V>| {
            let newest = chain.newest(&guard);
            newest.is_some_and(|newest| newest.version() > base)
        };
        for key in &sets.reads {
            if bug == Some(SeededBug::SkipReadSet) && sets.writes.get(key).is_none() {
                continue;
            }
            if index.get(key).is_some_and(|chain| changed(chain)) {
                unchanged = false;
                match &mut names {
                    Some(names) => names.push(self.conflict(key)),
                    None => return false,
                }
            }
        }
        for range in &sets.ranges {
            if bug == Some(SeededBug::PhantomRange) {
                break;
            }
            let (from, to) = as_refs(range);
            for (key, chain) in index.range(from, to) {
                if changed(chain) {
                    unchanged = false;
                    match &mut names {
                        Some(names) => names.push(self.conflict(key)),
                        None => return false,
                    }
                }
            }
        }
        unchanged
    }

    fn install(&mut self, sets: Box<dyn AnySets>, install: &Install<'_>) -> Installed {
        let Ok(sets) = sets.into_any().downcast::<Sets<K, V>>() else {
            unreachable!("a table's number stands for its types");
        };
        let guard = install.guard;
        let deliver = self.watchers.changes(&sets.writes, install.version);
        let index = self.core.index(guard);
        let mut new = None;
        sets.writes.drain(|key, revision| {
            match index.get(&key) {
                Some(chain) => self.push(&key, chain, revision, install),
                // What is not there need not be taken away.
                None if revision.value.is_none() => {}
                None => {
                    let new = new.get_or_insert_with(|| index.clone());
                    new.insert(key, first(revision, install));
                }
            }
        });
        self.replace(new);
        Installed {
            deliver,
            deep: !self.deep.is_empty(),
        }
    }

    fn sweep(&mut self, horizon: &Horizon, guard: &Guard, budget: &mut usize) {
        self.prune_deep(horizon, guard);
        while *budget > 0
            && let Some((listed, _)) = self.listed.front()
            && *listed <= horizon.oldest()
            && let Some((_, chain)) = self.listed.pop_front()
        {
            *budget -= 1;
            if chain.prune(horizon, guard) > 1 {
                let newest = chain.newest(guard).map_or(0, |newest| newest.version());
                self.listed.push_back((newest, chain));
            } else {
                chain.unlist(guard);
            }
        }
        let mut new = None;
        while *budget > 0
            && let Some((since, _)) = self.gone.front()
            && *since <= horizon.oldest()
            && let Some((since, key)) = self.gone.pop_front()
        {
            *budget -= 1;
            let chain = self.core.chain(&key, guard);
            let newest = chain.and_then(|chain| chain.newest(guard));
            // It may have got a value again, and then it is not gone.
            if newest.is_some_and(|newest| newest.version() == since) {
                if let Some(chain) = chain {
                    chain.retire(guard);
                }
                let new = new.get_or_insert_with(|| self.core.index(guard).clone());
                new.remove(&key);
            }
        }
        self.replace(new);
    }

    fn sweep_all(&mut self, horizon: &Horizon, guard: &Guard) {
        self.listed.retain(|(_, chain)| {
            let listed = chain.prune(horizon, guard) > 1;
            if !listed {
                chain.unlist(guard);
            }
            listed
        });
        self.sweep(horizon, guard, &mut { usize::MAX });
        self.listed.shrink_to_fit();
        self.gone.shrink_to_fit();
    }

    fn waits_for(&self) -> Option<u64> {
        let listed = self.listed.front().map(|(version, _)| *version);
        let gone = self.gone.front().map(|(version, _)| *version);
        listed.into_iter().chain(gone).min()
    }
}

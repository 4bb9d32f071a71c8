//! One key's revisions, newest first.
//!
//! Readers walk the chain without a lock. Writers change it one at a time: they put a revision in
//! front, and take out those that nobody can ask for any more. The memory of what was taken out is
//! freed when no reader can be on it, by epochs (Fraser 2004), in the `sdd` crate.

use sdd::{AtomicShared, Guard, Shared, Tag};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::pins::Horizon;

/// A value, or its absence, and the version that wrote it.
#[derive(Debug)]
pub(super) struct Revision<V> {
    /// Set before anyone else can see the revision.
    version: AtomicU64,
    /// About how many revisions there are from this one on.
    depth: AtomicU32,
    older: AtomicShared<Revision<V>>,
    pub(super) value: Option<V>,
}

/// The chain of a key.
#[derive(Debug)]
pub(super) struct Chain<V> {
    /// Null in a chain that is just being made. The tag says whether the chain is in the list of
    /// those that have something to drop, or is no longer its key's.
    head: AtomicShared<Revision<V>>,
}

impl<V: 'static> Revision<V> {
    pub(super) fn new(value: Option<V>) -> Shared<Self> {
        Shared::new(Self {
            version: AtomicU64::new(0),
            depth: AtomicU32::new(1),
            older: AtomicShared::null(),
            value,
        })
    }

    pub(super) fn version(&self) -> u64 {
        // Whoever holds the revision has got it through an acquiring load of a pointer to it.
        self.version.load(Ordering::Relaxed)
    }
}

impl<V: 'static> Chain<V> {
    pub(super) fn new() -> Self {
        Self {
            head: AtomicShared::null(),
        }
    }

    /// The revision that a version sees. The version must be pinned.
    pub(super) fn at<'g>(&self, version: u64, guard: &'g Guard) -> Option<&'g Revision<V>> {
        let mut revision = self.head.load(Ordering::Acquire, guard).as_ref()?;
        while revision.version() > version {
            revision = revision.older.load(Ordering::Acquire, guard).as_ref()?;
        }
        Some(revision)
    }

    /// As [`at`](Self::at), and counted as one more owner.
    pub(super) fn shared_at(&self, version: u64, guard: &Guard) -> Option<Shared<Revision<V>>> {
        let mut revision = self.head.load(Ordering::Acquire, guard);
        while revision.as_ref()?.version() > version {
            revision = revision.as_ref()?.older.load(Ordering::Acquire, guard);
        }
        revision.get_shared()
    }

    /// The newest revision.
    pub(super) fn newest<'g>(&self, guard: &'g Guard) -> Option<&'g Revision<V>> {
        self.head.load(Ordering::Acquire, guard).as_ref()
    }

    /// All revisions that are there, newest first.
    #[cfg(test)]
    pub(super) fn revisions<'g>(
        &self,
        guard: &'g Guard,
    ) -> impl Iterator<Item = &'g Revision<V>> + use<'g, V> {
        let newest = self.newest(guard);
        std::iter::successors(newest, |revision| {
            revision.older.load(Ordering::Acquire, guard).as_ref()
        })
    }

    /// The revisions after a version, newest first, with their versions.
    pub(super) fn since(&self, version: u64, guard: &Guard) -> Vec<(u64, Shared<Revision<V>>)> {
        let mut found = Vec::new();
        let mut next = self.head.load(Ordering::Acquire, guard);
        while let Some(revision) = next.as_ref()
            && revision.version() > version
        {
            found.extend(next.get_shared().map(|shared| (revision.version(), shared)));
            next = revision.older.load(Ordering::Acquire, guard);
        }
        found
    }

    /// Puts a revision in front. Only one thread at a time may call this and what follows.
    pub(super) fn push(
        &self,
        revision: Shared<Revision<V>>,
        version: u64,
        horizon: &Horizon,
        guard: &Guard,
    ) -> Pushed {
        revision.version.store(version, Ordering::Relaxed);
        let head = self.head.load(Ordering::Relaxed, guard);
        let tag = head.tag();
        let mut pushed = Pushed {
            depth: 1,
            unlisted: false,
        };
        if let Some(old) = head.as_ref() {
            if old.version() <= horizon.oldest() {
                old.drop_older(guard);
                old.depth.store(1, Ordering::Relaxed);
            }
            pushed.depth = old.depth.load(Ordering::Relaxed) + 1;
            pushed.unlisted = tag == Tag::None;
            revision.depth.store(pushed.depth, Ordering::Relaxed);
            // Nobody else sees the new revision yet.
            let _null = revision
                .older
                .swap((head.get_shared(), Tag::None), Ordering::Relaxed);
        }
        let tag = if pushed.unlisted { Tag::First } else { tag };
        let _old = self.head.swap((Some(revision), tag), Ordering::Release);
        pushed
    }

    /// Takes out what nobody needs. Says how many revisions are left.
    pub(super) fn prune(&self, horizon: &Horizon, guard: &Guard) -> u32 {
        let head = self.head.load(Ordering::Relaxed, guard).as_ref();
        let mut left = 0;
        let mut current = head;
        while let Some(revision) = current {
            left += 1;
            if revision.version() <= horizon.oldest() {
                revision.drop_older(guard);
                break;
            }
            // Skip what lies between this revision and the next one that somebody needs. A reader
            // that stands on one of them finds its way on, for they keep their links.
            let mut next = revision.older.load(Ordering::Relaxed, guard);
            let mut until = revision.version();
            let mut skipped = false;
            while let Some(candidate) = next.as_ref()
                && !horizon.needs(candidate.version(), until)
            {
                until = candidate.version();
                skipped = true;
                next = candidate.older.load(Ordering::Relaxed, guard);
            }
            if skipped {
                let _skipped = revision
                    .older
                    .swap((next.get_shared(), Tag::None), Ordering::Release);
            }
            current = next.as_ref();
        }
        if let Some(head) = head {
            head.depth.store(left, Ordering::Relaxed);
        }
        left
    }

    /// Marks the chain of a key that is gone: who has found it must look for the key again.
    pub(super) fn retire(&self, guard: &Guard) {
        let _marked =
            self.head
                .update_tag_if(Tag::Second, |_| true, Ordering::Relaxed, Ordering::Relaxed);
        debug_assert!(self.is_retired(guard));
    }

    /// Whether the chain is no longer that of its key.
    pub(super) fn is_retired(&self, guard: &Guard) -> bool {
        self.head.load(Ordering::Relaxed, guard).tag() == Tag::Second
    }

    /// Takes the chain from the list of those that have something to drop. One that is no longer its
    /// key's stays marked as that.
    pub(super) fn unlist(&self, guard: &Guard) {
        if !self.is_retired(guard) {
            let _was_listed =
                self.head
                    .update_tag_if(Tag::None, |_| true, Ordering::Relaxed, Ordering::Relaxed);
        }
    }
}

/// What [`Chain::push`] has found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pushed {
    /// About how many revisions the chain has now.
    pub(super) depth: u32,
    /// Whether the chain has got something to drop and was not in the list of those.
    pub(super) unlisted: bool,
}

impl<V: 'static> Revision<V> {
    /// Drops everything behind this revision, link by link: otherwise each link would be freed only
    /// after the one in front of it.
    fn drop_older(&self, guard: &Guard) {
        if self.older.is_null(Ordering::Relaxed) {
            return;
        }
        let (mut next, _) = self.older.swap((None, Tag::None), Ordering::AcqRel);
        while let Some(revision) = next {
            let link = &revision.get_guarded_ref(guard).older;
            (next, _) = link.swap((None, Tag::None), Ordering::AcqRel);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(chain: &Chain<u64>) -> Vec<u64> {
        let guard = Guard::new();
        chain.revisions(&guard).map(Revision::version).collect()
    }

    fn chain(versions: impl IntoIterator<Item = u64>) -> Chain<u64> {
        let chain = Chain::new();
        let nothing = Horizon::default();
        for version in versions {
            let value = Revision::new(Some(version));
            let _ = chain.push(value, version, &nothing, &Guard::new());
        }
        chain
    }

    #[test]
    fn a_version_sees_the_newest_revision_that_is_not_newer() {
        let chain = chain([2, 4, 8]);
        let guard = Guard::new();
        let seen = |version| chain.at(version, &guard).map(Revision::version);
        assert_eq!(
            [1, 2, 3, 4, 7, 8, 9].map(seen),
            [None, Some(2), Some(2), Some(4), Some(4), Some(8), Some(8)]
        );
    }

    #[test]
    fn what_nobody_can_ask_for_is_taken_out() {
        for (watermark, pinned, left) in [
            (0, vec![], vec![9, 8, 5, 4, 3, 2, 1]),
            (9, vec![], vec![9]),
            (8, vec![], vec![9, 8]),
            (7, vec![], vec![9, 8, 5]),
            (9, vec![4], vec![9, 4]),
            (9, vec![2, 6, 7], vec![9, 5, 2]),
            (8, vec![1], vec![9, 8, 1]),
        ] {
            let chain = chain([1, 2, 3, 4, 5, 8, 9]);
            let horizon = Horizon { watermark, pinned };
            let count = chain.prune(&horizon, &Guard::new());
            assert_eq!(versions(&chain), left, "{horizon:?}");
            assert_eq!(count as usize, left.len());
        }
    }
}

//! The ordered index of a table: a persistent B+ tree from keys to entries.
//!
//! A copy costs one reference count and shares everything with the original. A change copies the
//! path to one leaf, unless that path belongs to nobody else, and so a commit that creates many keys
//! copies each node once (Driscoll et al. 1989, "Making Data Structures Persistent", path copying;
//! Bayer & McCreight 1972 for the tree).
//!
//! Only the creation and the final disappearance of a key change the index. An update of a key that
//! is there changes the entry, and leaves the index alone.

#[cfg(test)]
mod tests;

use std::borrow::Borrow;
use std::ops::Bound;
use std::sync::Arc;

/// How many keys a leaf has at most, and how many children a branch. A copy of a node costs about
/// that many clones of keys, a lookup about as many bits of comparisons.
const WIDTH: usize = 32;

/// A persistent ordered map. `E` should be cheap to clone.
#[derive(Debug)]
pub(super) struct Index<K, E> {
    root: Arc<Node<K, E>>,
    len: usize,
}

#[derive(Debug, Clone)]
enum Node<K, E> {
    Leaf {
        keys: Vec<K>,
        entries: Vec<E>,
    },
    /// `splits[i]` is not above any key of `children[i + 1]`, and above every key of `children[i]`.
    Branch {
        splits: Vec<K>,
        children: Vec<Arc<Node<K, E>>>,
    },
}

/// The children of a branch, and which of them is being walked.
type Step<'a, K, E> = (&'a [Arc<Node<K, E>>], usize);

/// What an insertion leaves for the parent to do: a new right neighbour.
type Split<K, E> = Option<(K, Arc<Node<K, E>>)>;

impl<K, E> Clone for Index<K, E> {
    fn clone(&self) -> Self {
        Self {
            root: Arc::clone(&self.root),
            len: self.len,
        }
    }
}

impl<K: Ord + Clone, E: Clone> Index<K, E> {
    pub(super) fn new() -> Self {
        Self {
            root: Arc::new(Node::empty()),
            len: 0,
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn get<Q>(&self, key: &Q) -> Option<&E>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        let mut node = &*self.root;
        loop {
            match node {
                Node::Branch { splits, children } => {
                    node = &children[child_of(splits, key)];
                }
                Node::Leaf { keys, entries } => {
                    let at = keys
                        .binary_search_by(|probe| probe.borrow().cmp(key))
                        .ok()?;
                    return Some(&entries[at]);
                }
            }
        }
    }

    /// Puts an entry in, and gives back the one that it replaces.
    pub(super) fn insert(&mut self, key: K, entry: E) -> Option<E> {
        let (old, split) = insert(Arc::make_mut(&mut self.root), key, entry);
        if let Some((key, right)) = split {
            let left = std::mem::replace(&mut self.root, Arc::new(Node::empty()));
            self.root = Arc::new(Node::Branch {
                splits: vec![key],
                children: vec![left, right],
            });
        }
        self.len += usize::from(old.is_none());
        old
    }

    /// Takes an entry out.
    pub(super) fn remove<Q>(&mut self, key: &Q) -> Option<E>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        // Without this look, a key that is not there would cost a copy of the path to where it is not.
        self.get(key)?;
        let old = remove(Arc::make_mut(&mut self.root), key);
        // A root with one child is a level that nobody needs.
        while let Node::Branch { children, .. } = &*self.root
            && let [only] = children.as_slice()
        {
            self.root = Arc::clone(only);
        }
        if self.root.is_empty() {
            self.root = Arc::new(Node::empty());
        }
        self.len -= usize::from(old.is_some());
        old
    }

    /// All keys within the bounds, in order.
    pub(super) fn range<'a, Q>(&'a self, from: Bound<&Q>, to: Bound<&'a Q>) -> Range<'a, K, E, Q>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        let child = |splits: &[K]| match from {
            Bound::Unbounded => 0,
            Bound::Included(key) | Bound::Excluded(key) => child_of(splits, key),
        };
        let place = |keys: &[K]| match from {
            Bound::Unbounded => 0,
            Bound::Included(key) => keys.partition_point(|probe| probe.borrow() < key),
            Bound::Excluded(key) => keys.partition_point(|probe| probe.borrow() <= key),
        };
        self.start(child, place, to)
    }

    /// All keys behind those that are before some place, in order. What is before it must be so by the
    /// order of the keys.
    pub(super) fn after_those(&self, is_before: impl Fn(&K) -> bool) -> Range<'_, K, E, K> {
        // A split is not above the keys on its right. If it is before the place itself, so are all
        // on its left; if not, the place may be there still.
        let count = |keys: &[K]| keys.partition_point(&is_before);
        self.start(count, count, Bound::Unbounded)
    }

    /// Goes down to where a range begins: by the child of each branch, and the place in the leaf. It may be
    /// behind the last key of a leaf.
    fn start<'a, Q: ?Sized>(
        &'a self,
        child: impl Fn(&[K]) -> usize,
        place: impl Fn(&[K]) -> usize,
        to: Bound<&'a Q>,
    ) -> Range<'a, K, E, Q> {
        let mut path = Vec::new();
        let mut node = &*self.root;
        let at = loop {
            match node {
                Node::Branch { splits, children } => {
                    let at = child(splits);
                    path.push((children.as_slice(), at));
                    node = &children[at];
                }
                Node::Leaf { keys, .. } => break place(keys),
            }
        };
        Range {
            path,
            leaf: node,
            at,
            to,
        }
    }
}

/// The child that a key belongs to.
fn child_of<K, Q>(splits: &[K], key: &Q) -> usize
where
    K: Borrow<Q>,
    Q: Ord + ?Sized,
{
    splits.partition_point(|split| split.borrow() <= key)
}

impl<K, E> Node<K, E> {
    fn empty() -> Self {
        Self::Leaf {
            keys: Vec::new(),
            entries: Vec::new(),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Leaf { keys, .. } => keys.is_empty(),
            Self::Branch { children, .. } => children.is_empty(),
        }
    }
}

/// Where a full node is cut in two. Keys often come in order, and then the left half would never be
/// filled again; so an insertion at the very end leaves the left node full.
fn cut(len: usize, at: usize) -> usize {
    if at + 1 == len { len - 1 } else { len / 2 }
}

fn insert<K: Ord + Clone, E: Clone>(
    node: &mut Node<K, E>,
    key: K,
    entry: E,
) -> (Option<E>, Split<K, E>) {
    match node {
        Node::Leaf { keys, entries } => match keys.binary_search(&key) {
            Ok(at) => (Some(std::mem::replace(&mut entries[at], entry)), None),
            Err(at) => {
                grow(keys, at, key);
                grow(entries, at, entry);
                if keys.len() <= WIDTH {
                    return (None, None);
                }
                let cut = cut(keys.len(), at);
                let right = Node::Leaf {
                    keys: keys.split_off(cut),
                    entries: entries.split_off(cut),
                };
                keys.shrink_to_fit();
                entries.shrink_to_fit();
                let Node::Leaf { keys, .. } = &right else {
                    return (None, None);
                };
                (None, Some((keys[0].clone(), Arc::new(right))))
            }
        },
        Node::Branch { splits, children } => {
            let at = child_of(splits, &key);
            let (old, split) = insert(Arc::make_mut(&mut children[at]), key, entry);
            let Some((key, right)) = split else {
                return (old, None);
            };
            splits.insert(at, key);
            children.insert(at + 1, right);
            if children.len() <= WIDTH {
                return (old, None);
            }
            let cut = cut(children.len(), at + 1);
            let right = Node::Branch {
                splits: splits.split_off(cut),
                children: children.split_off(cut),
            };
            // The split between the two halves moves up.
            let up = splits.pop().map(|key| (key, Arc::new(right)));
            (old, up)
        }
    }
}

/// Inserts into a vector that grows by little: most leaves are small or full, and there are many.
fn grow<T>(items: &mut Vec<T>, at: usize, item: T) {
    if items.len() == items.capacity() {
        let room = (WIDTH + 1).saturating_sub(items.len()).max(1);
        items.reserve_exact((items.len() / 2).max(4).min(room));
    }
    items.insert(at, item);
}

/// Takes a key out that is there. Leaves may get small, but never stay empty: the index shrinks only
/// where keys disappear, and neighbours that fill up again are worth more than perfect balance.
fn remove<K, E, Q>(node: &mut Node<K, E>, key: &Q) -> Option<E>
where
    K: Ord + Clone + Borrow<Q>,
    E: Clone,
    Q: Ord + ?Sized,
{
    match node {
        Node::Leaf { keys, entries } => {
            let at = keys
                .binary_search_by(|probe| probe.borrow().cmp(key))
                .ok()?;
            keys.remove(at);
            Some(entries.remove(at))
        }
        Node::Branch { splits, children } => {
            let at = child_of(splits, key);
            let old = remove(Arc::make_mut(&mut children[at]), key);
            if children[at].is_empty() {
                children.remove(at);
                if !splits.is_empty() {
                    splits.remove(at.saturating_sub(1));
                }
            }
            old
        }
    }
}

/// Keys and entries in order.
#[derive(Debug)]
pub(super) struct Range<'a, K, E, Q: ?Sized> {
    /// The branches above the leaf, and which child of each is being walked.
    path: Vec<Step<'a, K, E>>,
    leaf: &'a Node<K, E>,
    at: usize,
    to: Bound<&'a Q>,
}

impl<'a, K, E, Q: ?Sized> Range<'a, K, E, Q> {
    /// Goes to the leaf behind this one.
    fn next_leaf(&mut self) -> bool {
        while let Some((children, at)) = self.path.pop() {
            if at + 1 < children.len() {
                self.path.push((children, at + 1));
                let mut node = &*children[at + 1];
                while let Node::Branch { children, .. } = node {
                    self.path.push((children, 0));
                    node = &children[0];
                }
                self.leaf = node;
                self.at = 0;
                return true;
            }
        }
        false
    }
}

impl<'a, K, E, Q> Iterator for Range<'a, K, E, Q>
where
    K: Borrow<Q>,
    Q: Ord + ?Sized,
{
    type Item = (&'a K, &'a E);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Node::Leaf { keys, entries } = self.leaf else {
                return None;
            };
            if let Some(key) = keys.get(self.at) {
                let within = match self.to {
                    Bound::Unbounded => true,
                    Bound::Included(to) => key.borrow() <= to,
                    Bound::Excluded(to) => key.borrow() < to,
                };
                if !within {
                    return None;
                }
                let entry = &entries[self.at];
                self.at += 1;
                return Some((key, entry));
            }
            if !self.next_leaf() {
                return None;
            }
        }
    }
}

//! Who needs whom, in arrays: a graph of many tasks is built and laid out without an allocation for each.

use super::plan::index;

/// No task, or no more arrows.
const NONE: u32 = u32::MAX;

/// What the tasks need. Tasks and arrows are numbered in the order in which they are added.
#[derive(Debug, Clone, Default)]
pub(super) struct Arrows {
    /// By task: its first arrow.
    firsts: Vec<u32>,
    /// By arrow: the task that is needed; `NONE` as long as that was not added.
    needs: Vec<u32>,
    dependents: Dependents,
}

/// Who needs a task: the same arrows in a list for each task, the newest first.
#[derive(Debug, Clone, Default)]
pub(super) struct Dependents {
    /// By task: the first of its list.
    heads: Vec<u32>,
    /// By arrow.
    links: Vec<Link>,
}

/// An arrow in the list of the task that is needed.
#[derive(Debug, Clone, Copy)]
struct Link {
    dependent: u32,
    next: u32,
}

impl Arrows {
    pub(super) fn reserve(&mut self, tasks: usize) {
        self.firsts.reserve(tasks);
        self.needs.reserve(tasks);
        self.dependents.heads.reserve(tasks);
        self.dependents.links.reserve(tasks);
    }

    /// Adds a task that needs nothing so far.
    pub(super) fn add_task(&mut self) {
        self.firsts.push(index(self.needs.len()));
        self.dependents.heads.push(NONE);
    }

    /// The newest task needs another, which is there.
    pub(super) fn need(&mut self, on: u32) {
        let arrow = self.need_missing();
        self.arrive(arrow, on);
    }

    /// The newest task needs one that is not there. Gives the arrow, for [`arrive`](Self::arrive).
    pub(super) fn need_missing(&mut self) -> u32 {
        let arrow = index(self.needs.len());
        self.needs.push(NONE);
        self.dependents.links.push(Link {
            dependent: index(self.firsts.len() - 1),
            next: NONE,
        });
        arrow
    }

    /// The task is there that an arrow leads to.
    pub(super) fn arrive(&mut self, arrow: u32, on: u32) {
        let head = &mut self.dependents.heads[on as usize];
        self.needs[arrow as usize] = on;
        self.dependents.links[arrow as usize].next = std::mem::replace(head, arrow);
    }

    /// Whether an arrow is one of the newest task's.
    pub(super) fn is_newest(&self, arrow: u32) -> bool {
        self.firsts.last().is_some_and(|first| arrow >= *first)
    }

    /// Whether the newest task needs another already.
    pub(super) fn newest_needs(&self, on: u32) -> bool {
        let first = self.firsts.last().map_or(0, |first| *first as usize);
        self.needs[first..].contains(&on)
    }

    /// Who has an arrow.
    pub(super) fn dependent(&self, arrow: u32) -> u32 {
        self.dependents.links[arrow as usize].dependent
    }

    /// What a task needs, as far as that was added.
    pub(super) fn needs_of(&self, at: usize) -> impl Iterator<Item = u32> {
        let first = self.firsts[at] as usize;
        let next = self.firsts.get(at + 1);
        let end = next.map_or(self.needs.len(), |next| *next as usize);
        let needs = self.needs[first..end].iter().copied();
        needs.filter(|on| *on != NONE)
    }

    pub(super) fn dependents(&self) -> &Dependents {
        &self.dependents
    }
}

impl Dependents {
    /// Who needs a task. Nobody, if it is not known here.
    pub(super) fn of(&self, at: usize) -> impl Iterator<Item = u32> {
        let mut next = self.heads.get(at).copied().unwrap_or(NONE);
        std::iter::from_fn(move || {
            // What no arrow has is the end.
            let link = self.links.get(next as usize)?;
            next = link.next;
            Some(link.dependent)
        })
    }
}

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
    /// By task: the first of its list, which for most is the only one.
    pub(super) firsts: Vec<Link>,
    pub(super) rest: Rest,
}

/// The further links of each list, by the arrow that leads to them.
#[derive(Debug, Clone, Default)]
pub(super) struct Rest(Vec<Link>);

/// Who needs a task, and the arrow under which the next one stands who does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    pub(super) dependent: u32,
    next: u32,
}

/// Nobody, and nobody further.
const NOBODY: Link = Link {
    dependent: NONE,
    next: NONE,
};

impl Arrows {
    pub(super) fn reserve(&mut self, tasks: usize) {
        self.firsts.reserve(tasks);
        self.needs.reserve(tasks);
        self.dependents.firsts.reserve(tasks);
        self.dependents.rest.0.reserve(tasks);
    }

    /// Adds a task that needs nothing so far.
    pub(super) fn add_task(&mut self) {
        self.firsts.push(index(self.needs.len()));
        self.dependents.firsts.push(NOBODY);
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
        self.dependents.rest.0.push(Link {
            dependent: index(self.firsts.len() - 1),
            next: NONE,
        });
        arrow
    }

    /// The task is there that an arrow leads to.
    pub(super) fn arrive(&mut self, arrow: u32, on: u32) {
        self.needs[arrow as usize] = on;
        let first = &mut self.dependents.firsts[on as usize];
        let rest = &mut self.dependents.rest.0[arrow as usize];
        let dependent = rest.dependent;
        let next = if first.dependent == NONE { NONE } else { arrow };
        *rest = std::mem::replace(first, Link { dependent, next });
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

    /// Who has an arrow that leads to what is not there.
    pub(super) fn waits(&self, arrow: u32) -> u32 {
        self.dependents.rest.0[arrow as usize].dependent
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
    /// Who needs a task.
    pub(super) fn of(&self, at: usize) -> impl Iterator<Item = u32> {
        self.rest.from(self.firsts[at])
    }
}

impl Rest {
    /// Fetches the link after this one into the cache.
    pub(super) fn look_after(&self, link: Link) {
        std::hint::black_box(self.0.get(link.next as usize).copied());
    }

    /// Everybody in the list that begins with a link.
    pub(super) fn from(&self, first: Link) -> impl Iterator<Item = u32> {
        let mut link = first;
        std::iter::from_fn(move || {
            let dependent = (link.dependent != NONE).then_some(link.dependent)?;
            // What no arrow has is the end.
            link = self.0.get(link.next as usize).copied().unwrap_or(NOBODY);
            Some(dependent)
        })
    }
}

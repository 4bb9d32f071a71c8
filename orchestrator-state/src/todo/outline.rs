//! Which item stands under which, and what that says about being done.

use super::TodoDocument;
use super::item::{Mark, Status, TodoItem};

/// By how many columns an item is to be indented below its parent. One column is sloppiness.
const STEP: usize = 2;

/// An item's place in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Node {
    /// Its line, from 0.
    pub(super) line: usize,
    /// Its parent among the nodes.
    pub(super) parent: Option<usize>,
    /// How many parents it has above it.
    pub(super) depth: usize,
}

/// How many items are how far. A parent whose box is ticked while something below it is open
/// counts as running, and what stands below a dropped item counts as dropped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Not begun.
    pub pending: usize,
    /// Begun.
    pub running: usize,
    /// Done, with all that stands below.
    pub done: usize,
    /// Waived or rejected.
    pub dropped: usize,
}

impl Progress {
    /// All items.
    #[must_use]
    pub fn total(&self) -> usize {
        self.pending + self.running + self.done + self.dropped
    }

    /// Whether nothing is open.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.pending + self.running == 0
    }
}

impl TodoDocument {
    /// The tree, in the order of the lines. An item's parent is the nearest item above it that is
    /// indented by at least two columns less; headings, and text that is indented less, end a list.
    pub(super) fn outline(&self) -> Vec<Node> {
        let mut nodes: Vec<Node> = Vec::new();
        // The open entries: their column, and the item that they are or are in.
        let mut stack: Vec<(usize, Option<usize>)> = Vec::new();
        let mut after_blank = false;
        for (index, line) in self.lines.iter().enumerate() {
            if line.blank {
                after_blank = true;
                continue;
            }
            let column = line.column;
            if line.heading.is_some() {
                stack.clear();
            } else if line.item.is_some() || line.bullet {
                stack.retain(|(open, _)| column >= open + STEP);
                let above = stack.last().and_then(|(_, node)| *node);
                let node = if line.item.is_some() {
                    nodes.push(Node {
                        line: index,
                        parent: above,
                        depth: above.map_or(0, |above| nodes[above].depth + 1),
                    });
                    Some(nodes.len() - 1)
                } else {
                    above
                };
                stack.push((column, node));
            } else if !line.inert && (after_blank || line.rule) {
                stack.retain(|(open, _)| column > *open);
            }
            after_blank = false;
        }
        nodes
    }

    fn node_of(&self, nodes: &[Node], id: &str) -> Option<usize> {
        nodes
            .iter()
            .position(|node| self.at(*node).is_some_and(|item| item.id == id))
    }

    pub(super) fn at(&self, node: Node) -> Option<&TodoItem> {
        self.lines[node.line].item.as_ref()
    }

    /// The item under which an item stands.
    #[must_use]
    pub fn parent(&self, id: &str) -> Option<&TodoItem> {
        let nodes = self.outline();
        let node = self.node_of(&nodes, id)?;
        self.at(nodes[nodes[node].parent?])
    }

    /// The items that stand directly under an item, in the order of their lines.
    #[must_use]
    pub fn children(&self, id: &str) -> Vec<&TodoItem> {
        let nodes = self.outline();
        let parent = self.node_of(&nodes, id);
        nodes
            .iter()
            .filter(|node| parent.is_some() && node.parent == parent)
            .filter_map(|node| self.at(*node))
            .collect()
    }

    /// How many items stand above an item: 0 for one that stands under none.
    #[must_use]
    pub fn depth(&self, id: &str) -> Option<usize> {
        let nodes = self.outline();
        Some(nodes[self.node_of(&nodes, id)?].depth)
    }

    /// The line on which an item stands, from 1.
    #[must_use]
    pub fn line_of(&self, id: &str) -> Option<usize> {
        self.lines_of(id).first().map(|line| line + 1)
    }

    /// The headings under which an item stands, the outermost first.
    #[must_use]
    pub fn headings(&self, id: &str) -> Vec<&str> {
        let Some(line) = self.lines_of(id).first().copied() else {
            return Vec::new();
        };
        let mut path: Vec<(usize, &str)> = Vec::new();
        for heading in self.lines[..line].iter().filter_map(|l| l.heading.as_ref()) {
            path.retain(|(level, _)| *level < heading.level);
            path.push((heading.level, &heading.title));
        }
        path.into_iter().map(|(_, title)| title).collect()
    }

    /// Whether an item is done: its line says so, and nothing that stands under it is open. An id
    /// that stands on several lines is done if all are; one that is not there is not.
    #[must_use]
    pub fn is_done(&self, id: &str) -> bool {
        let nodes = self.outline();
        let mut found = (0..nodes.len())
            .filter(|node| self.at(nodes[*node]).is_some_and(|item| item.id == id))
            .peekable();
        found.peek().is_some() && found.all(|node| self.truth(&nodes, node) == Status::Done)
    }

    /// How many items are how far, by what is true of them rather than by their boxes.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let nodes = self.outline();
        let mut progress = Progress::default();
        for node in 0..nodes.len() {
            let count = match self.truth(&nodes, node).mark() {
                Mark::Open => &mut progress.pending,
                Mark::Running => &mut progress.running,
                Mark::Ticked => &mut progress.done,
                Mark::Dropped => &mut progress.dropped,
            };
            *count += 1;
        }
        progress
    }

    /// What is true of an item, whatever its box says.
    fn truth(&self, nodes: &[Node], node: usize) -> Status {
        let mut above = nodes[node].parent;
        while let Some(parent) = above {
            if self.status_at(nodes[parent]).mark() == Mark::Dropped {
                return Status::Waived;
            }
            above = nodes[parent].parent;
        }
        match self.status_at(nodes[node]) {
            Status::Done if !self.open_below(nodes, node).is_empty() => Status::Running,
            status => status,
        }
    }

    fn status_at(&self, node: Node) -> Status {
        self.at(node).map_or(Status::Pending, TodoItem::status)
    }

    /// The ids of the items below an item that are open. What stands below a dropped one is
    /// dropped with it.
    pub(super) fn open_below(&self, nodes: &[Node], node: usize) -> Vec<String> {
        let mut open = Vec::new();
        let mut dropped: Option<usize> = None;
        let depth = nodes[node].depth;
        for below in nodes[node + 1..].iter().take_while(|n| n.depth > depth) {
            if dropped.is_some_and(|dropped| below.depth > dropped) {
                continue;
            }
            dropped = None;
            match (self.status_at(*below).mark(), self.at(*below)) {
                (Mark::Dropped, _) => dropped = Some(below.depth),
                (Mark::Open | Mark::Running, Some(item)) => open.push(item.id.clone()),
                _ => {}
            }
        }
        open
    }
}

//! Finding tasks that wait for each other.

use std::collections::{BTreeSet, VecDeque};

use petgraph::{algo::kosaraju_scc, graph::DiGraph};

/// Circles such that every edge that lies on any circle lies on one of them.
///
/// Not each circle that could be walked: of those there can be exponentially many. Each edge not
/// seen yet adds the shortest circle through it, so the work is at most one breadth-first search
/// an edge. Circles begin with their lowest index and come sorted.
pub(super) fn cycles(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut graph = DiGraph::<(), (), usize>::default();
    let nodes: Vec<_> = edges.iter().map(|_| graph.add_node(())).collect();
    for (from, targets) in edges.iter().enumerate() {
        for &to in targets {
            graph.add_edge(nodes[from], nodes[to], ());
        }
    }
    // Kosaraju rather than Tarjan: the latter recurses in petgraph, and a chain of tasks may be
    // longer than the stack is deep.
    let mut knot = vec![0; edges.len()];
    for (number, members) in kosaraju_scc(&graph).into_iter().enumerate() {
        for member in members {
            knot[member.index()] = number;
        }
    }

    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for (from, targets) in edges.iter().enumerate() {
        for &to in targets {
            if knot[from] != knot[to] || seen.contains(&(from, to)) {
                continue;
            }
            let mut circle = path(edges, &knot, to, from);
            seen.extend(circle.windows(2).map(|pair| (pair[0], pair[1])));
            seen.insert((from, to));
            let lowest = (0..circle.len()).min_by_key(|&place| circle[place]);
            circle.rotate_left(lowest.unwrap_or(0));
            found.insert(circle);
        }
    }
    found.into_iter().collect()
}

/// The shortest path from one node to another of the same knot, both ends included.
fn path(edges: &[Vec<usize>], knot: &[usize], start: usize, end: usize) -> Vec<usize> {
    let mut came_from = vec![None; edges.len()];
    let mut queue = VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        if at == end {
            break;
        }
        for &next in &edges[at] {
            if knot[next] == knot[end] && next != start && came_from[next].is_none() {
                came_from[next] = Some(at);
                queue.push_back(next);
            }
        }
    }
    let mut path = vec![end];
    let mut at = end;
    while let Some(before) = came_from[at] {
        path.push(before);
        at = before;
    }
    path.reverse();
    path
}

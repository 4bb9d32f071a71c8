//! Adding to a graph while it runs.

use std::fmt;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::board::{Board, Late, LateTask};
use super::mark::Mark;
use super::plan::index;
use super::run::Start;
use super::{FailurePolicy, GraphError, NodeStatus};
use crate::scheduler;
use crate::sync::lock;

/// Adds tasks to a graph that is being run. Cheap to clone.
pub struct GraphAdder<K, E> {
    pub(super) board: Arc<Board<K, E>>,
    pub(super) start: Arc<Start>,
}

impl<K: Hash + Eq + Clone, E> GraphAdder<K, E> {
    /// Adds a task to the graph that is being run. All that it depends on must be there.
    ///
    /// Gives the status in which it enters: it is skipped at once if what it depends on has failed (and
    /// the policy says so) or is skipped.
    ///
    /// # Errors
    ///
    /// [`GraphError::Duplicate`], [`GraphError::UnknownDependency`], and [`GraphError::Ended`] when
    /// nothing of the graph runs any more. A job of the graph can always add.
    pub fn add(
        &self,
        key: K,
        dependencies: impl IntoIterator<Item = K>,
    ) -> Result<NodeStatus, GraphError<K>> {
        let board = &self.board;
        let scope = board.scope().clone();
        // In the scope as a task is, so that the run does not end meanwhile.
        let inside = scope.as_ref().and_then(scheduler::Inside::of);
        let (Some(_inside), Some(scope)) = (inside, &scope) else {
            return Err(GraphError::Ended { task: key });
        };
        let fixed = board.layout.count();
        let mut late = lock(&board.late);
        board.grown.store(true, Ordering::SeqCst);
        let Late {
            tasks,
            index: by_key,
            waiting,
        } = &mut *late;
        let by_key = by_key.get_or_insert_with(|| {
            let spots = board.layout.spots.iter().enumerate();
            spots
                .map(|(at, spot)| (spot.key.clone(), index(at)))
                .collect()
        });
        if by_key.contains_key(&key) {
            return Err(GraphError::Duplicate { task: key });
        }
        let mut needs = Vec::new();
        for dependency in dependencies {
            match by_key.get(&dependency) {
                Some(on) if needs.contains(on) => {}
                Some(on) => needs.push(*on),
                None => {
                    return Err(GraphError::UnknownDependency {
                        task: key,
                        dependency,
                    });
                }
            }
        }
        let at = index(fixed + tasks.len());
        let task = Arc::new(LateTask {
            key: key.clone(),
            // Not ready before all is known.
            mark: Mark::new(NodeStatus::Waiting, 1),
        });
        by_key.insert(key, at);
        tasks.push(Arc::clone(&task));
        let mut unmet = 0;
        let mut blocked = board.stopped.load(Ordering::SeqCst);
        for on in needs {
            let status = match tasks.get((on as usize).wrapping_sub(fixed)) {
                Some(task) => task.mark.status(),
                None => board.layout.mark(on).status(),
            };
            match status {
                NodeStatus::Done => {}
                NodeStatus::Failed if board.policy == FailurePolicy::Continue => {}
                NodeStatus::Failed | NodeStatus::Skipped => blocked = true,
                _ => {
                    unmet += 1;
                    waiting.entry(on).or_default().push(at);
                }
            }
        }
        task.mark.wait_for(unmet);
        if blocked {
            task.mark.skip();
        } else if unmet == 0 {
            drop(late);
            (self.start)(scope, at);
            return Ok(NodeStatus::Ready);
        }
        Ok(task.mark.status())
    }
}

impl<K, E> Clone for GraphAdder<K, E> {
    fn clone(&self) -> Self {
        Self {
            board: Arc::clone(&self.board),
            start: Arc::clone(&self.start),
        }
    }
}

impl<K, E> fmt::Debug for GraphAdder<K, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphAdder").finish_non_exhaustive()
    }
}

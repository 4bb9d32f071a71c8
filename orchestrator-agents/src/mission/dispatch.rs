//! Running the plan: items onto lanes, finished work onto the result.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use orchestrator_core::{FailurePolicy, Scheduler, TaskError, TaskGraph};
use tokio::task::JoinSet;

use super::error::MissionError;
use super::land::{Landing, land};
use super::shared::Shared;
use super::state::{AfterRejection, ItemStatus};
use super::task::{Attempt, Rejection, Work, attempt, remember_rejection};
use super::todo::HandEdits;
use crate::event::MissionEvent;
use crate::hook::{BeforeLanding, TaskCompleted};

/// An item that does not merge this often is done with nothing beside it.
const CONFLICTS_BEFORE_ALONE: u32 = 2;

type LandingRun<'a> =
    Pin<Box<dyn Future<Output = Result<Vec<(Work, Landing)>, MissionError>> + Send + 'a>>;

/// Carries out every pending item, until each has landed, is waived or is found
/// to need nothing.
pub(super) async fn dispatch(
    shared: &Arc<Shared>,
    scheduler: &Scheduler,
) -> Result<(), MissionError> {
    let mut board = Board::new(shared)?;
    let mut landing: Option<LandingRun<'_>> = None;
    loop {
        board.take_up_hand_edits()?;
        board.start_ready(scheduler, landing.is_some());
        if landing.is_none() && !board.verified.is_empty() {
            let batch = std::mem::take(&mut board.verified);
            landing = Some(Box::pin(land(shared, shared.tip(), batch)));
        }
        if board.running.is_empty() && landing.is_none() {
            return board.close();
        }
        tokio::select! {
            biased;
            () = shared.cancel.cancelled() => return Err(MissionError::interrupted()),
            landed = async { match &mut landing {
                Some(run) => run.await,
                None => std::future::pending().await,
            } } => {
                landing = None;
                for (work, outcome) in landed? {
                    board.landed(work, outcome).await?;
                }
            }
            Some(ended) = board.running.join_next() => {
                // The wrapper only waits; it cannot panic.
                if let Ok((id, result)) = ended {
                    board.ended(&id, result).await?;
                }
            }
        }
        shared.todo.write(shared)?;
    }
}

type Ended = (String, Result<Result<Attempt, MissionError>, TaskError>);

/// What is ready, what runs, what waits to land.
struct Board<'a> {
    shared: &'a Arc<Shared>,
    graph: TaskGraph<String>,
    running: JoinSet<Ended>,
    verified: Vec<Work>,
    /// Items that are to be done with nothing beside them.
    alone: BTreeSet<String>,
    /// Whether such an item runs now.
    alone_now: bool,
    /// Items that a person gave up while they were in work.
    dropped: BTreeMap<String, &'static str>,
    /// The branches of each item's rejected attempts.
    branches: BTreeMap<String, Vec<String>>,
}

impl<'a> Board<'a> {
    fn new(shared: &'a Arc<Shared>) -> Result<Self, MissionError> {
        let mut graph = TaskGraph::new();
        let mut settled = Vec::new();
        let mut waived = Vec::new();
        for state in &shared.state().items {
            let id = state.item.id.clone();
            // The plan was validated when it was made; the same rules hold here.
            let added = graph.add(id.clone(), state.item.depends.iter().cloned());
            added.map_err(|error| MissionError::Refused {
                reason: error.to_string(),
            })?;
            match state.status {
                ItemStatus::Landed | ItemStatus::Unneeded => settled.push(id),
                ItemStatus::Waived => waived.push(id),
                _ => {}
            }
        }
        let mut board = Self {
            shared,
            graph,
            running: JoinSet::new(),
            verified: Vec::new(),
            alone: BTreeSet::new(),
            alone_now: false,
            dropped: BTreeMap::new(),
            branches: BTreeMap::new(),
        };
        for id in settled {
            board.settle(&id);
        }
        for id in waived {
            board.skip_dependents(&id)?;
        }
        Ok(board)
    }

    /// Begins the ready items for which there is a Worker; one that has to be alone, only when
    /// nothing else is under way.
    fn start_ready(&mut self, scheduler: &Scheduler, landing: bool) {
        let mut ready = self.graph.ready();
        // What was begun is brought to an end first.
        ready.sort_by_key(|id| !self.was_begun(id));
        for id in ready {
            if self.alone_now || self.running.len() >= self.shared.options.workers.get() {
                return;
            }
            if self.alone.contains(&id) {
                if landing || !self.running.is_empty() || !self.verified.is_empty() {
                    continue;
                }
                self.alone_now = true;
            }
            if self.graph.start(&id).is_err() {
                continue;
            }
            let shared = Arc::clone(self.shared);
            let name = id.clone();
            let task = scheduler.spawn(async move { attempt(&shared, &name).await });
            self.running.spawn(async move { (id, task.await) });
        }
    }

    fn was_begun(&self, id: &str) -> bool {
        let state = self.shared.state();
        state.item(id).is_some_and(|state| state.attempts > 0)
    }

    /// Takes up how an attempt ended.
    async fn ended(
        &mut self,
        id: &str,
        result: Result<Result<Attempt, MissionError>, TaskError>,
    ) -> Result<(), MissionError> {
        let attempt = match result {
            Ok(attempt) => attempt?,
            Err(error @ TaskError::Panicked { .. }) => Attempt::Rejected(Box::new(Rejection {
                reason: format!("the Worker's task crashed: {error}"),
                ..Rejection::default()
            })),
            Err(error) => return Err(error.into()),
        };
        if self.alone.contains(id) && !matches!(attempt, Attempt::Ready(_)) {
            self.alone_now = false;
        }
        match attempt {
            Attempt::Ready(work) if self.dropped.contains_key(id) => {
                self.alone_now &= !self.alone.contains(id);
                self.shared.workspace.drop_ref(&work.kept).await?;
                let reason = self.dropped.get(id).copied().unwrap_or_default();
                self.waive(id, reason.to_owned())
            }
            Attempt::Ready(work) => {
                let step = BeforeLanding {
                    task: id.to_owned(),
                    attempt: work.attempt,
                    commit: work.commit.clone(),
                };
                let hooks = &self.shared.hooks;
                if let Some(reason) = self.shared.is_refused(&hooks.before_landing, step).await? {
                    self.alone_now &= !self.alone.contains(id);
                    let rejection = Rejection {
                        reason,
                        receipt: None,
                        applied: work.report.applied,
                        work: Some((work.kept, work.commit)),
                    };
                    return self.rejected(id, rejection).await;
                }
                self.verified.push(*work);
                Ok(())
            }
            Attempt::Rejected(rejection) => self.rejected(id, *rejection).await,
            Attempt::Cannot(reason) => self.waive(id, reason),
            Attempt::Skipped => self.skip_dependents(id),
            Attempt::Unneeded(reason) => {
                let task = id.to_owned();
                self.shared
                    .record(&MissionEvent::TaskUnneeded { task, reason })?;
                self.settle(id);
                Ok(())
            }
        }
    }

    /// Takes up what became of a piece of work in the landing queue.
    async fn landed(&mut self, work: Work, landing: Landing) -> Result<(), MissionError> {
        let id = work.item.id.clone();
        self.alone_now = false;
        match landing {
            Landing::Landed { commit, files } => {
                let mut completed = TaskCompleted {
                    task: id.clone(),
                    commit: commit.clone(),
                    files: files.clone(),
                    notes: Vec::new(),
                };
                self.shared.record(&MissionEvent::TaskLanded {
                    task: id.clone(),
                    attempt: work.attempt,
                    commit,
                    files,
                    left_out: work.report.left_out,
                })?;
                let hooks = &self.shared.hooks;
                hooks.task_completed.dispatch(&mut completed).await?;
                self.shared.note(completed.notes)?;
                self.shared.workspace.drop_ref(&work.kept).await?;
                // What failed before is of no more use.
                for branch in self.branches.remove(&id).unwrap_or_default() {
                    self.shared.workspace.drop_ref(&branch).await?;
                }
                self.settle(&id);
                Ok(())
            }
            Landing::Conflicted { files } => {
                self.shared.record(&MissionEvent::TaskConflicted {
                    task: id.clone(),
                    attempt: work.attempt,
                    files,
                })?;
                // The work is done again from the item; this version is of no
                // more use.
                self.shared.workspace.drop_ref(&work.kept).await?;
                let conflicts = self
                    .shared
                    .state()
                    .item(&id)
                    .map_or(0, |state| state.conflicts);
                if let Some(reason) = self.dropped.get(&id) {
                    return self.waive(&id, (*reason).to_owned());
                }
                if conflicts >= CONFLICTS_BEFORE_ALONE {
                    self.alone.insert(id.clone());
                }
                self.again(&id);
                Ok(())
            }
            Landing::Broken { receipt } => {
                let reason = format!(
                    "`{}` fails once it is merged with what landed before ({})",
                    receipt.command, receipt.ending
                );
                let rejection = Rejection {
                    reason,
                    receipt: Some(receipt.id),
                    applied: work.report.applied,
                    work: Some((work.kept, work.commit)),
                };
                self.rejected(&id, rejection).await
            }
        }
    }

    async fn rejected(&mut self, id: &str, rejection: Rejection) -> Result<(), MissionError> {
        remember_rejection(self.shared, id, &rejection);
        let attempt = self
            .shared
            .state()
            .item(id)
            .map_or(0, |state| state.attempts);
        let Rejection {
            reason,
            receipt,
            applied,
            work,
        } = rejection;
        let kept = match work {
            None => None,
            Some((hidden, commit)) => {
                // A person may want to look at it: it becomes a branch.
                let branch = self.shared.workspace.rejected_ref(id, attempt);
                self.shared.workspace.set_ref(&branch, &commit).await?;
                self.shared.workspace.drop_ref(&hidden).await?;
                self.branches
                    .entry(id.to_owned())
                    .or_default()
                    .push(branch.clone());
                Some(branch)
            }
        };
        let task = id.to_owned();
        self.shared.record(&MissionEvent::TaskRejected {
            task,
            attempt,
            reason,
            receipt,
            applied,
            kept,
        })?;
        let next = self.shared.state().after_rejection(id);
        if let Some(reason) = self.dropped.get(id) {
            return self.waive(id, (*reason).to_owned());
        }
        match next {
            AfterRejection::Retry => {
                self.again(id);
                Ok(())
            }
            AfterRejection::Waive(reason) => self.waive(id, reason),
        }
    }

    /// Gives an item up, and with it all that depend on it.
    fn waive(&mut self, id: &str, reason: String) -> Result<(), MissionError> {
        let receipt = self.shared.state().item(id).and_then(|state| state.receipt);
        let task = id.to_owned();
        self.shared.record(&MissionEvent::TaskWaived {
            task,
            reason,
            receipt,
        })?;
        self.skip_dependents(id)
    }

    fn skip_dependents(&mut self, id: &str) -> Result<(), MissionError> {
        // A waived item may never have been started.
        let _ = self.graph.start(&id.to_owned());
        let skipped = self
            .graph
            .fail(&id.to_owned(), FailurePolicy::SkipDependents);
        for task in skipped.unwrap_or_default() {
            let open = self.shared.state().item(&task).map(|state| state.status);
            if open == Some(ItemStatus::Pending) {
                let reason = format!("it depends on {id}, which was waived");
                self.shared.record(&MissionEvent::TaskWaived {
                    task,
                    reason,
                    receipt: None,
                })?;
            }
        }
        Ok(())
    }

    /// Gives up what can never become ready, so that the mission comes to an
    /// end whatever the plan was.
    fn close(&mut self) -> Result<(), MissionError> {
        let open: Vec<_> = self
            .shared
            .state()
            .items
            .iter()
            .filter(|state| state.status == ItemStatus::Pending)
            .map(|state| state.item.id.clone())
            .collect();
        for id in open {
            self.waive(&id, "what it depends on did not land".to_owned())?;
        }
        self.shared.todo.write(self.shared)
    }

    fn settle(&mut self, id: &str) {
        let _ = self.graph.start(&id.to_owned());
        // Wrong transitions cannot come up: each item ends once.
        let _ = self.graph.complete(&id.to_owned());
    }

    fn again(&mut self, id: &str) {
        let _ = self.graph.requeue(&id.to_owned());
    }

    /// Takes up what a person did to `todo.md` meanwhile.
    fn take_up_hand_edits(&mut self) -> Result<(), MissionError> {
        let HandEdits { skipped, notes } = self.shared.todo.hand_edits(self.shared)?;
        for note in notes {
            self.shared.record(&MissionEvent::HandEdited { note })?;
        }
        for (id, reason) in skipped {
            let status = self.shared.state().item(&id).map(|state| state.status);
            let waiting = self.verified.iter().position(|work| work.item.id == id);
            match (status, waiting) {
                (Some(ItemStatus::Pending), _) => self.waive(&id, reason.to_owned())?,
                (_, Some(at)) => {
                    // Its commit goes with the mission's other unjudged work.
                    self.verified.remove(at);
                    self.waive(&id, reason.to_owned())?;
                }
                (Some(ItemStatus::Running | ItemStatus::Verified), None) => {
                    self.dropped.insert(id, reason);
                }
                _ => {
                    let note = format!("{id}: too late to be left out by hand");
                    self.shared.record(&MissionEvent::HandEdited { note })?;
                }
            }
        }
        Ok(())
    }
}

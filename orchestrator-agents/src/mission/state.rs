//! The state of a mission: what its events add up to.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Decision, MissionDigest};
use crate::brief::{Failure, WaivedPart};
use crate::check::{Check, Scope};
use crate::event::{MissionEvent, Outcome};
use crate::git::{FileChange, ObjectId};
use crate::plan::{Action, PlanItem};
use crate::receipt::Receipt;
use crate::report::Change;

/// How often an item is tried again after its first attempt was rejected.
pub(super) const MAX_RETRIES: usize = 2;

/// A projection of the journal: events go in, nothing else does. The same
/// events give the same state, whoever applies them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MissionState {
    /// The mission's id; empty before it was opened.
    pub mission: String,
    /// What the user asked for.
    pub objective: String,
    /// The branch that is to receive the result.
    pub branch: Option<String>,
    /// The commit that the mission started from.
    pub base: Option<ObjectId>,
    /// The result so far.
    pub tip: Option<ObjectId>,
    /// Whether a waiver forbids the seal.
    pub strict: bool,
    /// What the user should know.
    pub notes: Vec<String>,
    /// The checks that prove work; `None` until they are known.
    pub checks: Option<Vec<Check>>,
    /// How many plans there were.
    pub plans: u32,
    /// The items in the order of their plans.
    pub items: Vec<ItemState>,
    /// Every receipt.
    pub receipts: BTreeMap<u32, Receipt>,
    /// The last check of the whole result.
    pub verified: Option<MissionCheck>,
    /// Whether the mission was sealed.
    pub sealed: bool,
    /// The branch that holds the result, and why it waits, if it does.
    pub delivered: Option<(String, Option<String>)>,
    /// How it ended, and why.
    pub ended: Option<(Outcome, String)>,
    /// Model calls that were made.
    pub model_calls: usize,
    /// Tools that were called.
    pub tool_calls: usize,
    /// How many items the last plan added.
    planned_last: usize,
    /// How many items landed since the last plan.
    landed_since_plan: usize,
}

/// How one item stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemState {
    /// The item.
    pub item: PlanItem,
    /// Where it stands.
    pub status: ItemStatus,
    /// Attempts that were started.
    pub attempts: u32,
    /// Attempts that did not merge.
    pub conflicts: u32,
    /// Attempts that were rejected.
    pub failures: Vec<Failure>,
    /// The commit in the result and its files, once landed.
    pub landed: Option<(ObjectId, Vec<FileChange>)>,
    /// What was left out of it.
    pub left_out: Vec<Change>,
    /// Why it was waived or is not needed.
    pub reason: Option<String>,
    /// The receipt that shows why it was waived.
    pub receipt: Option<u32>,
    /// The ref that keeps its last rejected attempt.
    pub kept: Option<String>,
}

/// Where an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemStatus {
    /// Not started, or to be done again.
    Pending,
    /// A Worker is on it.
    Running,
    /// Its change passed and waits to land.
    Verified,
    /// In the result.
    Landed,
    /// Found to need nothing.
    Unneeded,
    /// Given up.
    Waived,
}

/// What the check of the whole result showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissionCheck {
    /// The commit.
    pub commit: ObjectId,
    /// Its receipts.
    pub receipts: Vec<u32>,
    /// Whether all passed.
    pub passed: bool,
}

/// What is to be done about a rejected attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AfterRejection {
    /// Try again, with the failure in the prompt.
    Retry,
    /// Give up, for this reason.
    Waive(String),
}

impl MissionState {
    /// Takes up one event.
    pub fn apply(&mut self, event: &MissionEvent) {
        match event {
            MissionEvent::MissionOpened {
                mission,
                objective,
                branch,
                base,
                strict,
                notes,
                ..
            } => {
                *self = Self {
                    mission: mission.clone(),
                    objective: objective.clone(),
                    branch: branch.clone(),
                    base: Some(base.clone()),
                    tip: Some(base.clone()),
                    strict: *strict,
                    notes: notes.clone(),
                    ..Self::default()
                };
            }
            MissionEvent::ChecksFound { checks } => self.checks = Some(checks.clone()),
            MissionEvent::SessionEnded {
                model_calls,
                tool_calls,
                ..
            } => {
                self.model_calls += model_calls;
                self.tool_calls += tool_calls;
            }
            MissionEvent::PlanReady { items, notes, .. } => self.planned(items, notes),
            MissionEvent::CheckRan { receipt } => {
                self.receipts.insert(receipt.id, receipt.clone());
            }
            MissionEvent::MissionVerified {
                commit,
                receipts,
                passed,
            } => {
                self.verified = Some(MissionCheck {
                    commit: commit.clone(),
                    receipts: receipts.clone(),
                    passed: *passed,
                });
            }
            MissionEvent::Noted { note } => self.note(note),
            MissionEvent::Sealed { .. } => self.sealed = true,
            MissionEvent::Delivered {
                branch,
                waits_because,
            } => {
                self.delivered = Some((branch.clone(), waits_because.clone()));
            }
            MissionEvent::MissionEnded { outcome, reason } => {
                self.ended = Some((*outcome, reason.clone()));
            }
            event => self.task_event(event),
        }
    }

    fn task_event(&mut self, event: &MissionEvent) {
        let Some(id) = event.task() else { return };
        let output = match event {
            MissionEvent::TaskRejected {
                receipt: Some(receipt),
                ..
            } => self
                .receipts
                .get(receipt)
                .map(|receipt| receipt.tail.clone())
                .unwrap_or_default(),
            _ => String::new(),
        };
        let Some(state) = self.items.iter_mut().find(|state| state.item.id == id) else {
            return;
        };
        match event {
            MissionEvent::TaskStarted { attempt, .. } => {
                state.status = ItemStatus::Running;
                state.attempts = *attempt;
            }
            MissionEvent::Reviewed { approved: true, .. } => state.status = ItemStatus::Verified,
            MissionEvent::TaskRejected {
                attempt,
                reason,
                applied,
                kept,
                receipt,
                ..
            } => {
                state.status = ItemStatus::Pending;
                state.receipt = *receipt;
                state.kept.clone_from(kept);
                state.failures.push(Failure {
                    attempt: *attempt,
                    reason: reason.clone(),
                    output,
                    applied: applied.clone(),
                });
            }
            MissionEvent::TaskConflicted { .. } => {
                state.status = ItemStatus::Pending;
                state.conflicts += 1;
            }
            MissionEvent::TaskLanded {
                commit,
                files,
                left_out,
                ..
            } => {
                state.status = ItemStatus::Landed;
                state.landed = Some((commit.clone(), files.clone()));
                state.left_out.clone_from(left_out);
                self.tip = Some(commit.clone());
                self.landed_since_plan += 1;
            }
            MissionEvent::TaskUnneeded { reason, .. } => {
                state.status = ItemStatus::Unneeded;
                state.reason = Some(reason.clone());
            }
            MissionEvent::TaskWaived {
                reason, receipt, ..
            } => {
                state.status = ItemStatus::Waived;
                state.reason = Some(reason.clone());
                state.receipt = *receipt;
            }
            _ => {}
        }
    }

    fn planned(&mut self, items: &[PlanItem], notes: &[String]) {
        self.plans += 1;
        self.planned_last = items.len();
        self.landed_since_plan = 0;
        // What was left out of an earlier item and is now an item of its own is
        // no longer left out.
        let again: BTreeSet<&String> = items.iter().flat_map(|item| parts(&item.action)).collect();
        for state in &mut self.items {
            state.left_out.retain(|change| {
                let file_again = items.iter().any(|item| {
                    same_kind(&item.action, &state.item.action)
                        && parts(&item.action).next().is_none()
                        && item.files.iter().any(|file| file.as_str() == change.id)
                });
                !again.contains(&change.id) && !file_again
            });
        }
        self.items.extend(items.iter().map(|item| ItemState {
            item: item.clone(),
            status: ItemStatus::Pending,
            attempts: 0,
            conflicts: 0,
            failures: Vec::new(),
            landed: None,
            left_out: Vec::new(),
            reason: None,
            receipt: None,
            kept: None,
        }));
        for note in notes {
            self.note(note);
        }
    }

    fn note(&mut self, note: &str) {
        if !self.notes.iter().any(|known| known == note) {
            self.notes.push(note.to_owned());
        }
    }

    /// One item.
    #[must_use]
    pub fn item(&self, id: &str) -> Option<&ItemState> {
        self.items.iter().find(|state| state.item.id == id)
    }

    /// How many items have a status.
    #[must_use]
    pub fn count(&self, status: ItemStatus) -> usize {
        self.items
            .iter()
            .filter(|state| state.status == status)
            .count()
    }

    /// The checks of the whole repository.
    #[must_use]
    pub fn repository_checks(&self) -> Vec<Check> {
        let checks = self.checks.iter().flatten();
        checks
            .filter(|check| check.scope == Scope::Repository)
            .cloned()
            .collect()
    }

    /// What stands in the way of a strict seal: items that were given up, and
    /// parts that were left out.
    #[must_use]
    pub fn waivers(&self) -> usize {
        let left_out: usize = self.items.iter().map(|state| state.left_out.len()).sum();
        self.count(ItemStatus::Waived) + left_out
    }

    /// What may be decided now, given how many plans a mission may make.
    #[must_use]
    pub fn possible(&self, max_plans: u32) -> Vec<Decision> {
        if self.plans == 0 {
            return vec![Decision::Plan, Decision::Refuse, Decision::Stop];
        }
        if self.count(ItemStatus::Pending) > 0 {
            return vec![Decision::Dispatch, Decision::Stop];
        }
        match &self.verified {
            Some(check) if Some(&check.commit) == self.tip.as_ref() => {
                let seal = check.passed && !(self.strict && self.waivers() > 0);
                let seal = seal.then_some(Decision::Seal);
                seal.into_iter().chain([Decision::Stop]).collect()
            }
            _ => {
                let plan = self.plans < max_plans && self.planned_last > 0;
                let plan = plan.then_some(Decision::Plan);
                plan.into_iter()
                    .chain([Decision::Verify, Decision::Stop])
                    .collect()
            }
        }
    }

    /// What the Commander is told.
    #[must_use]
    pub fn digest(&self) -> MissionDigest {
        MissionDigest {
            plans: self.plans,
            pending: self.count(ItemStatus::Pending),
            landed: self.count(ItemStatus::Landed),
            landed_since_plan: self.landed_since_plan,
            unneeded: self.count(ItemStatus::Unneeded),
            waived: self.count(ItemStatus::Waived),
            left_out: self.items.iter().map(|state| state.left_out.len()).sum(),
            verified: self.verified.as_ref().map(|check| check.passed),
            strict: self.strict,
        }
    }

    /// What is to be done about the last rejection of an item.
    #[must_use]
    pub fn after_rejection(&self, id: &str) -> AfterRejection {
        match self.item(id) {
            Some(state) if state.failures.len() <= MAX_RETRIES => AfterRejection::Retry,
            Some(state) => {
                let last = state
                    .failures
                    .last()
                    .map_or("", |failure| failure.reason.as_str());
                let attempts = state.failures.len();
                AfterRejection::Waive(format!("rejected in {attempts} attempts; at last: {last}"))
            }
            None => AfterRejection::Waive("it is in no plan".to_owned()),
        }
    }

    /// What was given up, for the next plan to leave alone.
    #[must_use]
    pub fn waived_parts(&self) -> Vec<WaivedPart> {
        self.items
            .iter()
            .filter(|state| state.status == ItemStatus::Waived)
            .map(|state| WaivedPart {
                action: state.item.action.clone(),
                files: state.item.files.clone(),
            })
            .collect()
    }

    /// What was left out of landed items, for the next plan to try apart.
    #[must_use]
    pub fn left_out(&self) -> Vec<String> {
        let changes = self.items.iter().flat_map(|state| &state.left_out);
        changes.map(|change| change.id.clone()).collect()
    }
}

/// The parts that an action is restricted to.
fn parts(action: &Action) -> impl Iterator<Item = &String> {
    match action {
        Action::ApplySuggestions { only, .. } => only.iter(),
        _ => [].iter(),
    }
}

fn same_kind(one: &Action, other: &Action) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

#[cfg(test)]
mod tests;

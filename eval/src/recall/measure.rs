//! Asking, and counting what came.

use std::collections::{HashMap, HashSet};

use orchestrator_memory::{Budget, EntryId, MemoryStore, NewEntry, Query, Tier};

use super::ways::Way;
use crate::{Conversation, Question, ReadError};

/// In how many entries the evidence is looked for.
pub const COUNTS: [usize; 4] = [5, 10, 25, 50];

/// In how many tokens the evidence is looked for.
pub const BUDGETS: [usize; 4] = [512, 1_024, 2_048, 4_096];

/// The mean share of the evidence that was recalled, over some questions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recall {
    questions: usize,
    in_entries: [f64; COUNTS.len()],
    in_tokens: [f64; BUDGETS.len()],
}

impl Recall {
    /// How many questions there were.
    #[must_use]
    pub fn questions(&self) -> usize {
        self.questions
    }

    /// In percent, among the best so many entries: one of [`COUNTS`].
    #[must_use]
    pub fn in_entries(&self, count: usize) -> f64 {
        let at = COUNTS.iter().position(|one| *one == count);
        at.map_or(0.0, |at| self.mean(self.in_entries[at]))
    }

    /// In percent, within so many tokens: one of [`BUDGETS`].
    #[must_use]
    pub fn in_tokens(&self, tokens: usize) -> f64 {
        let at = BUDGETS.iter().position(|one| *one == tokens);
        at.map_or(0.0, |at| self.mean(self.in_tokens[at]))
    }

    fn mean(&self, sum: f64) -> f64 {
        100.0 * sum / self.questions.max(1) as f64
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.questions += other.questions;
        for (sum, one) in self.in_entries.iter_mut().zip(other.in_entries) {
            *sum += one;
        }
        for (sum, one) in self.in_tokens.iter_mut().zip(other.in_tokens) {
            *sum += one;
        }
    }
}

/// A conversation in a store, and which entry is which turn.
pub(super) struct Told<'a> {
    pub(super) store: MemoryStore,
    entries: HashMap<&'a str, EntryId>,
    /// In the order in which they were said.
    order: Vec<EntryId>,
    /// The end of the conversation, in seconds from 1970.
    end: i64,
}

impl<'a> Told<'a> {
    pub(super) fn tell(way: &Way, conversation: &'a Conversation) -> Result<Self, ReadError> {
        let mut store = MemoryStore::new(way.config());
        let (mut entries, mut order, mut end) = (HashMap::new(), Vec::new(), 0);
        for turn in &conversation.turns {
            end = turn.seconds()?;
            if way.gate {
                store.turn(&turn.text);
            }
            let entry = NewEntry::new(Tier::Mission, turn.text.as_str())
                .session(format!("{}", turn.session))
                .author(turn.speaker.as_str())
                .time(end);
            let id = store.add(entry);
            entries.insert(turn.id.as_str(), id);
            order.push(id);
        }
        Ok(Self {
            store,
            entries,
            order,
            end,
        })
    }

    /// The evidence that there is for a question.
    pub(super) fn evidence(&self, question: &Question) -> HashSet<EntryId> {
        let ids = question.evidence.iter();
        ids.filter_map(|id| self.entries.get(id.as_str()).copied())
            .collect()
    }

    /// The entries that answer best.
    pub(super) fn best(&self, way: &Way, question: &Question, most: usize) -> Vec<EntryId> {
        if way.rank.is_none() {
            return self.order.iter().rev().take(most).copied().collect();
        }
        let query = Query::new(question.question.as_str()).at(self.end);
        let ranked = self.store.rank(query, most);
        ranked.into_iter().map(|(id, _)| id).collect()
    }

    /// The entries that a prompt would have.
    fn within(&self, way: &Way, question: &Question, tokens: usize) -> Vec<EntryId> {
        if way.rank.is_none() {
            let mut room = tokens;
            let newest = self.order.iter().rev().filter(|id| {
                let cost = self.store.get(**id).map_or(0, |entry| entry.tokens);
                let fits = cost <= room;
                room = room.saturating_sub(cost);
                fits
            });
            return newest.copied().collect();
        }
        let query = Query::new(question.question.as_str()).at(self.end);
        let context = self.store.recall(query, Budget::new(tokens));
        // Nothing is pinned, so nothing can exceed the budget.
        let entries = context.unwrap_or_default().entries;
        entries
            .into_iter()
            .map(|recalled| recalled.entry.id)
            .collect()
    }
}

/// The recall of every question that has evidence, with its category.
pub(super) fn ask_all(
    way: &Way,
    conversation: &Conversation,
) -> Result<Vec<(u32, Recall)>, ReadError> {
    let told = Told::tell(way, conversation)?;
    let mut all = Vec::new();
    for question in &conversation.questions {
        let evidence = told.evidence(question);
        if evidence.is_empty() {
            continue;
        }
        let share = |found: &[EntryId]| {
            let hits = found.iter().filter(|id| evidence.contains(id)).count();
            hits as f64 / evidence.len() as f64
        };
        let best = told.best(way, question, COUNTS[COUNTS.len() - 1]);
        let recall = Recall {
            questions: 1,
            in_entries: COUNTS.map(|count| share(&best[..count.min(best.len())])),
            in_tokens: BUDGETS.map(|tokens| share(&told.within(way, question, tokens))),
        };
        all.push((question.category, recall));
    }
    Ok(all)
}

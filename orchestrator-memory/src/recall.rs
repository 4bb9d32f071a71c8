//! Choosing what goes into a context.

use crate::{
    Budget, Context, EntryId, Explanation, LeftOut, MemoryConfig, MemoryEntry, MemoryStore, Query,
    RecallError, Recalled, Tier,
    context::{TITLE, heading},
    index::Scores,
    index::{Asked, Place},
    store::{id_at, place_of},
};

/// After so many turns half of an entry's newness is gone.
const RECENCY_HALF_LIFE: f32 = 200.0;

/// An entry that speaks for itself, by how well it answers a query.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ranked {
    pub(crate) id: EntryId,
    pub(crate) score: f32,
    /// Against the one that answers best.
    relevance: f32,
}

/// At least so many of the entries that answer best are looked at.
const LEAST_LOOKED_AT: usize = 1_024;

/// What can be recalled for a query, beside what must be: the best first, at least `most` if there
/// are as many.
pub(crate) fn rank(store: &MemoryStore, query: &Query, most: usize) -> Vec<Ranked> {
    let asked = store.index().ask(&query.text, query.now);
    candidates(store, query, &asked, most)
}

fn candidates(store: &MemoryStore, query: &Query, asked: &Asked, most: usize) -> Vec<Ranked> {
    let config = store.config();
    let weights = config.weights;
    let Scores { of: scores, whole } = store.index().score(asked, &config.rank);
    let best = scores.iter().copied().fold(0.0, f32::max);
    let least = (weights.least * best).max(f32::MIN_POSITIVE);
    let now = store.focus().now();
    let ranked = |entry: &MemoryEntry, relevance: f32, focus: f64| {
        let age = now.saturating_sub(entry.turn) as f32;
        let recency = (-age / RECENCY_HALF_LIFE).exp2();
        Ranked {
            id: entry.id,
            score: relevance
                + weights.focus * focus as f32
                + weights.importance * entry.importance
                + weights.recency * recency,
            relevance,
        }
    };
    let is_wanted = |entry: &MemoryEntry| !entry.is_fixed() && may_be_shown(entry, query);
    let answers = |place: usize| best > 0.0 && scores[place] >= least;

    let mut answering: Vec<(f32, usize)> = (0..scores.len())
        .filter(|place| answers(*place))
        .map(|place| (scores[place], place))
        .collect();
    // What else speaks for an entry can lift it over another only so far.
    let looked_at = most.saturating_mul(4).max(LEAST_LOOKED_AT);
    let is_better =
        |one: &(f32, usize), two: &(f32, usize)| two.0.total_cmp(&one.0).then(one.1.cmp(&two.1));
    if answering.len() > looked_at {
        answering.select_nth_unstable_by(looked_at, is_better);
        answering.truncate(looked_at);
    }
    let mut all: Vec<Ranked> = answering
        .into_iter()
        .filter_map(|(score, place)| {
            let entry = store.get(id_at(place)).filter(|entry| is_wanted(entry))?;
            let focus = match weights.focus > 0.0 {
                true => store
                    .focus()
                    .gate(entry.id)
                    .map_or(0.0, |gate| gate.value()),
                false => 0.0,
            };
            Some(ranked(entry, score / whole.max(1e-6), focus))
        })
        .collect();
    // What is in focus without being asked for.
    let in_focus = store.focus().open().take_while(|_| weights.focus > 0.0);
    let others = in_focus.filter(|(id, _)| place_of(*id).is_none_or(|place| !answers(place)));
    for (id, focus) in others.take(looked_at) {
        if let Some(entry) = store.get(id).filter(|entry| is_wanted(entry)) {
            let relevance = match place_of(id) {
                Some(place) if best > 0.0 => scores[place] / whole.max(1e-6),
                _ => 0.0,
            };
            all.push(ranked(entry, relevance, focus));
        }
    }
    // Among equals the older stands first.
    all.sort_unstable_by(|one, two| two.score.total_cmp(&one.score).then(one.id.cmp(&two.id)));
    all
}

/// Whether an entry may be shown at all, to who asks.
fn may_be_shown(entry: &MemoryEntry, query: &Query) -> bool {
    let of_other_task = match (&query.task, &entry.task) {
        (Some(asked), Some(task)) => **asked != **task,
        _ => false,
    };
    entry.is_valid(query.now) && !entry.content.trim().is_empty() && !of_other_task
}

/// A context, and what did not get into it.
pub(crate) struct Outcome {
    pub(crate) context: Context,
    /// What there was no room for, the best first.
    no_room: Vec<Ranked>,
}

/// Fills a context with what must be in it, then with what scores best, as long as it fits.
pub(crate) fn recall(
    store: &MemoryStore,
    query: &Query,
    budget: Budget,
) -> Result<Outcome, RecallError> {
    let config = store.config();
    let mut bill = Bill::new(budget, config);
    let mut chosen = Vec::new();
    let fixed = store.fixed().filter(|entry| may_be_shown(entry, query));
    for entry in fixed {
        let why = match entry.tier {
            Tier::System => "always: it is of the System tier",
            _ => "always: it is pinned",
        };
        let cost = store.line_cost(entry.id);
        bill.add(entry.tier, cost);
        chosen.push((entry, why.to_owned(), cost));
    }
    bill.check()?;

    let asked = store.index().ask(&query.text, query.now);
    let mut no_room = Vec::new();
    // No line takes less than a few tokens.
    for ranked in candidates(store, query, &asked, budget.total() / 8) {
        let Some(entry) = store.get(ranked.id) else {
            continue;
        };
        let cost = store.line_cost(entry.id);
        if !bill.has_room(entry.tier, cost) {
            no_room.push(ranked);
            continue;
        }
        bill.add(entry.tier, cost);
        chosen.push((entry, reason(store, &asked, &ranked), cost));
    }

    chosen.sort_by_key(|(entry, ..)| (entry.tier, entry.id));
    let entries = chosen.into_iter().map(|(entry, why, tokens)| Recalled {
        entry: entry.clone(),
        why,
        tokens,
    });
    let context = Context {
        entries: entries.collect(),
        tokens: bill.total,
        tier_tokens: bill.tiers,
    };
    Ok(Outcome { context, no_room })
}

/// Why an entry is there.
fn reason(store: &MemoryStore, asked: &Asked, ranked: &Ranked) -> String {
    let relevance = ranked.relevance;
    let place = place_of(ranked.id).unwrap_or_default();
    let shared = store.index().shared(asked, place as Place, 3);
    let focus = store
        .focus()
        .gate(ranked.id)
        .map_or(0.0, |gate| gate.value());
    if relevance > 0.0 && !shared.is_empty() {
        let shared = shared.join("`, `");
        format!("asked for: shares `{shared}` with the query, relevance {relevance:.2}")
    } else if relevance >= store.config().weights.least && relevance > 0.0 {
        format!("near what is asked for, relevance {relevance:.2}")
    } else {
        format!("in focus: relevance over the last turns {focus:.2}")
    }
}

impl Outcome {
    /// With what was left out, and why.
    pub(crate) fn explain(self, store: &MemoryStore, query: &Query, most: usize) -> Explanation {
        let left_out = |entry: &MemoryEntry, why: String| LeftOut {
            entry: entry.clone(),
            why,
        };
        let no_room = self.no_room.iter().filter_map(|ranked| {
            let entry = store.get(ranked.id)?;
            let why = format!(
                "no room for its {} tokens: others answer better than its {:.2}",
                entry.tokens, ranked.score
            );
            Some(left_out(entry, why))
        });
        let mut all: Vec<LeftOut> = no_room.take(most).collect();
        // What would answer, but may not.
        let asked = store.index().ask(&query.text, query.now);
        let evoked = |entry: &MemoryEntry| {
            let mut shares = false;
            crate::text::each_form(&entry.content, |form| shares |= asked.has(form));
            shares
        };
        let barred = store
            .entries()
            .filter(|entry| !may_be_shown(entry, query) && evoked(entry));
        for entry in barred.take(most.saturating_sub(all.len())) {
            let why = match (&entry.superseded_by, entry.is_valid(query.now), &entry.task) {
                (Some(by), ..) => format!("superseded by {by}"),
                (None, false, _) => "expired".to_owned(),
                (None, true, Some(task)) => format!("of another task: {task}"),
                (None, true, None) => "blank".to_owned(),
            };
            all.push(left_out(entry, why));
        }
        Explanation {
            context: self.context,
            left_out: all,
        }
    }
}

/// What the chosen entries cost so far.
struct Bill {
    budget: Budget,
    title: usize,
    headings: [usize; 4],
    total: usize,
    tiers: [usize; 4],
    begun: [bool; 4],
}

impl Bill {
    fn new(budget: Budget, config: &MemoryConfig) -> Self {
        Self {
            budget,
            title: config.counter.count(TITLE),
            headings: Tier::ALL.map(|tier| config.counter.count(&heading(tier))),
            total: 0,
            tiers: [0; 4],
            begun: [false; 4],
        }
    }

    /// What the total and the tier's share would be with one more. The first of a tier brings
    /// its heading along, the first of all the title.
    fn with(&self, tier: Tier, cost: usize) -> (usize, usize) {
        let index = tier.index();
        let mut own = cost;
        if !self.begun[index] {
            own = own.saturating_add(self.headings[index]);
        }
        let mut total = self.total.saturating_add(own);
        if self.begun == [false; 4] {
            total = total.saturating_add(self.title);
        }
        (total, self.tiers[index].saturating_add(own))
    }

    fn has_room(&self, tier: Tier, cost: usize) -> bool {
        let (total, own) = self.with(tier, cost);
        total <= self.budget.total() && own <= self.budget.tier(tier)
    }

    fn add(&mut self, tier: Tier, cost: usize) {
        (self.total, self.tiers[tier.index()]) = self.with(tier, cost);
        self.begun[tier.index()] = true;
    }

    fn check(&self) -> Result<(), RecallError> {
        let over = |tier, cost: usize, limit| match cost.checked_sub(limit) {
            None | Some(0) => Ok(()),
            Some(by) => Err(RecallError::PinnedExceedBudget { tier, by }),
        };
        over(None, self.total, self.budget.total())?;
        for tier in Tier::ALL {
            over(Some(tier), self.tiers[tier.index()], self.budget.tier(tier))?;
        }
        Ok(())
    }
}

//! Choosing what goes into a context.

use crate::{
    Budget, Context, GateConfig, MemoryConfig, MemoryEntry, RecallError, Recalled, Tier,
    context::{TITLE, heading, line},
    lexical::Cue,
    store::Record,
};

/// What the parts of a score weigh: the query above all, then focus, then importance.
const RELEVANCE: f32 = 0.6;
const FOCUS: f32 = 0.3;
const IMPORTANCE: f32 = 0.1;

/// An entry that wants to be in the context.
struct Candidate<'a> {
    entry: &'a MemoryEntry,
    score: f32,
    why: String,
    cost: usize,
}

/// Fills a context with what must be in it, then with what scores best, as long as it fits.
pub(crate) fn recall<'a>(
    records: impl Iterator<Item = &'a Record>,
    cue: &Cue<'_>,
    budget: Budget,
    config: &MemoryConfig,
) -> Result<Context, RecallError> {
    let candidates = records.filter_map(|record| {
        let (score, why) = judge(record, cue, config.gate(record.entry.tier))?;
        Some(Candidate {
            entry: &record.entry,
            score,
            why,
            cost: config.counter.count(&line(&record.entry)),
        })
    });
    let (fixed, mut free): (Vec<_>, Vec<_>) =
        candidates.partition(|candidate| candidate.entry.is_fixed());

    let mut bill = Bill::new(budget, config);
    let mut chosen = Vec::new();
    for candidate in fixed {
        bill.add(&candidate);
        chosen.push(candidate);
    }
    bill.check()?;

    // Stable, so that among equals the older stands first.
    free.sort_by(|one, two| two.score.total_cmp(&one.score));
    for candidate in free {
        if bill.has_room(&candidate) {
            bill.add(&candidate);
            chosen.push(candidate);
        }
    }

    chosen.sort_by_key(|candidate| (candidate.entry.tier, candidate.entry.id));
    let entries = chosen.into_iter().map(|candidate| Recalled {
        entry: candidate.entry.clone(),
        why: candidate.why,
        tokens: candidate.cost,
    });
    Ok(Context {
        entries: entries.collect(),
        tokens: bill.total,
        tier_tokens: bill.tiers,
    })
}

/// The score of an entry and the reason for it. `None`: it does not earn its tokens.
fn judge(record: &Record, cue: &Cue<'_>, gate: &GateConfig) -> Option<(f32, String)> {
    let entry = &record.entry;
    let relevance = cue.relevance(&record.terms);
    let focus = record.gate.value();
    let score = RELEVANCE * relevance + FOCUS * focus + IMPORTANCE * entry.importance;
    let why = if entry.tier == Tier::System {
        "always: it is of the System tier".to_owned()
    } else if entry.pinned {
        "always: it is pinned".to_owned()
    } else if relevance >= gate.admit() && relevance > 0.0 {
        let shared = cue.shared(&record.terms).join("`, `");
        format!("asked for: shares `{shared}` with the query, relevance {relevance:.2}")
    } else if record.gate.is_open() {
        format!("in focus: relevance over the last turns {focus:.2}")
    } else {
        return None;
    };
    Some((score, why))
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
    fn with(&self, candidate: &Candidate<'_>) -> (usize, usize) {
        let tier = candidate.entry.tier.index();
        let mut own = candidate.cost;
        if !self.begun[tier] {
            own = own.saturating_add(self.headings[tier]);
        }
        let mut total = self.total.saturating_add(own);
        if self.begun == [false; 4] {
            total = total.saturating_add(self.title);
        }
        (total, self.tiers[tier].saturating_add(own))
    }

    fn has_room(&self, candidate: &Candidate<'_>) -> bool {
        let (total, own) = self.with(candidate);
        total <= self.budget.total() && own <= self.budget.tier(candidate.entry.tier)
    }

    fn add(&mut self, candidate: &Candidate<'_>) {
        let tier = candidate.entry.tier.index();
        (self.total, self.tiers[tier]) = self.with(candidate);
        self.begun[tier] = true;
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

//! Choosing what goes into a context.

use crate::{
    Budget, Context, Embedding, EntryId, Explanation, LeftOut, MemoryConfig, MemoryStore, Query,
    RecallError, RecallWeights, Recalled, Tier,
    context::{TITLE, heading},
    index::{Asked, Place, Scores},
    record::{Name, Record},
    store::{id_at, place_of},
};

/// After so many turns half of an entry's newness is gone.
const RECENCY_HALF_LIFE: f32 = 200.0;

/// An entry that speaks for itself, by how well it answers a query.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ranked {
    pub(crate) id: EntryId,
    pub(crate) score: f32,
    /// Against a whole match, which is about 1.
    relevance: f32,
    /// Whether the query has called it, and not the gate.
    answers: bool,
}

/// At least so many of the entries that answer best are looked at.
const LEAST_LOOKED_AT: usize = 1_024;

/// What can be recalled for a query, beside what must be: the best first, at least `most` if there
/// are as many.
pub(crate) fn rank(store: &MemoryStore, query: &Query, most: usize) -> Vec<Ranked> {
    candidates(store, query, &Asking::of(store, query), most)
}

/// What is asked for: words, and what they mean, if anybody can say that and it can be compared.
struct Asking {
    words: Asked,
    meaning: Option<Embedding>,
}

impl Asking {
    fn of(store: &MemoryStore, query: &Query) -> Self {
        let config = store.config();
        let is_of_use = config.weights.vectors > 0.0 && !store.embeddings().is_empty();
        let embedder = config.embedder.as_ref();
        let embed = || embedder.and_then(|embedder| embedder.embed(&query.text));
        Self {
            words: store.index().ask(&query.text, query.now),
            meaning: match is_of_use {
                true => query.embedding.clone().or_else(embed),
                false => None,
            },
        }
    }
}

fn candidates(store: &MemoryStore, query: &Query, asking: &Asking, most: usize) -> Vec<Ranked> {
    let config = store.config();
    let weights = config.weights;
    let Scores {
        of: mut scores,
        mut whole,
    } = store.index().score(&asking.words, &config.rank);
    if let Some(meaning) = &asking.meaning {
        // Where no word is known, only the meaning can be whole.
        whole = if whole > 0.0 { whole } else { 1.0 };
        add_similar(store, &mut scores, meaning, whole);
    }
    if store.has_links() && weights.links > 0.0 {
        follow_links(store, &mut scores, weights.links);
    }
    let scores = scores;
    let best = greatest(&scores);
    let least = (weights.least * best).max(f32::MIN_POSITIVE);
    let now = store.focus().now();
    let ranked = |id: EntryId, record: &Record, score: f32, focus: f64, answers: bool| {
        let relevance = if score > 0.0 { score / whole } else { 0.0 };
        let age = now.saturating_sub(record.turn()) as f32;
        let recency = (-age / RECENCY_HALF_LIFE).exp2();
        Ranked {
            id,
            score: relevance
                + weights.focus * focus as f32
                + weights.importance * record.importance
                + weights.recency * recency,
            relevance,
            answers,
        }
    };
    let asker = Asker::of(store, query);
    let is_wanted = |record: &Record| !record.is_fixed() && asker.may_see(record);
    let answers = |place: usize| best > 0.0 && scores[place] >= least;

    // What else speaks for an entry can lift it over another only so far.
    let looked_at = most.saturating_mul(4).max(LEAST_LOOKED_AT);
    let answering = best_of(&scores, least, looked_at);
    let mut all: Vec<Ranked> = answering
        .into_iter()
        .filter_map(|(score, place)| {
            let id = id_at(place);
            let record = store.record(id).filter(|record| is_wanted(record))?;
            let focus = match weights.focus > 0.0 {
                true => store.focus().gate(id).map_or(0.0, |gate| gate.value()),
                false => 0.0,
            };
            Some(ranked(id, record, score, focus, true))
        })
        .collect();
    // What is in focus without being asked for.
    let in_focus = store.focus().open().take_while(|_| weights.focus > 0.0);
    let others = in_focus.filter(|(id, _)| place_of(*id).is_none_or(|place| !answers(place)));
    for (id, focus) in others.take(looked_at) {
        if let Some(record) = store.record(id).filter(|record| is_wanted(record)) {
            let score = place_of(id).map_or(0.0, |place| scores[place]);
            all.push(ranked(id, record, score, focus, false));
        }
    }
    // Among equals the older stands first.
    all.sort_unstable_by(|one, two| two.score.total_cmp(&one.score).then(one.id.cmp(&two.id)));
    all
}

/// Raises what means the same.
fn add_similar(store: &MemoryStore, scores: &mut [f32], meaning: &Embedding, whole: f32) {
    let RecallWeights {
        vectors, unlike, ..
    } = store.config().weights;
    for (id, similarity) in store.embeddings().similarities(meaning) {
        let score = place_of(id).and_then(|place| scores.get_mut(place));
        if let (true, Some(score)) = (similarity > unlike, score) {
            *score += vectors * whole * (similarity - unlike) / (1.0 - unlike);
        }
    }
}

/// So many of the best pass on what they are worth.
const LINKING: usize = 64;

/// Raises what the best are linked to.
fn follow_links(store: &MemoryStore, scores: &mut [f32], share: f32) {
    for (score, place) in best_of(scores, f32::MIN_POSITIVE, LINKING) {
        let linked = store.record(id_at(place)).map_or(&[][..], Record::links);
        for place in linked.iter().filter_map(|id| place_of(*id)) {
            if let Some(other) = scores.get_mut(place) {
                *other = other.max(share * score);
            }
        }
    }
}

/// The greatest of them and 0; in eight lanes, which do not wait for each other.
fn greatest(scores: &[f32]) -> f32 {
    let (chunks, rest) = scores.as_chunks::<8>();
    let lanes = chunks.iter().fold([0.0; 8], |lanes: [f32; 8], chunk| {
        std::array::from_fn(|lane| lanes[lane].max(chunk[lane]))
    });
    lanes.iter().chain(rest).copied().fold(0.0, f32::max)
}

/// The places of the best scores of at least so much, and these: at most so many, in no order.
fn best_of(scores: &[f32], mut least: f32, most: usize) -> Vec<(f32, usize)> {
    let by_score = |one: &(f32, usize), two: &(f32, usize)| {
        // Of equals the older.
        two.0.total_cmp(&one.0).then(one.1.cmp(&two.1))
    };
    // As soon as there are twice as many, the worse half is left, and what is worse than that from then on.
    let room = most.saturating_mul(2).max(1);
    let mut best: Vec<(f32, usize)> = Vec::new();
    for (place, score) in scores.iter().copied().enumerate() {
        if score >= least {
            best.push((score, place));
        }
        if best.len() == room && most > 0 {
            let (_, worst, _) = best.select_nth_unstable_by(most - 1, by_score);
            // What is as good and comes later is worse.
            least = worst.0.next_up();
            best.truncate(most);
        }
    }
    if best.len() > most {
        best.select_nth_unstable_by(most, by_score);
        best.truncate(most);
    }
    best
}

/// Who asks, and what may be shown to them.
struct Asker {
    /// The task that asks; `Some(None)`: one that no entry belongs to.
    task: Option<Option<Name>>,
    now: Option<i64>,
}

impl Asker {
    fn of(store: &MemoryStore, query: &Query) -> Self {
        let task = query.task.as_deref();
        Self {
            task: task.map(|task| store.names().known(task)),
            now: query.now,
        }
    }

    fn may_see(&self, record: &Record) -> bool {
        let of_other_task = match (self.task, record.task()) {
            (Some(asked), Some(task)) => asked != Some(task),
            _ => false,
        };
        record.is_valid(self.now) && !of_other_task && !record.is_blank
    }
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
    let asker = Asker::of(store, query);
    for (id, record) in store.fixed().filter(|(_, record)| asker.may_see(record)) {
        let why = match record.tier {
            Tier::System => "always: it is of the System tier",
            _ => "always: it is pinned",
        };
        bill.add(record.tier, record.line as usize);
        chosen.push((id, record, why.to_owned()));
    }
    bill.check()?;

    let asking = Asking::of(store, query);
    let mut no_room = Vec::new();
    // No line takes less than a few tokens.
    for ranked in candidates(store, query, &asking, budget.total() / 8) {
        let Some(record) = store.record(ranked.id) else {
            continue;
        };
        let cost = record.line as usize;
        if !bill.has_room(record.tier, cost) {
            no_room.push(ranked);
            continue;
        }
        bill.add(record.tier, cost);
        chosen.push((ranked.id, record, reason(store, &asking, &ranked)));
    }

    chosen.sort_by_key(|(id, record, _)| (record.tier, *id));
    let entries = chosen.into_iter().map(|(id, record, why)| Recalled {
        entry: record.entry(id, store.names()),
        why,
        tokens: record.line as usize,
    });
    let context = Context {
        entries: entries.collect(),
        tokens: bill.total,
        tier_tokens: bill.tiers,
    };
    Ok(Outcome { context, no_room })
}

/// Why an entry is there.
fn reason(store: &MemoryStore, asking: &Asking, ranked: &Ranked) -> String {
    let relevance = ranked.relevance;
    let place = place_of(ranked.id).unwrap_or_default();
    let shared = store.index().shared(&asking.words, place as Place, 3);
    let focus = store
        .focus()
        .gate(ranked.id)
        .map_or(0.0, |gate| gate.value());
    let meaning = asking.meaning.as_ref();
    let similarity = meaning
        .and_then(|meaning| store.embeddings().get(ranked.id)?.similarity(meaning))
        .filter(|similarity| *similarity > store.config().weights.unlike);
    if ranked.answers && !shared.is_empty() {
        let shared = shared.join("`, `");
        format!("asked for: shares `{shared}` with the query, relevance {relevance:.2}")
    } else if let (true, Some(similarity)) = (ranked.answers, similarity) {
        format!("means about what is asked for: similarity {similarity:.2}")
    } else if ranked.answers {
        format!("near what is asked for, relevance {relevance:.2}")
    } else {
        format!("in focus: relevance over the last turns {focus:.2}")
    }
}

impl Outcome {
    /// With what was left out, and why.
    pub(crate) fn explain(self, store: &MemoryStore, query: &Query, most: usize) -> Explanation {
        let left_out = |id: EntryId, record: &Record, why: String| LeftOut {
            entry: record.entry(id, store.names()),
            why,
        };
        let no_room = self.no_room.iter().filter_map(|ranked| {
            let record = store.record(ranked.id)?;
            let (tokens, score) = (record.tokens(), ranked.score);
            let why = format!(
                "no room for its {tokens} tokens: others answer better than its {score:.2}"
            );
            Some(left_out(ranked.id, record, why))
        });
        let mut all: Vec<LeftOut> = no_room.take(most).collect();
        // What would answer, but may not.
        let asked = store.index().ask(&query.text, query.now);
        let evoked = |record: &Record| {
            let mut shares = false;
            crate::text::each_form(&record.content, |form| shares |= asked.has(form));
            shares
        };
        let asker = Asker::of(store, query);
        let barred = store
            .records()
            .filter(|(_, record)| !asker.may_see(record) && evoked(record));
        for (id, record) in barred.take(most.saturating_sub(all.len())) {
            let mut one = left_out(id, record, String::new());
            let is_valid = record.is_valid(query.now);
            one.why = match (one.entry.superseded_by, is_valid, &one.entry.task) {
                (Some(by), ..) => format!("superseded by {by}"),
                (None, false, _) => "expired".to_owned(),
                (None, true, Some(task)) => format!("of another task: {task}"),
                (None, true, None) => "blank".to_owned(),
            };
            all.push(one);
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

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    proptest! {
        /// The best are those that come first where all are sorted, of equals the older.
        #[test]
        fn the_best_are_those_that_sorting_gives(scores in vec(0_u8..20, 0..200), least in 0_u8..20, most in 1_usize..30) {
            let scores: Vec<f32> = scores.into_iter().map(f32::from).collect();
            let (mut all, least) = (scores.iter().copied().zip(0..).collect::<Vec<_>>(), f32::from(least));
            all.retain(|(score, _)| *score >= least);
            all.sort_by(|one, two| two.0.total_cmp(&one.0).then(one.1.cmp(&two.1)));
            all.truncate(most);
            let mut best = best_of(&scores, least, most);
            best.sort_by(|one, two| two.0.total_cmp(&one.0).then(one.1.cmp(&two.1)));
            prop_assert_eq!(best, all);
            let highest = scores.iter().copied().fold(0.0, f32::max);
            prop_assert_eq!(greatest(&scores), highest);
        }
    }
}

//! The ways in which a mission can be remembered, and what each gives.

use std::collections::{HashSet, VecDeque};

use orchestrator_memory::{
    Budget, EntryId, MemoryConfig, MemoryStore, NewEntry, Query, RecallWeights, Tier,
};

use super::BUDGET;
use super::mission::{Mission, PINNED, Turn, WORKED_ON};

pub(super) const OURS: &str = "gate on";
pub(super) const OFF: &str = "gate off";

/// How much of a turn's text is what it is about, in characters.
const ABOUT: usize = 400;

/// What one way gave.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The way.
    pub way: &'static str,
    /// Of the turns, in percent, those that had all that is pinned.
    pub pinned: f64,
    /// Of the facts that were asked for, in percent, those that were there.
    pub asked: f64,
    /// The same in the turns after that, while the work goes on.
    pub worked_on: f64,
    /// Of the turns, in percent, those that were shown a superseded fact.
    pub superseded: f64,
    /// Turns that were sent more than the budget.
    pub exceeded: usize,
    /// Tokens a turn was sent.
    pub tokens: f64,
    /// How many fewer that are than all that was said so far, in percent.
    pub saved: f64,
}

/// What a turn is sent.
struct Sent {
    shown: HashSet<EntryId>,
    tokens: usize,
}

/// Goes through a mission in every way.
#[must_use]
pub fn measure(mission: &Mission) -> Vec<Measured> {
    let mut off = RecallWeights::default();
    off.focus = 0.0;
    let store = |weights| MemoryStore::new(MemoryConfig::default().with_weights(weights));
    vec![
        follow(OURS, mission, store(RecallWeights::default()), recall),
        follow(OFF, mission, store(off), recall),
        follow("the last 2,000 tokens", mission, store(off), window()),
    ]
}

fn recall(store: &MemoryStore, turn: &Turn) -> Sent {
    let about: String = turn.text.chars().take(ABOUT).collect();
    let context = store.recall(Query::new(about), Budget::new(BUDGET));
    // What is pinned is short, so it fits.
    let context = context.unwrap_or_default();
    Sent {
        tokens: context.tokens(),
        shown: context
            .entries
            .into_iter()
            .map(|one| one.entry.id)
            .collect(),
    }
}

/// The newest entries, as many as there is room for.
fn window() -> impl FnMut(&MemoryStore, &Turn) -> Sent {
    let mut window: VecDeque<(EntryId, usize)> = VecDeque::new();
    let mut tokens = 0;
    move |store, _| {
        let newest = window.back().map_or(0, |(id, _)| id.number());
        for entry in store
            .entries()
            .skip_while(|entry| entry.id.number() <= newest)
        {
            window.push_back((entry.id, entry.tokens));
            tokens += entry.tokens;
        }
        while tokens > BUDGET
            && let Some((_, cost)) = window.pop_front()
        {
            tokens -= cost;
        }
        Sent {
            shown: window.iter().map(|(id, _)| *id).collect(),
            tokens,
        }
    }
}

fn follow(
    way: &'static str,
    mission: &Mission,
    mut store: MemoryStore,
    mut send: impl FnMut(&MemoryStore, &Turn) -> Sent,
) -> Measured {
    let pinned: Vec<EntryId> = PINNED
        .iter()
        .map(|text| store.add(NewEntry::new(Tier::System, *text)))
        .collect();
    // The newest word on each fact, and all that it has replaced.
    let mut current: Vec<Option<EntryId>> = vec![None; mission.facts.len()];
    let mut superseded: HashSet<EntryId> = HashSet::new();
    // What is worked on, and until which turn.
    let mut needed: Option<(usize, usize)> = None;
    let (mut kept, mut stale, mut exceeded, mut tokens) = (0, 0, 0, 0);
    let (mut history, mut of_history) = (0, 0.0);
    let (mut asked, mut answered, mut worked_on, mut in_view) = (0, 0, 0, 0);
    for (number, turn) in mission.turns.iter().enumerate() {
        store.turn(&turn.text);
        let sent = send(&store, turn);
        kept += usize::from(pinned.iter().all(|id| sent.shown.contains(id)));
        stale += usize::from(sent.shown.iter().any(|id| superseded.contains(id)));
        exceeded += usize::from(sent.tokens > BUDGET);
        tokens += sent.tokens;
        let is_shown = |fact: usize| current[fact].is_some_and(|id| sent.shown.contains(&id));
        if let Some(fact) = turn.asks {
            asked += 1;
            answered += usize::from(is_shown(fact));
            needed = Some((fact, number + WORKED_ON));
        } else if let Some((fact, until)) = needed
            && number <= until
        {
            worked_on += 1;
            in_view += usize::from(is_shown(fact));
        }

        let entry = match turn.plants {
            Some(fact) => NewEntry::new(Tier::Project, turn.text.as_str())
                .about(mission.facts[fact].as_str())
                .importance(0.7),
            None => NewEntry::new(Tier::Mission, turn.text.as_str()).importance(0.3),
        };
        let entry = entry
            .session(format!("phase {}", turn.phase))
            .author(turn.author);
        let id = store.add(entry);
        history += store.get(id).map_or(0, |entry| entry.tokens);
        of_history += history as f64;
        if let Some(fact) = turn.plants
            && let Some(old) = current[fact].replace(id)
            && old != id
        {
            superseded.insert(old);
        }
    }
    let turns = mission.turns.len();
    let share = |part: usize, of: usize| 100.0 * part as f64 / of.max(1) as f64;
    Measured {
        way,
        pinned: share(kept, turns),
        asked: share(answered, asked),
        worked_on: share(in_view, worked_on),
        superseded: share(stale, turns),
        exceeded,
        tokens: tokens as f64 / turns as f64,
        saved: 100.0 * (1.0 - tokens as f64 / of_history.max(1.0)),
    }
}

//! A turn of a hundred thousand gates, of which 32 are touched, and the choice after it.

use std::time::Instant;

use orchestrator_bench::{Better, Bout, Peer, Rng};
use orchestrator_memory::{EmaGate, EntryId, Focus, GateConfig, Tier};

use crate::material::ENTRIES;

const TOUCHED: usize = 32;

/// How many tokens are chosen, at so many an entry.
const TOKENS: usize = 32_000;
const EACH: usize = 60;

/// How many turns in a round: enough that what is put off in most turns is done in some.
const TURNS: usize = 200;

pub(crate) fn bouts() -> Vec<Bout<'static>> {
    let peer = Peer {
        name: "moving and sorting all",
        entrants: "moving and sorting all",
        target: 200.0,
    };
    let (mut lazy, mut eager) = (Lazy::new(), Eager::new());
    let (mut one, mut two) = (Rng::of(3), Rng::of(3));
    vec![
        Bout::new(
            "a turn of the gates and a choice",
            "µs",
            Better::Less,
            vec![peer],
        )
        .enter("ours", move || {
            Ok(turns(&mut one, |touched| lazy.turn(touched)))
        })
        .enter("moving and sorting all", move || {
            Ok(turns(&mut two, |touched| eager.turn(touched)))
        }),
    ]
}

/// The mean time of a turn, in microseconds.
fn turns(random: &mut Rng, mut turn: impl FnMut(&[(EntryId, f32)]) -> usize) -> f64 {
    let touched: Vec<Vec<(EntryId, f32)>> = (0..TURNS)
        .map(|_| {
            let first = random.below((ENTRIES - TOUCHED * 64) as u64);
            let touched = (0..TOUCHED as u64).map(|n| {
                let id = EntryId::new(first + 64 * n + random.below(64));
                (id, random.below(1_000) as f32 / 1_000.0)
            });
            touched.collect()
        })
        .collect();
    let began = Instant::now();
    let chosen: usize = touched.iter().map(|touched| turn(touched)).sum();
    let time = began.elapsed().as_secs_f64() * 1e6 / TURNS as f64;
    assert!(chosen > 0, "nothing is in focus");
    time
}

/// Those of the tiers, but none ever closes: all are in the choice, which is the most work.
fn configs() -> [GateConfig; 4] {
    [24.0, 24.0, 12.0, 4.0]
        .map(|half_life| GateConfig::new(half_life, 0.0, 0.0).expect("thresholds in order"))
}

struct Lazy(Focus);

impl Lazy {
    fn new() -> Self {
        let mut focus = Focus::new(configs());
        for number in 0..ENTRIES as u64 {
            let (tier, value) = start(number);
            focus.insert(EntryId::new(number), tier, value);
        }
        Self(focus)
    }

    fn turn(&mut self, touched: &[(EntryId, f32)]) -> usize {
        self.0.turn(touched);
        self.0.open().take(TOKENS / EACH).count()
    }
}

struct Eager {
    configs: [GateConfig; 4],
    gates: Vec<(EntryId, Tier, EmaGate)>,
    /// Room that is used again, turn after turn.
    relevance: Vec<f32>,
    open: Vec<(f64, EntryId)>,
}

impl Eager {
    fn new() -> Self {
        let configs = configs();
        let gates = (0..ENTRIES as u64).map(|number| {
            let (tier, value) = start(number);
            let gate = EmaGate::new(value, &configs[tier.index()]);
            (EntryId::new(number), tier, gate)
        });
        let gates = gates.collect();
        Self {
            configs,
            gates,
            relevance: Vec::new(),
            open: Vec::new(),
        }
    }

    fn turn(&mut self, touched: &[(EntryId, f32)]) -> usize {
        let Self {
            configs,
            gates,
            relevance,
            open,
        } = self;
        relevance.clear();
        relevance.resize(gates.len(), 0.0);
        for (id, one) in touched {
            if let Ok(at) = gates.binary_search_by_key(id, |(id, ..)| *id) {
                relevance[at] = *one;
            }
        }
        for ((_, tier, gate), relevance) in gates.iter_mut().zip(relevance) {
            gate.observe(*relevance, &configs[tier.index()]);
        }
        open.clear();
        open.extend(gates.iter().map(|(id, _, gate)| (gate.value(), *id)));
        open.sort_unstable_by(|one, two| two.0.total_cmp(&one.0).then(one.1.cmp(&two.1)));
        open.truncate(TOKENS / EACH);
        open.len()
    }
}

/// A tier and a value between what is open at first and what is not.
fn start(number: u64) -> (Tier, f32) {
    let mut random = Rng::of(number);
    random.below(2);
    let tier = Tier::ALL[1 + random.below(3) as usize];
    (tier, random.below(1_000) as f32 / 1_000.0)
}

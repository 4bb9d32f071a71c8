//! Gates that are moved lazily are what they would be if each were moved every turn.

use orchestrator_memory::{EmaGate, EntryId, Focus, GateChange, GateConfig, Tier, TurnReport};
use proptest::{collection::vec, prelude::*};

/// Every gate, moved every turn.
struct Eager {
    configs: [GateConfig; 4],
    gates: Vec<(EntryId, Tier, EmaGate)>,
    turn: u64,
}

impl Eager {
    fn config(&self, tier: Tier) -> &GateConfig {
        &self.configs[tier.index()]
    }

    fn turn(&mut self, touched: &[(EntryId, f32)]) -> TurnReport {
        self.turn += 1;
        let (mut admitted, mut evicted) = (Vec::new(), Vec::new());
        let configs = self.configs;
        for (id, tier, gate) in &mut self.gates {
            let relevance = touched
                .iter()
                .find(|(one, _)| one == id)
                .map_or(0.0, |(_, r)| *r);
            let config = configs[tier.index()];
            match gate.observe(relevance, &config) {
                GateChange::Admitted => admitted.push(*id),
                GateChange::Evicted => evicted.push(*id),
                GateChange::Unchanged => {}
            }
        }
        let mut report = Focus::new(self.configs).turn(&[]);
        (report.turn, report.admitted, report.evicted) = (self.turn, admitted, evicted);
        report
    }

    /// What is open, the highest first.
    fn open(&self) -> Vec<EntryId> {
        let mut open: Vec<_> = self
            .gates
            .iter()
            .filter(|(.., gate)| gate.is_open())
            .collect();
        open.sort_by(|one, two| {
            two.2
                .value()
                .total_cmp(&one.2.value())
                .then(one.0.cmp(&two.0))
        });
        open.into_iter().map(|(id, ..)| *id).collect()
    }
}

/// Adds so many gates to both, with values that chance gives.
fn both(gates: usize, random: &mut fastrand::Rng) -> (Eager, Focus) {
    let configs = Tier::ALL.map(GateConfig::for_tier);
    let mut eager = Eager {
        configs,
        gates: Vec::new(),
        turn: 0,
    };
    let mut lazy = Focus::new(configs);
    for number in 0..gates {
        let (id, tier) = (EntryId::new(number as u64), Tier::ALL[1 + number % 3]);
        let value = random.f32();
        lazy.insert(id, tier, value);
        eager
            .gates
            .push((id, tier, EmaGate::new(value, eager.config(tier))));
    }
    (eager, lazy)
}

/// Ten thousand turns with 32 of 500 touched in each: the same come in and go out, and the same
/// are chosen.
#[test]
fn the_choice_is_that_of_moving_and_sorting_all() {
    let mut random = fastrand::Rng::with_seed(7);
    let (mut eager, mut lazy) = both(500, &mut random);
    for turn in 0..10_000_u32 {
        // A topic holds for a while: few entries are touched often.
        let topic = (turn / 50 * 97) as usize % 400;
        let mut touched: Vec<(EntryId, f32)> = Vec::new();
        while touched.len() < 32 {
            let id = EntryId::new((topic + random.usize(..64)) as u64);
            if touched.iter().all(|(one, _)| *one != id) {
                touched.push((id, random.f32()));
            }
        }
        let report = lazy.turn(&touched);
        assert_eq!(report, eager.turn(&touched));
        if turn % 20 == 0 {
            let chosen: Vec<_> = lazy.open().map(|(id, _)| id).collect();
            assert_eq!(chosen, eager.open(), "in turn {turn}");
            for (id, _, gate) in eager.gates.iter().step_by(51) {
                let own = lazy.gate(*id).unwrap();
                assert_eq!(own.is_open(), gate.is_open());
                assert!((own.value() - gate.value()).abs() < 1e-9);
            }
        }
    }
    assert!((10..400).contains(&lazy.open().count()));
}

proptest! {
    /// Entries that come, go, change tiers and are raised keep their places.
    #[test]
    fn the_order_is_always_that_of_the_values(
        steps in vec((0_u8..5, 0_u64..12, 0_usize..3, 0.0_f32..=1.0), 0..120),
    ) {
        let mut focus = Focus::new(Tier::ALL.map(GateConfig::for_tier));
        for (step, id, tier, number) in steps {
            let (id, tier) = (EntryId::new(id), Tier::ALL[1 + tier]);
            match step {
                0 => focus.insert(id, tier, number),
                1 => focus.remove(id),
                2 => focus.shift(id, tier),
                3 => focus.raise(id, number),
                _ => _ = focus.turn(&[(id, number)]),
            }
            let open: Vec<(EntryId, f64)> = focus.open().collect();
            prop_assert!(open.is_sorted_by(|one, two| one.1 >= two.1 - 1e-9));
            for id in (0..12).map(EntryId::new) {
                let is_open = focus.gate(id).is_some_and(|gate| gate.is_open());
                let shown = open.iter().filter(|(one, _)| *one == id).count();
                prop_assert_eq!(shown, usize::from(is_open));
            }
        }
    }
}

/// An entry that a turn names twice has the first relevance, and one place in the order.
#[test]
fn of_an_entry_that_is_there_twice_the_first_counts() {
    let [mut once, mut twice] = [(); 2].map(|()| Focus::new(Tier::ALL.map(GateConfig::for_tier)));
    let id = EntryId::new(1);
    for focus in [&mut once, &mut twice] {
        focus.insert(id, Tier::Task, 0.1);
    }
    let report = once.turn(&[(id, 0.9)]);
    assert_eq!(report.admitted, [id]);
    assert_eq!(twice.turn(&[(id, 0.9), (id, 1.0)]), report);
    assert_eq!(twice.gate(id), once.gate(id));
    assert!(twice.open().eq(once.open()));
    assert_eq!(twice.open().count(), 1);
}

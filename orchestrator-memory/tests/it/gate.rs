//! The gate's formula, its thresholds, and what never happens.

use orchestrator_memory::{EmaGate, GateChange, GateConfig, GateConfigError, Tier};
use proptest::{collection::vec, prelude::*};

#[test]
fn half_is_left_after_the_half_life() {
    for tier in [Tier::Project, Tier::Mission, Tier::Task] {
        let config = GateConfig::for_tier(tier);
        let turns = match tier {
            Tier::Project => 24,
            Tier::Mission => 12,
            _ => 4,
        };
        let mut gate = EmaGate::new(0.8, &config);
        for _ in 0..turns {
            gate.observe(0.0, &config);
        }
        assert!(
            (gate.value() - 0.4).abs() < 1e-4,
            "{tier}: {}",
            gate.value()
        );
    }
}

#[test]
fn between_the_thresholds_it_stays_as_it_is() {
    let config = GateConfig::new(1.0, 0.6, 0.2).unwrap();
    let mut open = EmaGate::new(0.6, &config);
    let mut shut = EmaGate::new(0.5, &config);
    assert!(open.is_open() && !shut.is_open());
    for _ in 0..10 {
        assert_eq!(open.observe(0.4, &config), GateChange::Unchanged);
        assert_eq!(shut.observe(0.4, &config), GateChange::Unchanged);
    }
    assert!(open.is_open() && !shut.is_open());
    assert_eq!(shut.observe(1.0, &config), GateChange::Admitted);
    let closes = (0..5)
        .map(|_| open.observe(0.0, &config))
        .position(|change| change == GateChange::Evicted);
    assert_eq!(closes, Some(1));
}

#[test]
fn nonsense_is_refused() {
    for half_life in [0.0, -1.0, f32::NAN, f32::INFINITY] {
        let error = GateConfig::new(half_life, 0.3, 0.1).unwrap_err();
        assert!(matches!(error, GateConfigError::HalfLife { .. }));
    }
    for (admit, evict) in [
        (0.1, 0.3),
        (1.1, 0.1),
        (0.3, -0.1),
        (f32::NAN, 0.1),
        (0.3, f32::NAN),
    ] {
        let error = GateConfig::new(4.0, admit, evict).unwrap_err();
        assert!(matches!(error, GateConfigError::Thresholds { .. }));
    }
}

proptest! {
    #[test]
    fn more_relevance_never_gives_less(
        half_life in 0.1_f32..100.0,
        thresholds in (0.0_f32..=1.0, 0.0_f32..=1.0),
        start in (0.0_f32..=1.0, 0.0_f32..=1.0),
        turns in vec((0.0_f32..=1.0, 0.0_f32..=1.0), 0..60),
    ) {
        let (one, two) = thresholds;
        let config = GateConfig::new(half_life, one.max(two), one.min(two)).unwrap();
        let mut low = EmaGate::new(start.0.min(start.1), &config);
        let mut high = EmaGate::new(start.0.max(start.1), &config);
        for (one, two) in turns {
            low.observe(one.min(two), &config);
            high.observe(one.max(two), &config);
            prop_assert!(low.value() <= high.value());
            prop_assert!(!low.is_open() || high.is_open());
            prop_assert!((0.0..=1.0).contains(&high.value()));
        }
    }

    #[test]
    fn any_number_is_survived(start: f32, turns in vec(any::<f32>(), 0..20)) {
        let config = GateConfig::for_tier(Tier::Task);
        let mut gate = EmaGate::new(start, &config);
        for relevance in turns {
            gate.observe(relevance, &config);
            prop_assert!((0.0..=1.0).contains(&gate.value()));
        }
    }
}

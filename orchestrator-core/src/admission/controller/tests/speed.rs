//! `cargo test --release -p orchestrator-core --lib -- --ignored --nocapture nanoseconds`

use std::{hint::black_box, num::NonZeroU32, time::Instant};

use super::*;
use crate::{RateConfig, SlotScaling};

const TIMES: u32 = 1_000_000;

/// The decision alone; what it took is given back by another measured loop.
#[test]
#[ignore = "a measurement, of use in release only"]
#[expect(clippy::print_stdout, reason = "a measurement is to be read")]
fn nanoseconds_of_an_admission() {
    let model = ModelKey::new("acme", "large");
    let plenty = NonZeroU32::new(4_000_000_000).expect("not zero");
    let rate = RateConfig::default()
        .with_requests_per_minute(plenty)
        .with_tokens_per_minute(plenty);
    let config = AdmissionConfig::default()
        .with_role("worker", 1_000_000)
        .with_provider(
            "acme",
            SlotScaling::steps(1..=2_000_000).starting_at(1_000_001),
        )
        .with_rate(model.clone(), rate);
    let controller = AdmissionController::new(config);
    let request = Request::new("mission", "worker", model).with_tokens(1);
    let mut best = [u128::MAX; 3];
    for _ in 0..7 {
        let mut held = Vec::with_capacity(TIMES as usize);
        let start = Instant::now();
        for _ in 0..TIMES {
            held.extend(black_box(controller.try_admit(&request)));
        }
        let decided = start.elapsed();
        assert_eq!(held.len(), TIMES as usize);
        let start = Instant::now();
        held.into_iter().for_each(|its| its.succeeded(1));
        let ended = start.elapsed();
        let start = Instant::now();
        for _ in 0..TIMES {
            if let Ok(admission) = black_box(controller.try_admit(&request)) {
                admission.succeeded(1);
            }
        }
        for (best, took) in best.iter_mut().zip([decided, ended, start.elapsed()]) {
            *best = took.as_nanos().min(*best);
        }
    }
    let [decided, ended, both] = best.map(|nanos| nanos / u128::from(TIMES));
    println!("ns: decision {decided} (kept), outcome {ended}, both at once {both}");
}

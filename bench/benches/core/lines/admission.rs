//! How long it takes to decide that a call may begin, with nobody else about.

use std::num::NonZeroU32;
use std::time::Instant;

use orchestrator_bench::{Arguments, Line, Result, median};
use orchestrator_core::{
    Admission, AdmissionConfig, AdmissionController, ModelKey, RateConfig, Request, SlotLimit,
    SlotScaling,
};

const DECISION: &str = "admission decision, uncontended";
const OUTCOME: &str = "admission outcome, uncontended";

/// What the decision may take, in ns.
const MOST: f64 = 300.0;

/// How many are admitted at a time. Their guards are dropped apart, as outcomes.
const AT_A_TIME: usize = 1_000;

/// How often, before anything counts and while it does.
const TIMES: (usize, usize) = (20, 200);

/// The lines.
pub(super) fn lines(arguments: &Arguments) -> Result<Vec<Line>> {
    if !arguments.wants(DECISION) && !arguments.wants(OUTCOME) {
        return Ok(Vec::new());
    }
    // The controller asks tokio's clock, which needs no runtime.
    let model = ModelKey::new("provider", "model");
    let plenty = NonZeroU32::MAX;
    let rate = RateConfig::default()
        .with_requests_per_minute(plenty)
        .with_tokens_per_minute(plenty);
    // Everything that there is has to be asked: slots of two kinds, of which one scales, both rates, the
    // breaker, the memory and the depth.
    let config = AdmissionConfig::default()
        .with_role("worker", SlotLimit::Fixed(AT_A_TIME))
        .with_provider(
            "provider",
            SlotScaling::steps(1..=2 * AT_A_TIME).starting_at(2 * AT_A_TIME),
        )
        .with_rate(model.clone(), rate);
    let controller = AdmissionController::new(config);
    let request = Request::new("mission", "worker", model).with_tokens(1);
    let (mut decisions, mut outcomes) = (Vec::new(), Vec::new());
    for time in 0..TIMES.0 + TIMES.1 {
        let mut admitted: Vec<Admission> = Vec::with_capacity(AT_A_TIME);
        let began = Instant::now();
        for _ in 0..AT_A_TIME {
            admitted.push(controller.try_admit(&request)?);
        }
        let decided = began.elapsed();
        if controller.try_admit(&request).is_ok() {
            return Err("more were admitted than there are slots".into());
        }
        let began = Instant::now();
        admitted.into_iter().for_each(|one| one.succeeded(1));
        let settled = began.elapsed();
        if time >= TIMES.0 {
            let each = |time: std::time::Duration| time.as_nanos() as f64 / AT_A_TIME as f64;
            decisions.push(each(decided));
            outcomes.push(each(settled));
        }
    }
    Ok(vec![
        Line::below(DECISION, median(decisions), "ns", MOST, 0.0),
        Line::baseline(OUTCOME, median(outcomes), "ns"),
    ])
}

//! The Commander's part.

use serde_json::json;

use super::Call;
use super::objective::Objective;
use crate::brief::CommanderBrief;
use crate::mission::Decision;

pub(super) fn answer(brief: &CommanderBrief) -> Vec<Call> {
    let (decision, reason) = decide(brief);
    vec![Call::new(
        "decide",
        json!({"decision": decision, "reason": reason}),
    )]
}

fn decide(brief: &CommanderBrief) -> (Decision, String) {
    let state = &brief.state;
    let possible = |decision| brief.possible.contains(&decision);
    let objective = match Objective::parse(&brief.objective) {
        Ok(objective) => objective,
        Err(error) if possible(Decision::Refuse) => return (Decision::Refuse, error.to_string()),
        Err(error) => return (Decision::Stop, error.to_string()),
    };
    if possible(Decision::Dispatch) {
        return (
            Decision::Dispatch,
            format!("{} to be done", items(state.pending)),
        );
    }
    if possible(Decision::Plan) {
        if state.plans == 0 {
            return (Decision::Plan, "there is no plan yet".to_owned());
        }
        if state.left_out > 0 {
            let reason = format!("{} left out are to be tried apart", parts(state.left_out));
            return (Decision::Plan, reason);
        }
        // One fix can open the way for another.
        if matches!(objective, Objective::Clippy { .. }) && state.landed_since_plan > 0 {
            return (
                Decision::Plan,
                "landed fixes may have opened new suggestions".to_owned(),
            );
        }
    }
    if possible(Decision::Verify) {
        return (Decision::Verify, "nothing is left to do".to_owned());
    }
    if possible(Decision::Seal) {
        let reason = match (state.landed, state.waived) {
            (0, 0) => "there was nothing to do".to_owned(),
            (landed, 0) => format!("{} landed", items(landed)),
            (landed, waived) => format!("{} landed, {waived} waived", items(landed)),
        };
        return (Decision::Seal, reason);
    }
    let reason = match state.verified {
        Some(false) => "the result does not pass its checks in a clean checkout".to_owned(),
        _ if state.strict => format!(
            "{} waived and {} left out, and the mission is strict",
            items(state.waived),
            parts(state.left_out)
        ),
        _ => "nothing more can be done".to_owned(),
    };
    (Decision::Stop, reason)
}

fn items(count: usize) -> String {
    if count == 1 {
        "1 item".to_owned()
    } else {
        format!("{count} items")
    }
}

fn parts(count: usize) -> String {
    if count == 1 {
        "1 part".to_owned()
    } else {
        format!("{count} parts")
    }
}

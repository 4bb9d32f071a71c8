//! The one door through which every session of this process goes.

use std::sync::LazyLock;

use orchestrator_core::{AdmissionConfig, AdmissionController, DepthGuard};

use crate::role::Role;

/// How many sessions of a role run at once in a process, by default.
const OF_A_ROLE: usize = 10;

/// The rules by default: 10 sessions of each role at once, and only a Commander starts others. A mission
/// has one Commander, so there are at most 10 missions that decide at a time.
///
/// What a model may be called how often belongs here too: see [`AdmissionConfig::with_rate`].
#[must_use]
pub fn session_admission() -> AdmissionConfig {
    let all = [Role::Commander, Role::Planner, Role::Worker, Role::Reviewer];
    // The Commander is at the top, and starts all the others, which start nobody.
    let depth = all[1..].iter().fold(DepthGuard::new(1), |depth, role| {
        depth.with_terminal_role(role.to_string())
    });
    all.into_iter().fold(
        AdmissionConfig::default().with_depth(depth),
        |config, role| config.with_role(role.to_string(), OF_A_ROLE),
    )
}

/// The controller that all missions of this process share unless they are given another: they take turns
/// at it, and what one learns of a model holds for all.
#[must_use]
pub fn process_admission() -> AdmissionController {
    static CONTROLLER: LazyLock<AdmissionController> =
        LazyLock::new(|| AdmissionController::new(session_admission()));
    CONTROLLER.clone()
}

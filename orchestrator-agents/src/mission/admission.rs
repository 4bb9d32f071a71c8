//! Who may open a session now: the mission's door to the one admission controller.

use std::num::NonZeroUsize;
use std::sync::Arc;

use orchestrator_core::{
    Admission, AdmissionConfig, AdmissionController, DepthGuard, FailureKind, ModelKey, Rejection,
    Request,
};
use tokio_util::sync::CancellationToken;

use super::error::MissionError;
use crate::model::ModelError;
use crate::role::Role;
use crate::session::SessionError;

/// Models that are in this program, and not behind a service.
const EMBEDDED: &str = "embedded";

/// How many sessions of a role run at once, unless it is the Commander's or the Workers'.
const OF_A_ROLE: usize = 10;

/// Admits the sessions of one mission.
pub(super) struct Door {
    controller: AdmissionController,
    mission: Arc<str>,
    model: ModelKey,
    cancel: CancellationToken,
}

impl Door {
    pub(super) fn new(
        mission: &str,
        model: &str,
        workers: NonZeroUsize,
        cancel: CancellationToken,
    ) -> Self {
        // The Commander is at the top, and starts all the others, which start nobody.
        let depth = [Role::Planner, Role::Worker, Role::Reviewer]
            .into_iter()
            .fold(DepthGuard::new(1), |depth, role| {
                depth.with_terminal_role(role.to_string())
            });
        let config = AdmissionConfig::default()
            .with_role(Role::Commander.to_string(), 1)
            .with_role(Role::Planner.to_string(), OF_A_ROLE)
            .with_role(Role::Worker.to_string(), workers.get())
            .with_role(Role::Reviewer.to_string(), OF_A_ROLE)
            .with_depth(depth);
        Self {
            controller: AdmissionController::new(config),
            mission: mission.into(),
            model: ModelKey::new(EMBEDDED, model),
            cancel,
        }
    }

    /// Waits until a session of a role may run.
    pub(super) async fn admit(&self, role: Role) -> Result<Admission, MissionError> {
        let mission = Arc::clone(&self.mission);
        let mut request = Request::new(mission, role.to_string(), self.model.clone())
            .with_cancel(self.cancel.clone());
        if role != Role::Commander {
            request = request.with_parent(Role::Commander.to_string(), 1);
        }
        self.controller
            .admit(&request)
            .await
            .map_err(|rejection| match rejection {
                Rejection::Cancelled | Rejection::Closed => MissionError::interrupted(),
                source => MissionError::NotAdmitted { role, source },
            })
    }
}

/// Tells the controller how a session has gone.
pub(super) fn settle<T>(admission: Admission, result: &Result<T, SessionError>) {
    match result {
        Ok(_) => admission.succeeded(0),
        Err(SessionError::Model(ModelError::Transient { .. })) => {
            admission.failed(FailureKind::Service, None);
        }
        // The service has answered, if not as was wished.
        Err(_) => admission.failed(FailureKind::Request, None),
    }
}

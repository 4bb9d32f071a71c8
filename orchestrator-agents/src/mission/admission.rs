//! Who may open a session now: the mission's way to the one admission controller.

use std::pin::pin;
use std::sync::Arc;

use futures_util::poll;
use orchestrator_core::{
    Admission, AdmissionController, FailureKind, ModelKey, Rejection, Request,
};
use tokio_util::sync::CancellationToken;

use super::error::MissionError;
use crate::model::ModelError;
use crate::role::Role;
use crate::session::SessionError;

/// Models that are in this program, and not behind a service.
const EMBEDDED: &str = "embedded";

/// Admits the sessions of one mission.
pub(super) struct Door {
    controller: AdmissionController,
    mission: Arc<str>,
    model: ModelKey,
    cancel: CancellationToken,
}

impl Door {
    pub(super) fn new(
        controller: AdmissionController,
        mission: &str,
        model: &str,
        cancel: CancellationToken,
    ) -> Self {
        Self {
            controller,
            mission: mission.into(),
            model: ModelKey::new(EMBEDDED, model),
            cancel,
        }
    }

    /// Waits until a session of a role may run. `waits` is told what for, if it has to.
    pub(super) async fn admit(
        &self,
        role: Role,
        waits: impl FnOnce(String),
    ) -> Result<Admission, MissionError> {
        let mission = Arc::clone(&self.mission);
        let mut request = Request::new(mission, role.to_string(), self.model.clone())
            .with_cancel(self.cancel.clone());
        if role != Role::Commander {
            request = request.with_parent(Role::Commander.to_string(), 1);
        }
        let mut admitted = pin!(self.controller.admit(&request));
        let admitted = match poll!(admitted.as_mut()) {
            std::task::Poll::Ready(admitted) => admitted,
            std::task::Poll::Pending => {
                if let Some(reason) = self.reason(role) {
                    waits(reason);
                }
                admitted.await
            }
        };
        admitted.map_err(|rejection| match rejection {
            Rejection::Cancelled | Rejection::Closed => MissionError::interrupted(),
            source => MissionError::NotAdmitted { role, source },
        })
    }

    /// What the newest of the mission's sessions of a role waits for.
    fn reason(&self, role: Role) -> Option<String> {
        let (waiting, role) = (self.controller.waiting(), role.to_string());
        let mut newest = waiting.iter().rev();
        let same = newest.find(|its| its.mission == self.mission && *its.role == *role)?;
        Some(same.reason.to_string())
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

//! Who wants a slot.

use std::sync::Arc;

use tokio::time::Instant;

use crate::Priority;

/// Who wants a slot: how urgent it is, for which mission, and until when it is worth waiting.
///
/// The default is [`Priority::Normal`], a mission without a name, and no deadline.
#[derive(Debug, Clone)]
pub struct Claim {
    pub(super) priority: Priority,
    pub(super) mission: Arc<str>,
    pub(super) deadline: Option<Instant>,
}

impl Default for Claim {
    fn default() -> Self {
        Self {
            priority: Priority::default(),
            mission: Arc::from(""),
            deadline: None,
        }
    }
}

impl Claim {
    /// How urgent it is.
    #[must_use]
    pub fn with_priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// For whom: missions of one priority take turns.
    #[must_use]
    pub fn with_mission(mut self, mission: impl Into<Arc<str>>) -> Self {
        self.mission = mission.into();
        self
    }

    /// When to give up waiting, on tokio's clock.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }
}

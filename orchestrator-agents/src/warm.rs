//! Sessions that are kept for the next task of their role, each with the lane that it ran on.
//!
//! A lane's tasks follow each other on one thread, and what a session needs is in that thread's cache, or
//! the session is at a server that remembers. So the next task of a lane is given the session that was last
//! used there, and another lane's only where there is none.

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use orchestrator_core::TaskContext;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::role::Role;
use crate::session::{SessionBackend, SessionError, SessionId, SessionSpec, Turn};

/// How many sessions of a role are kept.
const KEPT: usize = 5;

/// How many tasks a session is given, one after the other.
const TASKS: u32 = 10;

/// Opens sessions and keeps them for the next task: at most 5 of a role, each for 10 tasks.
///
/// A session is kept only if its backend can show that nothing of its task is left in it
/// ([`SessionBackend::reset`]), and if its turn has ended well.
pub struct WarmSessions {
    backend: Arc<dyn SessionBackend>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    kept: Vec<Kept>,
    /// Sessions whose turn was dropped: nobody knows what is in them.
    dropped: Vec<SessionId>,
    counts: SessionCounts,
}

struct Kept {
    role: Role,
    lane: Option<usize>,
    session: SessionId,
    tasks: u32,
}

/// Where a session comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SessionOrigin {
    /// It was opened for this task.
    New,
    /// It was last used on the lane that runs this task.
    SameLane,
    /// It was last used on another lane.
    OtherLane,
}

/// How many sessions came from where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionCounts {
    /// See [`SessionOrigin::New`].
    pub new: u64,
    /// See [`SessionOrigin::SameLane`].
    pub same_lane: u64,
    /// See [`SessionOrigin::OtherLane`].
    pub other_lane: u64,
}

impl WarmSessions {
    /// Keeps the sessions of a backend.
    pub fn new(backend: Arc<dyn SessionBackend>) -> Self {
        Self {
            backend,
            inner: Mutex::default(),
        }
    }

    /// Opens a session, or takes one that was kept: best one of the lane that the caller is on.
    ///
    /// # Errors
    /// [`SessionError`] where the backend cannot.
    pub async fn open(self: &Arc<Self>, spec: SessionSpec) -> Result<OpenSession, SessionError> {
        let (role, lane) = (spec.role, lane());
        while let Some(kept) = self.take(role, lane) {
            let origin = match kept.lane == lane {
                true => SessionOrigin::SameLane,
                false => SessionOrigin::OtherLane,
            };
            let open = OpenSession {
                sessions: Arc::clone(self),
                role,
                session: kept.session,
                is_out: true,
                tasks: kept.tasks,
                origin,
            };
            // A server may have forgotten it meanwhile; another is as good.
            let assigned = self.backend.assign(&open.session, spec.clone()).await;
            if assigned.is_ok() {
                self.lock().counts.count(origin);
                return Ok(open);
            }
        }
        let session = self.backend.create(spec).await?;
        self.lock().counts.count(SessionOrigin::New);
        Ok(OpenSession {
            sessions: Arc::clone(self),
            role,
            session,
            is_out: true,
            tasks: 0,
            origin: SessionOrigin::New,
        })
    }

    fn take(&self, role: Role, lane: Option<usize>) -> Option<Kept> {
        let mut inner = self.lock();
        let here = |kept: &Kept| kept.role == role && kept.lane == lane;
        let at = inner.kept.iter().rposition(here);
        let at = at.or_else(|| inner.kept.iter().rposition(|kept| kept.role == role))?;
        Some(inner.kept.remove(at))
    }

    /// How many sessions came from where, so far.
    #[must_use]
    pub fn counts(&self) -> SessionCounts {
        self.lock().counts
    }

    /// Ends all sessions that are kept, and those whose turn was dropped.
    pub async fn close(&self) {
        let (kept, dropped) = {
            let mut inner = self.lock();
            (
                std::mem::take(&mut inner.kept),
                std::mem::take(&mut inner.dropped),
            )
        };
        for session in kept.into_iter().map(|kept| kept.session).chain(dropped) {
            self.backend.delete(&session).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing under the lock panics half-way.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionCounts {
    fn count(&mut self, origin: SessionOrigin) {
        let count = match origin {
            SessionOrigin::New => &mut self.new,
            SessionOrigin::SameLane => &mut self.same_lane,
            SessionOrigin::OtherLane => &mut self.other_lane,
        };
        *count += 1;
    }
}

/// A session with a task. Dropped before its turn has ended, it is not used again.
#[must_use = "the session is there for a turn"]
pub struct OpenSession {
    sessions: Arc<WarmSessions>,
    role: Role,
    session: SessionId,
    /// Until it was given back.
    is_out: bool,
    tasks: u32,
    origin: SessionOrigin,
}

impl OpenSession {
    /// Where the session comes from.
    #[must_use]
    pub fn origin(&self) -> SessionOrigin {
        self.origin
    }

    /// Runs one turn, and keeps or ends the session: the report, typed.
    ///
    /// # Errors
    /// [`SessionError`] where the turn gave none.
    pub async fn ask<R: DeserializeOwned>(
        mut self,
        prompt: String,
        accept: impl Fn(&R) -> Result<(), String> + Sync,
    ) -> Result<(R, Turn), SessionError> {
        let role = self.role;
        let typed = |value: &Value| -> Result<R, String> {
            serde_json::from_value(value.clone()).map_err(|error| error.to_string())
        };
        let accepts = |value: &Value| typed(value).and_then(|report| accept(&report));
        let backend = Arc::clone(&self.sessions.backend);
        let turn = backend.prompt(&self.session, prompt, &accepts).await;
        self.tasks += 1;
        self.give_back(turn.is_ok()).await;
        let turn = turn?;
        let report = typed(&turn.report).map_err(|words| SessionError::Silent { role, words })?;
        Ok((report, turn))
    }

    /// Keeps the session if it may be given another task, and ends it otherwise.
    async fn give_back(&mut self, ended_well: bool) {
        let backend = Arc::clone(&self.sessions.backend);
        let may_be_kept = ended_well && self.tasks < TASKS;
        let is_clean = may_be_kept && backend.reset(&self.session).await.unwrap_or(false);
        if !(is_clean && self.keep()) {
            backend.delete(&self.session).await;
        }
        self.is_out = false;
    }

    /// Puts the session with those that are kept, if there is room.
    fn keep(&self) -> bool {
        let mut inner = self.sessions.lock();
        let of_role = inner.kept.iter().filter(|kept| kept.role == self.role);
        let is_room = of_role.count() < KEPT;
        if is_room {
            inner.kept.push(Kept {
                role: self.role,
                lane: lane(),
                session: self.session.clone(),
                tasks: self.tasks,
            });
        }
        is_room
    }
}

impl Drop for OpenSession {
    fn drop(&mut self) {
        if self.is_out {
            self.sessions.lock().dropped.push(self.session.clone());
        }
    }
}

/// The lane that runs the caller, if it is a task of a scheduler.
fn lane() -> Option<usize> {
    TaskContext::current().map(|context| context.lane())
}

impl fmt::Debug for WarmSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.lock();
        f.debug_struct("WarmSessions")
            .field("kept", &inner.kept.len())
            .field("counts", &inner.counts)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for OpenSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenSession")
            .field("session", &self.session)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

//! Sessions that are kept, at a backend that notes everything.

use std::num::NonZeroUsize;
use std::sync::Weak;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;
use orchestrator_core::{Scheduler, SchedulerConfig};
use orchestrator_tools::{ToolContext, ToolRegistry, Worktree};
use serde_json::json;

use super::*;
use crate::hook::Hooks;
use crate::mechanical::MechanicalModel;
use crate::model::Usage;
use crate::native::NativeBackend;
use crate::session::Deaf;
use crate::session::SessionWatcher;

/// What has been asked of the backend.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Call {
    Create(u64),
    Assign(u64),
    Prompt(u64, String),
    Reset(u64),
    Delete(u64),
}

#[derive(Default)]
struct Backend {
    calls: Mutex<Vec<Call>>,
    next: AtomicU64,
    /// It cannot show that nothing is left.
    stained: AtomicBool,
    /// It has forgotten its sessions.
    forgetful: AtomicBool,
}

impl Backend {
    fn note(&self, call: Call) {
        self.calls.lock().unwrap().push(call);
    }

    fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }
}

fn number(session: &SessionId) -> u64 {
    session.0.parse().unwrap()
}

#[async_trait]
impl SessionBackend for Backend {
    async fn create(&self, _: SessionSpec) -> Result<SessionId, SessionError> {
        let session = self.next.fetch_add(1, Ordering::SeqCst);
        self.note(Call::Create(session));
        Ok(SessionId(session.to_string()))
    }

    async fn prompt(
        &self,
        session: &SessionId,
        prompt: String,
        _: &(dyn for<'a> Fn(&'a Value) -> Result<(), String> + Sync),
    ) -> Result<Turn, SessionError> {
        self.note(Call::Prompt(number(session), prompt.clone()));
        match &*prompt {
            "hang" => std::future::pending().await,
            "fail" => Err(SessionError::Unknown(session.0.clone())),
            _ => Ok(Turn {
                report: json!(number(session)),
                model_calls: 1,
                tool_calls: 0,
                usage: Usage::default(),
            }),
        }
    }

    async fn reset(&self, session: &SessionId) -> Result<bool, SessionError> {
        self.note(Call::Reset(number(session)));
        Ok(!self.stained.load(Ordering::SeqCst))
    }

    async fn assign(&self, session: &SessionId, _: SessionSpec) -> Result<(), SessionError> {
        self.note(Call::Assign(number(session)));
        match self.forgetful.load(Ordering::SeqCst) {
            true => Err(SessionError::Unknown(session.0.clone())),
            false => Ok(()),
        }
    }

    async fn delete(&self, session: &SessionId) {
        self.note(Call::Delete(number(session)));
    }
}

fn spec(role: Role) -> SessionSpec {
    SessionSpec {
        role,
        task: None,
        tools: ToolRegistry::new(),
        context: ToolContext::new(
            Worktree::new("nowhere"),
            "nowhere",
            tokio_util::sync::CancellationToken::new(),
        ),
        memory: None,
        watcher: Arc::new(Deaf),
    }
}

fn sessions() -> (Arc<Backend>, Arc<WarmSessions>) {
    let backend = Arc::new(Backend::default());
    let sessions = WarmSessions::new(Arc::clone(&backend) as Arc<dyn SessionBackend>);
    (backend, Arc::new(sessions))
}

/// One turn: which session had it, and where that came from.
async fn turn(
    sessions: &Arc<WarmSessions>,
    role: Role,
    prompt: &str,
) -> (Option<u64>, SessionOrigin) {
    let session = sessions.open(spec(role)).await.unwrap();
    let origin = session.origin();
    let reply = session.ask::<u64>(prompt.to_owned(), |_| Ok(())).await;
    (reply.ok().map(|(session, _)| session), origin)
}

#[tokio::test]
async fn a_session_is_given_the_next_task_of_its_role_after_it_was_reset() {
    use SessionOrigin::{New, SameLane};
    let (backend, sessions) = sessions();
    assert_eq!(turn(&sessions, Role::Worker, "a").await, (Some(0), New));
    assert_eq!(turn(&sessions, Role::Reviewer, "b").await, (Some(1), New));
    assert_eq!(
        turn(&sessions, Role::Worker, "c").await,
        (Some(0), SameLane)
    );
    let expected = [
        Call::Create(0),
        Call::Prompt(0, "a".to_owned()),
        Call::Reset(0),
        Call::Create(1),
        Call::Prompt(1, "b".to_owned()),
        Call::Reset(1),
        Call::Assign(0),
        Call::Prompt(0, "c".to_owned()),
        Call::Reset(0),
    ];
    assert_eq!(backend.calls(), expected);
    sessions.close().await;
    assert_eq!(backend.calls(), [Call::Delete(1), Call::Delete(0)]);
}

#[tokio::test]
async fn a_session_that_is_not_clean_or_not_well_is_not_used_again() {
    let (backend, sessions) = sessions();
    backend.stained.store(true, Ordering::SeqCst);
    turn(&sessions, Role::Worker, "a").await;
    assert_eq!(backend.calls().last(), Some(&Call::Delete(0)));
    backend.stained.store(false, Ordering::SeqCst);
    assert_eq!(turn(&sessions, Role::Worker, "fail").await.0, None);
    assert_eq!(backend.calls().last(), Some(&Call::Delete(1)));
    // Its turn is dropped: only the end of all ends it.
    let hangs = turn(&sessions, Role::Worker, "hang");
    assert!(futures_util::poll!(Box::pin(hangs)).is_pending());
    assert_eq!(turn(&sessions, Role::Worker, "b").await.0, Some(3));
    backend.calls();
    sessions.close().await;
    assert_eq!(backend.calls(), [Call::Delete(3), Call::Delete(2)]);
    assert_eq!(sessions.counts().new, 4);
}

#[tokio::test]
async fn a_session_that_its_backend_has_forgotten_is_replaced() {
    let (backend, sessions) = sessions();
    turn(&sessions, Role::Worker, "a").await;
    backend.forgetful.store(true, Ordering::SeqCst);
    let (session, origin) = turn(&sessions, Role::Worker, "b").await;
    assert_eq!((session, origin), (Some(1), SessionOrigin::New));
}

#[tokio::test]
async fn sessions_are_kept_up_to_a_number_and_for_so_many_tasks() {
    let (backend, sessions) = sessions();
    for _ in 0..TASKS {
        assert_eq!(turn(&sessions, Role::Worker, "a").await.0, Some(0));
    }
    assert_eq!(backend.calls().last(), Some(&Call::Delete(0)));
    let mut open = Vec::new();
    for _ in 0..=KEPT {
        open.push(sessions.open(spec(Role::Worker)).await.unwrap());
    }
    for session in open {
        session
            .ask::<u64>("a".to_owned(), |_| Ok(()))
            .await
            .unwrap();
    }
    let deleted = |call: &&Call| matches!(call, Call::Delete(_));
    assert_eq!(backend.calls().iter().filter(deleted).count(), 1);
    sessions.close().await;
    assert_eq!(backend.calls().len(), KEPT);
}

/// On two lanes whose order a seed decides.
#[test]
fn a_lane_is_given_its_own_session_if_there_is_one() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let (mut same, mut other) = (0, 0);
    for seed in 0..20 {
        let (_, sessions) = sessions();
        runtime.block_on(async {
            let lanes = NonZeroUsize::new(2).unwrap();
            let scheduler = Scheduler::new(SchedulerConfig::new(lanes).with_seed(seed));
            let last_on = Arc::new(Mutex::new(Vec::<(usize, u64)>::new()));
            for _ in 0..8 {
                let (sessions, last_on) = (Arc::clone(&sessions), Arc::clone(&last_on));
                let task = scheduler.spawn(async move {
                    let lane = lane().unwrap();
                    let (session, origin) = turn(&sessions, Role::Worker, "a").await;
                    let session = session.unwrap();
                    let mut last_on = last_on.lock().unwrap();
                    let kept_here = last_on.iter().any(|(its, _)| *its == lane);
                    let expected = match (last_on.is_empty(), kept_here) {
                        (true, _) => SessionOrigin::New,
                        (false, true) => SessionOrigin::SameLane,
                        (false, false) => SessionOrigin::OtherLane,
                    };
                    assert_eq!(origin, expected);
                    last_on.retain(|(_, its)| *its != session);
                    last_on.push((lane, session));
                });
                task.await.unwrap();
            }
            let counts = sessions.counts();
            assert_eq!((counts.new, counts.same_lane + counts.other_lane), (1, 7));
            same += counts.same_lane;
            other += counts.other_lane;
            scheduler.shutdown().await;
        });
    }
    assert!(same > 0 && other > 0, "{same} {other}");
}

#[tokio::test]
async fn nothing_is_left_in_a_native_session_that_was_reset() {
    let model = Arc::new(MechanicalModel::new());
    let backend = NativeBackend::new(model, Arc::new(Hooks::standard().unwrap()));
    let spec = spec(Role::Worker);
    let watcher: Weak<dyn SessionWatcher> = Arc::downgrade(&spec.watcher);
    let session = backend.create(spec.clone()).await.unwrap();
    let again = backend.assign(&session, spec.clone()).await;
    assert!(matches!(again, Err(SessionError::NotReset(_))));
    drop(spec);
    // The control: until then the session holds what its task came with.
    assert!(watcher.upgrade().is_some());
    assert!(backend.reset(&session).await.unwrap());
    assert!(watcher.upgrade().is_none());
    let turn = backend.prompt(&session, String::new(), &|_| Ok(())).await;
    assert!(matches!(turn, Err(SessionError::Unknown(_))));
}

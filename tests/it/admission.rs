//! The one door for the sessions of all missions in a process.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use orchestrator_agents::core::{AdmissionController, CancellationToken};
use orchestrator_agents::{
    LanguageModel, MechanicalModel, MissionEvent, MissionOptions, MissionSummary, ModelError,
    ModelRequest, ModelResponse, Observer, Outcome, Role, SessionCounts, SessionOrigin, StopSignal,
    run_mission, session_admission,
};
use orchestrator_tests::Scene;

const REPLACE: &str = "replace `old_name($A)` with `new_name($A)`";

/// Two missions side by side: whose session did what, in one order.
#[derive(Default)]
struct Course {
    events: Mutex<Vec<(usize, MissionEvent)>>,
    /// Workers of both missions wait.
    crowded: CancellationToken,
}

/// A model whose Workers do not begin before the slot is crowded.
struct Late {
    model: MechanicalModel,
    course: Arc<Course>,
}

#[async_trait]
impl LanguageModel for Late {
    fn name(&self) -> &str {
        self.model.name()
    }

    async fn complete(&self, request: &ModelRequest) -> Result<ModelResponse, ModelError> {
        if request.instructions == Role::Worker.instructions() {
            self.course.crowded.cancelled().await;
        }
        self.model.complete(request).await
    }
}

struct Watch {
    mission: usize,
    course: Arc<Course>,
}

impl Observer for Watch {
    fn event(&self, event: &MissionEvent) {
        let mut events = self.course.events.lock().unwrap();
        events.push((self.mission, event.clone()));
        let waits = |mission| {
            let of_mission = events.iter().filter(|(other, _)| *other == mission);
            of_mission.filter(|(_, event)| is_wait(event)).count()
        };
        // Of four that are begun at once, one may have the slot.
        if waits(0) >= 3 && waits(1) >= 3 {
            self.course.crowded.cancel();
        }
    }
}

fn scene() -> Scene {
    let files: Vec<_> = (0..6)
        .map(|file| (format!("part{file}/a.py"), "old_name(1)\n"))
        .collect();
    let files: Vec<_> = files.iter().map(|(path, text)| (&**path, *text)).collect();
    Scene::new(&files)
}

/// Runs a mission on each of two repositories, with one Worker's slot for both.
fn two_missions() -> (Vec<MissionSummary>, Vec<(usize, MissionEvent)>) {
    let scenes = [scene(), scene()];
    let rules = session_admission().with_role(Role::Worker.to_string(), 1);
    let controller = AdmissionController::new(rules);
    let course = Arc::new(Course::default());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let missions = scenes.iter().enumerate().map(|(mission, scene)| {
        let mut options = MissionOptions::new(REPLACE, scene.repo());
        options.checks = vec!["true".to_owned()];
        options.cache = scene.root().join("cache");
        options.workers = NonZeroUsize::new(4).unwrap();
        options.admission = controller.clone();
        let course = Arc::clone(&course);
        let model = Late {
            model: MechanicalModel::new(),
            course: Arc::clone(&course),
        };
        let watch = Arc::new(Watch { mission, course });
        let model = Arc::new(model);
        runtime.spawn(run_mission(options, model, watch, StopSignal::new()))
    });
    let missions: Vec<_> = missions.collect();
    let ended = missions.into_iter().map(|mission| {
        let summary = runtime.block_on(mission).unwrap().unwrap();
        assert_eq!(summary.outcome, Outcome::Sealed, "{}", summary.reason);
        summary
    });
    let ended = ended.collect();
    let course = std::mem::take(&mut *course.events.lock().unwrap());
    (ended, course)
}

/// The most Workers that were at work at once.
fn most_at_once(course: &[(usize, MissionEvent)]) -> usize {
    let (mut now, mut most) = (0_usize, 0);
    for (_, event) in course {
        match event {
            MissionEvent::SessionStarted {
                role: Role::Worker, ..
            } => now += 1,
            MissionEvent::SessionEnded {
                role: Role::Worker, ..
            } => now -= 1,
            _ => {}
        }
        most = most.max(now);
    }
    most
}

/// How often, at most, one mission's Workers went first while the other's first in line waited.
fn longest_wait(course: &[(usize, MissionEvent)]) -> usize {
    let mut longest = 0;
    for (at, (mission, event)) in course.iter().enumerate() {
        if !is_wait(event) {
            continue;
        }
        let begun = course[at..].iter().filter(|(_, event)| is_worker(event));
        let before = begun.take_while(|(other, _)| other != mission);
        longest = longest.max(before.count());
    }
    longest
}

fn is_wait(event: &MissionEvent) -> bool {
    matches!(event, MissionEvent::SessionWaits { role, .. } if *role == Role::Worker)
}

fn is_worker(event: &MissionEvent) -> bool {
    matches!(event, MissionEvent::SessionStarted { role, .. } if *role == Role::Worker)
}

#[test]
fn missions_of_a_process_take_turns_at_the_slots_of_a_role() {
    let (ended, course) = two_missions();
    assert_eq!(most_at_once(&course), 1);
    let begun = course.iter().filter(|(_, event)| is_worker(event));
    assert_eq!(begun.count(), 12);
    let reasons = course.iter().filter_map(|(_, event)| match event {
        MissionEvent::SessionWaits { reason, .. } => Some(reason.as_str()),
        _ => None,
    });
    let reasons: BTreeSet<&str> = reasons.collect();
    // Four Workers of each mission want the one slot.
    let expected = "waits for a slot of role `worker`: 1 of 1 taken";
    assert!(reasons.contains(expected), "{reasons:?}");
    // The turns are those of all roles, so it is not always one and one.
    assert!(longest_wait(&course) <= 2, "{}", longest_wait(&course));
    for SessionCounts {
        new,
        same_lane,
        other_lane,
        ..
    } in ended.iter().map(|summary| summary.sessions)
    {
        assert!(new > 0 && same_lane + other_lane > 0);
    }
}

#[test]
fn control_workers_side_by_side_and_missions_out_of_turn_are_seen() {
    let event = |started: bool| {
        let (role, task) = (Role::Worker, None);
        match started {
            true => MissionEvent::SessionStarted {
                role,
                task,
                origin: SessionOrigin::New,
            },
            false => MissionEvent::SessionWaits {
                role,
                task,
                reason: String::new(),
            },
        }
    };
    let course = [(0, false), (1, true), (1, true), (1, true), (0, true)];
    let course = course.map(|(mission, started)| (mission, event(started)));
    assert_eq!(most_at_once(&course), 4);
    assert_eq!(longest_wait(&course), 3);
}

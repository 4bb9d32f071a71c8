//! `orchestrator task`: a mission, its signals and its summary.

use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Arc;

use orchestrator_agents::core::{ShutdownManager, SlotKey};
use orchestrator_agents::{
    LanguageModel, MechanicalModel, MissionError, MissionOptions, MissionSummary, Role, StopSignal,
    run_mission,
};
use tokio_util::sync::CancellationToken;

use crate::args::{MissionArguments, Model, TaskArguments};
use crate::exit::{self, Failure};
use crate::{progress, summary};

pub(crate) async fn run(arguments: TaskArguments) -> Result<ExitCode, Failure> {
    let mut options = MissionOptions::new(arguments.objective.clone(), arguments.repo.clone());
    options.check_timeout = arguments.check_timeout();
    options.checks = arguments.checks;
    options.allow_unverified = arguments.allow_unverified;
    options.globs = arguments.globs;
    options.languages = arguments.languages;
    let ended = mission(options, &arguments.mission, true).await?;
    Ok(exit::code_of(ended.outcome))
}

/// Runs one mission under the eyes of a person or a program, and sums it up.
/// `stays`: whether the repository is still there when the summary is read.
pub(crate) async fn mission(
    mut options: MissionOptions,
    arguments: &MissionArguments,
    stays: bool,
) -> Result<MissionSummary, Failure> {
    if let Some(workers) = arguments.workers {
        allow(&mut options, workers);
    }
    options.strict = arguments.strict;
    let model: Arc<dyn LanguageModel> = match arguments.model {
        Model::Mechanical => Arc::new(MechanicalModel::new()),
    };
    let progress = progress::observer(arguments.json);
    let ended = until_signal(options, model, Arc::clone(&progress)).await;
    progress.finish();
    let ended = ended?;
    if !arguments.json {
        summary::print(&ended, stays);
    }
    Ok(ended)
}

/// So many Workers at once. The process has no other mission, so its slots are this one's.
fn allow(options: &mut MissionOptions, workers: NonZeroUsize) {
    options.workers = workers;
    options.admission.set_limit(worker_slots(), workers.get());
}

fn worker_slots() -> SlotKey {
    SlotKey::Role(Role::Worker.to_string().into())
}

/// Runs a mission to its end, or to the first signal and then to its clean end.
async fn until_signal(
    options: MissionOptions,
    model: Arc<dyn LanguageModel>,
    progress: Arc<dyn progress::Progress>,
) -> Result<MissionSummary, Failure> {
    // Before anything is begun: a signal must never find nobody listening.
    let mut signals = Signals::new()?;
    let stop = StopSignal::new();
    let observer = Arc::clone(&progress).into_observer();
    let mut mission = tokio::spawn(run_mission(options, model, observer, stop.clone()));
    let joined = tokio::select! {
        joined = &mut mission => joined,
        () = signals.next() => {
            progress.say("stopping: ending processes and removing worktrees (again to force)");
            match end(&mut mission, &stop, &mut signals).await {
                Some(joined) => joined,
                // Half a seal would be worse than waiting.
                None if stop.is_sealing() => {
                    progress.say("the seal has begun and is brought to its end");
                    mission.await
                }
                None => {
                    // Dropping it kills its process groups and removes its
                    // worktrees, as far as that goes.
                    mission.abort();
                    let _ = mission.await;
                    return Err(Failure::interrupted(
                        "interrupted before the mission could end in order; what it left is \
                         removed when the next one starts",
                    ));
                }
            }
        }
    };
    match joined {
        Ok(result) => result.map_err(Failure::from),
        Err(error) => Err(Failure::other("the mission crashed", &error)),
    }
}

type Mission = tokio::task::JoinHandle<Result<MissionSummary, MissionError>>;

/// Tells the mission to stop and waits for its end, up to the time that the shutdown
/// allows or a second signal.
async fn end(
    mission: &mut Mission,
    stop: &StopSignal,
    signals: &mut Signals,
) -> Option<Result<Result<MissionSummary, MissionError>, tokio::task::JoinError>> {
    let ended = CancellationToken::new();
    let shutdown = ShutdownManager::new();
    let (signal, end) = (stop.clone(), ended.clone());
    // The only name: it cannot be taken.
    let _ = shutdown.register("the mission", 0, async move || {
        signal.stop();
        end.cancelled().await;
    });
    let mut report = std::pin::pin!(shutdown.run("a signal"));
    tokio::select! {
        joined = async {
            // The mission is told to end by the first poll of the shutdown.
            tokio::select! {
                joined = &mut *mission => Some(joined),
                _late = &mut report => None,
            }
        } => {
            ended.cancel();
            joined
        }
        () = signals.next() => None,
    }
}

/// SIGINT, SIGTERM, SIGQUIT, and SIGHUP of a terminal that is closed; elsewhere
/// than on Unix, Ctrl-C.
struct Signals {
    #[cfg(unix)]
    unix: [tokio::signal::unix::Signal; 4],
    #[cfg(not(unix))]
    interrupt: tokio::signal::windows::CtrlC,
}

impl Signals {
    fn new() -> Result<Self, Failure> {
        let failed = |error| Failure::other("could not listen for signals", &error);
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let listen = |kind| signal(kind).map_err(failed);
            Ok(Self {
                unix: [
                    listen(SignalKind::interrupt())?,
                    listen(SignalKind::terminate())?,
                    listen(SignalKind::quit())?,
                    listen(SignalKind::hangup())?,
                ],
            })
        }
        #[cfg(not(unix))]
        Ok(Self {
            interrupt: tokio::signal::windows::ctrl_c().map_err(failed)?,
        })
    }

    /// The next one.
    async fn next(&mut self) {
        #[cfg(unix)]
        {
            let [interrupt, terminate, quit, hangup] = &mut self.unix;
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = quit.recv() => {}
                _ = hangup.recv() => {}
            }
        }
        #[cfg(not(unix))]
        self.interrupt.recv().await;
    }
}

#[cfg(test)]
mod tests {
    use orchestrator_agents::core::AdmissionController;
    use orchestrator_agents::session_admission;

    use super::*;

    #[test]
    fn the_process_has_slots_for_as_many_workers_as_are_asked_for() {
        let mut options = MissionOptions::new("replace a with b", ".");
        options.admission = AdmissionController::new(session_admission());
        for workers in [1, 25] {
            allow(&mut options, NonZeroUsize::new(workers).unwrap());
            let slots = options.admission.key_stats_of(worker_slots());
            assert_eq!((options.workers.get(), slots.limit), (workers, workers));
        }
        let others = SlotKey::Role(Role::Reviewer.to_string().into());
        assert_eq!(options.admission.key_stats_of(others).limit, 10);
    }
}

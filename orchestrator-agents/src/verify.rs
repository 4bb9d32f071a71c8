//! Running checks in checkouts that no Worker can write.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use orchestrator_pool::{CheckoutError, Manager, PoolConfig, ResourcePool};
use orchestrator_state::{AtomicWriteError, atomic_write};
use orchestrator_tools::{
    CommandError, CommandLine, CommandOutput, CommandSpec, OutputFilters, run_command,
};
use tokio_util::sync::CancellationToken;

use crate::check::Check;
use crate::event::MissionEvent;
use crate::git::{GitError, ObjectId};
use crate::receipt::{Receipt, Stage};
use crate::recorder::{RecordError, Recorder};
use crate::workspace::{Checkout, Workspace};

/// Why checks could not be run. A check that fails is no error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// git failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The command could not be run.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// No checkout could be had.
    #[error("no checkout to run the checks in")]
    Checkout(#[source] CheckoutError<GitError>),
    /// The receipt could not be kept.
    #[error("could not keep a receipt")]
    Keep(#[source] AtomicWriteError),
    /// The journal could not be written.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// What a set of checks showed.
#[derive(Debug, Clone)]
pub(crate) struct Verified {
    /// One receipt a check, up to the first that failed.
    pub(crate) receipts: Vec<Receipt>,
}

impl Verified {
    /// The receipt of the check that failed, if one did.
    #[must_use]
    pub(crate) fn failure(&self) -> Option<&Receipt> {
        self.receipts.iter().find(|receipt| !receipt.passed())
    }
}

/// Runs checks and keeps their receipts.
///
/// A tree that a command has already been run on is not run again: the same
/// tree gives the same receipt (except in the mission stage, which starts from
/// nothing). Checkouts and their build folders are pooled: they are the
/// orchestrator's own, reset and inspected between uses.
pub(crate) struct Verifier {
    workspace: Workspace,
    recorder: Recorder,
    pool: ResourcePool<Checkouts>,
    passed: Mutex<HashMap<(ObjectId, String), Receipt>>,
    next: AtomicU32,
    config: VerifierConfig,
    cancel: CancellationToken,
}

/// How checks are run.
pub(crate) struct VerifierConfig {
    /// The folder for the receipts' files.
    pub(crate) receipts: PathBuf,
    /// How many checks may run in warm checkouts at once.
    pub(crate) parallel: NonZeroUsize,
    /// How long one check may take.
    pub(crate) timeout: Duration,
    /// What takes secrets out of what checks print.
    pub(crate) filters: OutputFilters,
}

/// How many lines of a check's output a receipt shows.
const TAIL_LINES: usize = 60;

impl Verifier {
    /// A verifier whose warm checkouts begin at `base`.
    pub(crate) fn new(
        workspace: Workspace,
        recorder: Recorder,
        base: ObjectId,
        config: VerifierConfig,
        cancel: CancellationToken,
    ) -> Self {
        let manager = Checkouts {
            workspace: workspace.clone(),
            base,
            made: AtomicUsize::new(0),
        };
        // A checkout does not wear out: it is inspected before each use.
        let bounds = PoolConfig::default()
            .with_max_size(config.parallel)
            .with_max_reuse(u32::MAX)
            .with_idle_timeout(Duration::MAX);
        Self {
            workspace,
            recorder,
            pool: ResourcePool::new(manager, bounds),
            passed: Mutex::new(HashMap::new()),
            next: AtomicU32::new(1),
            config,
            cancel,
        }
    }

    /// Runs `checks` on a commit in a warm checkout, until one fails.
    ///
    /// # Errors
    /// [`VerifyError`] where a check could not be run at all.
    pub(crate) async fn warm(
        &self,
        stage: Stage,
        task: Option<&str>,
        commit: &ObjectId,
        checks: &[Check],
    ) -> Result<Verified, VerifyError> {
        let tree = self.tree(commit).await?;
        let mut receipts = Vec::new();
        let mut place = None;
        for check in checks {
            let receipt = if let Some(known) = self.known(&tree, check) {
                let id = self.next.fetch_add(1, Ordering::Relaxed);
                let task = task.map(str::to_owned);
                let reused_from = Some(known.reused_from.unwrap_or(known.id));
                Receipt {
                    id,
                    stage,
                    task,
                    commit: commit.clone(),
                    reused_from,
                    ..known
                }
            } else {
                if place.is_none() {
                    let checkout = self.pool.checkout().await.map_err(VerifyError::Checkout)?;
                    checkout.tree.switch(commit).await?;
                    place = Some(checkout);
                }
                let Some(place) = &place else { continue };
                let ran = Run {
                    stage,
                    task,
                    commit,
                    tree: &tree,
                    check,
                };
                self.run(ran, &place.tree, &place.build).await?
            };
            if !self.take(receipt, &mut receipts)? {
                break;
            }
        }
        Ok(Verified { receipts })
    }

    /// Runs `checks` on a commit in a checkout and with a build folder that
    /// have never been used, until one fails. Gives the debris that the checks
    /// left in the checkout too: what they drop is no work.
    ///
    /// # Errors
    /// [`VerifyError`] where a check could not be run at all.
    pub(crate) async fn clean(
        &self,
        stage: Stage,
        commit: &ObjectId,
        checks: &[Check],
    ) -> Result<(Verified, Vec<String>), VerifyError> {
        let tree = self.tree(commit).await?;
        let place = self.workspace.checkout(&stage.to_string(), commit).await?;
        let build = self.workspace.build_folder(&stage.to_string());
        let mut receipts = Vec::new();
        for check in checks {
            let ran = Run {
                stage,
                task: None,
                commit,
                tree: &tree,
                check,
            };
            let receipt = self.run(ran, &place, &build).await?;
            if !self.take(receipt, &mut receipts)? {
                break;
            }
        }
        let debris = place.debris().await?;
        Ok((Verified { receipts }, debris))
    }

    /// Journals a receipt and adds it. Gives whether its check passed.
    fn take(&self, receipt: Receipt, receipts: &mut Vec<Receipt>) -> Result<bool, RecordError> {
        let passed = receipt.passed();
        self.recorder.record(&MissionEvent::CheckRan {
            receipt: receipt.clone(),
        })?;
        receipts.push(receipt);
        Ok(passed)
    }

    async fn run(
        &self,
        ran: Run<'_>,
        place: &Checkout,
        build: &std::path::Path,
    ) -> Result<Receipt, VerifyError> {
        self.recorder.notify(&MissionEvent::CheckStarted {
            stage: ran.stage,
            task: ran.task.map(str::to_owned),
            check: ran.check.name.clone(),
        });
        let mut spec =
            CommandSpec::new(CommandLine::Shell(ran.check.command.clone()), place.path())
                .variable("CARGO_TARGET_DIR", build)
                .variable("CI", "true");
        spec.timeout = self.config.timeout;
        spec.filters = Some(self.config.filters.clone());
        spec.keep = 1024 * 1024;
        let output = run_command(&spec, &self.cancel).await?;
        let receipt = self.receipt(&ran, &output);
        self.keep(&receipt, &output)?;
        if receipt.passed() {
            let key = (ran.tree.clone(), ran.check.command.clone());
            self.lock().insert(key, receipt.clone());
        }
        Ok(receipt)
    }

    fn receipt(&self, ran: &Run<'_>, output: &CommandOutput) -> Receipt {
        Receipt {
            id: self.next.fetch_add(1, Ordering::Relaxed),
            check: ran.check.name.clone(),
            command: ran.check.command.clone(),
            stage: ran.stage,
            task: ran.task.map(str::to_owned),
            commit: ran.commit.clone(),
            tree: ran.tree.clone(),
            ending: output.ending,
            output_digest: output.digest.clone(),
            tail: if output.ending.is_success() {
                String::new()
            } else {
                output.tail(TAIL_LINES)
            },
            duration_ms: u64::try_from(output.duration.as_millis()).unwrap_or(u64::MAX),
            sandbox: output.sandbox,
            reused_from: None,
        }
    }

    /// Writes the receipt's two files: the receipt, and what the command said.
    fn keep(&self, receipt: &Receipt, output: &CommandOutput) -> Result<(), VerifyError> {
        let name = format!("{:04}-{}", receipt.id, receipt.stage);
        let mut log = output.stdout.to_vec();
        log.extend_from_slice(b"\n--- standard error ---\n");
        log.extend_from_slice(&output.stderr);
        atomic_write(self.config.receipts.join(format!("{name}.log")), &log)
            .map_err(VerifyError::Keep)?;
        // A receipt holds nothing that JSON cannot.
        let json = serde_json::to_vec_pretty(receipt).unwrap_or_default();
        atomic_write(self.config.receipts.join(format!("{name}.json")), &json)
            .map_err(VerifyError::Keep)
    }

    fn known(&self, tree: &ObjectId, check: &Check) -> Option<Receipt> {
        self.lock()
            .get(&(tree.clone(), check.command.clone()))
            .cloned()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<(ObjectId, String), Receipt>> {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn tree(&self, commit: &ObjectId) -> Result<ObjectId, GitError> {
        let tree = format!("{commit}^{{tree}}");
        self.workspace
            .git()
            .object(&["rev-parse", "--verify", &tree])
            .await
    }
}

struct Run<'a> {
    stage: Stage,
    task: Option<&'a str>,
    commit: &'a ObjectId,
    tree: &'a ObjectId,
    check: &'a Check,
}

/// Makes and resets the pooled checkouts.
struct Checkouts {
    workspace: Workspace,
    base: ObjectId,
    made: AtomicUsize,
}

/// A pooled checkout and its build folder.
struct Place {
    tree: Checkout,
    build: PathBuf,
}

impl Manager for Checkouts {
    type Resource = Place;
    type Error = GitError;

    async fn create(&self) -> Result<Place, GitError> {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let tree = self.workspace.checkout("check", &self.base).await?;
        let build = self.workspace.build_folder(&format!("check-{number}"));
        // Dependencies are built once, by the baseline; the copy of what it
        // built is a cache, and cargo looks at every file of it before use.
        copy_tree(self.workspace.build_folder("baseline"), build.clone()).await;
        Ok(Place { tree, build })
    }

    async fn recycle(&self, place: &mut Place) -> Result<(), GitError> {
        place.tree.switch(&self.base).await?;
        match place.tree.debris().await? {
            debris if debris.is_empty() => Ok(()),
            debris => Err(GitError::Unexpected {
                command: "git status".to_owned(),
                output: debris.join("\n"),
            }),
        }
    }
}

/// Copies a folder with its times, as far as that goes: what is missing in the
/// copy is built again.
async fn copy_tree(from: PathBuf, to: PathBuf) {
    let copied = tokio::task::spawn_blocking(move || copy_folder(&from, &to));
    // A half copy is as good as none.
    let _ = copied.await;
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let meta = entry.metadata()?;
        if meta.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else if meta.is_file() {
            std::fs::copy(entry.path(), &target)?;
            // cargo compares times; a copy with a fresh one would look changed.
            let times = std::fs::FileTimes::new().set_modified(meta.modified()?);
            std::fs::File::options()
                .write(true)
                .open(&target)?
                .set_times(times)?;
        }
    }
    Ok(())
}

//! What a mission is started with.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use orchestrator_core::AdmissionController;
use orchestrator_tools::Language;

use crate::admission::process_admission;
use crate::hook::Hooks;
use crate::workspace::cache_folder;

/// What a user asks for.
#[derive(Debug, Clone)]
pub struct MissionOptions {
    /// The objective, in words.
    pub objective: String,
    /// A folder in the repository.
    pub repository: PathBuf,
    /// How many Workers work at once. Default: the processors of the machine,
    /// at most 10.
    pub workers: NonZeroUsize,
    /// Commands that prove the work; found in the repository where there are
    /// none.
    pub checks: Vec<String>,
    /// Whether to work where no check can be found. Default: no.
    pub allow_unverified: bool,
    /// Whether a waiver forbids the seal. Default: no.
    pub strict: bool,
    /// Only files that match one of these globs, where there are any.
    pub globs: Vec<String>,
    /// Only files of these languages, where there are any.
    pub languages: Vec<Language>,
    /// How many plans a mission may make. Default: 3.
    pub max_plans: u32,
    /// How long one check may take. Default: 30 minutes.
    pub check_timeout: Duration,
    /// Who lets sessions in: slots of roles, rates and breakers of models. Default:
    /// [`process_admission`], which all missions of the process share.
    pub admission: AdmissionController,
    /// What reacts to the mission's events. Default: none of your own, which means
    /// [`Hooks::standard`]. One that is shared by several missions sees the events of all.
    pub hooks: Option<Arc<Hooks>>,
    /// Where worktrees and builds are kept while the mission runs. Default:
    /// [`cache_folder`].
    pub cache: PathBuf,
}

impl MissionOptions {
    /// An objective on a repository, with the defaults.
    pub fn new(objective: impl Into<String>, repository: impl Into<PathBuf>) -> Self {
        let processors = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        const MOST: NonZeroUsize = NonZeroUsize::new(10).expect("10 is not zero");
        Self {
            objective: objective.into(),
            repository: repository.into(),
            workers: processors.min(MOST),
            checks: Vec::new(),
            allow_unverified: false,
            strict: false,
            globs: Vec::new(),
            languages: Vec::new(),
            max_plans: 3,
            check_timeout: Duration::from_secs(30 * 60),
            admission: process_admission(),
            hooks: None,
            cache: cache_folder(),
        }
    }
}

//! `orchestrator demo`: the main job on the bundled sample.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use orchestrator_agents::{Git, MissionOptions, Outcome};
use tokio_util::sync::CancellationToken;

use crate::args::{DemoArguments, DemoMission};
use crate::exit::{self, Failure};
use crate::{sample, task};

const CLIPPY: &str = "apply clippy suggestions pedantic";
const REPLACE: &str = "replace `Duration::from_millis($N * 1000)` with `Duration::from_secs($N)`";
const RENAME: &str = "rename `recieve_parcel` to `receive_parcel`";

#[expect(
    clippy::print_stderr,
    reason = "what the demo is about to do is no output"
)]
pub(crate) async fn run(arguments: DemoArguments) -> Result<ExitCode, Failure> {
    let place = Place::new(arguments.into)?;
    create(&place.repository).await?;
    let json = arguments.mission.json;
    if !json {
        eprintln!(
            "The sample is a git repository in {}\n",
            place.repository.display()
        );
    }
    let objectives: &[&str] = match arguments.which {
        DemoMission::All => &[CLIPPY, REPLACE, RENAME],
        DemoMission::Clippy => &[CLIPPY],
        DemoMission::Replace => &[REPLACE],
        DemoMission::Rename => &[RENAME],
    };
    let mut worst = Outcome::Sealed;
    for objective in objectives {
        let mut options = MissionOptions::new(*objective, &place.repository);
        if let Some(cache) = place.cache() {
            options.cache = cache;
        }
        let ended = task::mission(options, &arguments.mission, place.temporary.is_none()).await?;
        if ended.outcome != Outcome::Sealed {
            worst = ended.outcome;
        }
        if !json {
            eprintln!();
        }
    }
    if !json {
        match &place.temporary {
            Some(_) => eprintln!(
                "The sample is removed again. Keep it, with its branches and receipts, with --into PATH."
            ),
            None => eprintln!("The sample stays in {}", place.repository.display()),
        }
    }
    Ok(exit::code_of(worst))
}

/// Where the sample goes.
struct Place {
    repository: PathBuf,
    /// The folder that holds everything and goes with it, where nobody wants to
    /// keep it.
    temporary: Option<tempfile::TempDir>,
}

impl Place {
    fn new(into: Option<PathBuf>) -> Result<Self, Failure> {
        if let Some(path) = into {
            let taken = std::fs::read_dir(&path).is_ok_and(|mut entries| entries.next().is_some());
            if taken || path.is_file() {
                let path = path.display();
                return Err(Failure::usage(format!(
                    "{path} is not empty; name a new folder"
                )));
            }
            return Ok(Self {
                repository: path,
                temporary: None,
            });
        }
        let temporary = tempfile::Builder::new()
            .prefix("orchestrator-demo-")
            .tempdir()
            .map_err(|error| Failure::other("cannot make a temporary folder", &error))?;
        let repository = temporary.path().join("sample");
        Ok(Self {
            repository,
            temporary: Some(temporary),
        })
    }

    /// A temporary sample keeps its worktrees beside it.
    fn cache(&self) -> Option<PathBuf> {
        self.temporary
            .as_ref()
            .map(|temporary| temporary.path().join("cache"))
    }
}

/// Writes the sample and commits it.
async fn create(repository: &Path) -> Result<(), Failure> {
    sample::write(repository).map_err(|error| {
        Failure::other(
            &format!("cannot write the sample to {}", repository.display()),
            &error,
        )
    })?;
    // The facade's git: none of the user's hooks, no signing, no prompt.
    let git = Git::new(repository, CancellationToken::new());
    for arguments in [
        &["init", "--quiet", "--initial-branch=main"][..],
        &["add", "--all"],
        &[
            "-c",
            "user.name=orchestrator",
            "-c",
            "user.email=orchestrator@localhost",
            "commit",
            "--quiet",
            "-m",
            "The parcel depot",
        ],
    ] {
        git.run(arguments)
            .await
            .map_err(|error| Failure::other("cannot make the sample a git repository", &error))?;
    }
    Ok(())
}

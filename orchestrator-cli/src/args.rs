//! The command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum, value_parser};
use orchestrator_agents::MEMORY_TOKENS;
use orchestrator_agents::memory::EntryId;
use orchestrator_agents::state::Timestamp;
use orchestrator_agents::tools::Language;

/// Plan, carry out, verify and land work on a git repository.
#[derive(Debug, Parser)]
#[command(name = "orchestrator", version, about, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 sealed, 2 bad usage or refused objective, 3 ended without a \
                          seal, 130 interrupted, 1 anything else.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a mission on a repository
    #[command(after_long_help = TASK_HELP)]
    Task(TaskArguments),
    /// Run the main job on a bundled sample repository; needs no key and no network
    Demo(DemoArguments),
    /// Print the journal, or verify its hash chain
    Log(LogArguments),
    /// Show the last mission on a repository
    Status(StatusArguments),
    /// Show which hooks run around a mission, in which order, and why
    Hooks(HooksArguments),
    /// Show, add to and query what is remembered about a repository
    #[command(after_long_help = MEMORY_HELP)]
    Memory(MemoryArguments),
}

const MEMORY_HELP: &str = "\
What is remembered stands in the journal of the repository, in `.orchestrator/`: notes that you add,
what was of use to a mission for so long that it outlives it, and what missions have given up. Every
later mission begins with it, and its Planner and Workers are told what of it is relevant to their work.

Examples:

  orchestrator memory add --always \"Never touch generated/.\"
  orchestrator memory add --about deploys \"Deploys happen on Tuesdays.\"
  orchestrator memory explain \"rename a function in the parser\"";

const TASK_HELP: &str = "\
The mechanical model needs no key and no network. It knows these missions:

  apply clippy suggestions
  apply clippy suggestions pedantic     (add `including tests` for test code too)
  replace `PATTERN` with `REWRITE`      (ast-grep patterns: $A is one node, $$$ARGS several)
  rename `old_name` to `new_name`       (identifiers in code; comments and strings stay)

Your working tree and branch are not touched before the seal. Then the branch is fast-forwarded, if
the tree is clean and the branch has not moved; otherwise the result waits on the branch
`orchestrator/<mission>`.

State is kept in `.orchestrator/` in the repository, which git ignores: the journal, `todo.md`, and
the receipts. Worktrees and builds live in a cache folder outside (ORCHESTRATOR_CACHE_DIR) and are
removed when the mission ends.

Exit codes: 0 sealed, 2 bad usage or refused objective, 3 ended without a seal, 130 interrupted,
1 anything else.";

#[derive(Debug, Args)]
pub(crate) struct TaskArguments {
    /// What is to be done, in words
    pub(crate) objective: String,
    /// The repository, or a folder in it: the mission is on the whole repository
    #[arg(long, value_name = "PATH", default_value = ".")]
    pub(crate) repo: PathBuf,
    /// A command that proves the work by exiting with 0; may be given several times. Found in the
    /// repository where none is given
    #[arg(long = "check", value_name = "CMD", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) checks: Vec<String>,
    /// Work although no check can be found; the seal will say so
    #[arg(long)]
    pub(crate) allow_unverified: bool,
    /// Minutes that one check may take
    #[arg(long, value_name = "MINUTES", default_value_t = 30, value_parser = value_parser!(u64).range(1..))]
    pub(crate) check_timeout: u64,
    /// Only files that match this glob; may be given several times
    #[arg(long = "glob", value_name = "GLOB")]
    pub(crate) globs: Vec<String>,
    /// Only files of this language (rust, python, javascript, typescript, tsx, go); may be given
    /// several times
    #[arg(long = "lang", value_name = "LANGUAGE")]
    pub(crate) languages: Vec<Language>,
    #[command(flatten)]
    pub(crate) mission: MissionArguments,
}

/// What every mission can be told.
#[derive(Debug, Clone, Args)]
pub(crate) struct MissionArguments {
    /// How many Workers work at once [default: the processors, at most 10]
    #[arg(long, value_name = "N")]
    pub(crate) workers: Option<NonZeroUsize>,
    /// The model that thinks
    #[arg(long, value_enum, default_value_t = Model::Mechanical)]
    pub(crate) model: Model,
    /// Refuse to seal a mission in which anything was given up
    #[arg(long)]
    pub(crate) strict: bool,
    /// Print one JSON object a line for each event, and nothing else
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Model {
    /// Deterministic, without key or network
    Mechanical,
}

impl TaskArguments {
    pub(crate) fn check_timeout(&self) -> Duration {
        Duration::from_secs(self.check_timeout.saturating_mul(60))
    }
}

#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// Put the sample into this new folder and keep it, instead of a temporary one
    #[arg(long, value_name = "PATH")]
    pub(crate) into: Option<PathBuf>,
    /// Which of the missions to run
    #[arg(value_enum, default_value_t = DemoMission::All)]
    pub(crate) which: DemoMission,
    #[command(flatten)]
    pub(crate) mission: MissionArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DemoMission {
    /// One after the other
    All,
    /// Apply clippy suggestions pedantic
    Clippy,
    /// Replace a pattern
    Replace,
    /// Rename an identifier
    Rename,
}

#[derive(Debug, Args)]
pub(crate) struct LogArguments {
    #[command(subcommand)]
    pub(crate) action: Option<LogAction>,
    /// The repository, or a folder in it
    #[arg(long, value_name = "PATH", default_value = ".", global = true)]
    pub(crate) repo: PathBuf,
    /// Print the records as JSON, one a line
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LogAction {
    /// Check the hash chain: exit code 0 if it is whole, 1 if not
    Verify,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArguments {
    /// The repository, or a folder in it
    #[arg(long, value_name = "PATH", default_value = ".")]
    pub(crate) repo: PathBuf,
    /// Print the state as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct HooksArguments {
    /// Only those of this event, such as `before_tool_call` [default: every event that has hooks]
    pub(crate) event: Option<String>,
    /// Print the event's hooks as a graph
    #[arg(
        long,
        value_name = "LANGUAGE",
        requires = "event",
        conflicts_with = "json"
    )]
    pub(crate) graph: Option<Graph>,
    /// Print one JSON object a line for each event
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Graph {
    /// For Graphviz
    Dot,
    /// For Markdown pages
    Mermaid,
}

#[derive(Debug, Args)]
pub(crate) struct MemoryArguments {
    #[command(subcommand)]
    pub(crate) action: Option<MemoryAction>,
    /// The repository, or a folder in it
    #[arg(long, value_name = "PATH", default_value = ".", global = true)]
    pub(crate) repo: PathBuf,
    /// Print JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MemoryAction {
    /// Show all that is remembered (also without a subcommand)
    List,
    /// Remember something about the repository
    Add(MemoryAddArguments),
    /// Forget an entry for good
    Forget {
        /// Its name, such as `m3`
        id: EntryId,
    },
    /// Show what a session would be told about something, and what not, and why
    Explain {
        /// What the session works on
        query: String,
        /// How many tokens it is told at most
        #[arg(long, value_name = "TOKENS", default_value_t = MEMORY_TOKENS)]
        budget: usize,
        /// How many entries that are left out are shown
        #[arg(long, value_name = "N", default_value_t = 10)]
        left_out: usize,
    },
}

#[derive(Debug, Args)]
pub(crate) struct MemoryAddArguments {
    /// What is to be remembered
    #[arg(value_parser = words)]
    pub(crate) text: String,
    /// Tell it to every Planner and Worker, whatever they work on
    #[arg(long)]
    pub(crate) always: bool,
    /// What it is about: a later note about the same takes its place
    #[arg(long, value_name = "SUBJECT", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) about: Option<String>,
    /// The last day on which it is true, as YYYY-MM-DD in UTC
    #[arg(long, value_name = "DAY", value_parser = end_of_day)]
    pub(crate) until: Option<Timestamp>,
    /// Another entry that is worth telling where this one is; may be given several times
    #[arg(long = "see", value_name = "ID")]
    pub(crate) links: Vec<EntryId>,
}

/// A text that says something.
fn words(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("it says nothing".to_owned()),
        words => Ok(words.to_owned()),
    }
}

/// The moment after a day's last.
fn end_of_day(day: &str) -> Result<Timestamp, String> {
    let midnight: Result<Timestamp, _> = format!("{day}T00:00:00Z").parse();
    let is_day = day.len() == "2026-01-31".len();
    match midnight.ok().filter(|_| is_day) {
        Some(begin) => begin
            .checked_add(Duration::from_secs(24 * 60 * 60))
            .map_err(|_| "there is no day after it".to_owned()),
        None => Err("it is no day in the form YYYY-MM-DD".to_owned()),
    }
}

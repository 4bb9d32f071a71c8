//! `orchestrator memory`: what is remembered about a repository, and what of it a session is told.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use orchestrator_agents::memory::{
    Budget, EntryId, Explanation, MemoryConfig, MemoryEntry, MemoryStore, NewEntry, Query, Tier,
};
use orchestrator_agents::state::Timestamp;
use orchestrator_agents::{ProjectMemory, Repository};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::args::{MemoryAction, MemoryAddArguments, MemoryArguments};
use crate::exit::Failure;
use crate::journal::journal_folder;
use crate::summary::put;

pub(crate) async fn run(arguments: MemoryArguments) -> Result<ExitCode, Failure> {
    let (repo, json) = (&arguments.repo, arguments.json);
    match arguments.action {
        None | Some(MemoryAction::List) => list(&read(repo)?, json),
        Some(MemoryAction::Add(note)) => add(&top(repo).await?, note, json)?,
        Some(MemoryAction::Forget { id }) => forget(repo, id, json)?,
        Some(MemoryAction::Explain {
            query,
            budget,
            left_out,
        }) => explain(&read(repo)?, &query, budget, left_out, json)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The top of a repository that may have no memory yet.
async fn top(path: &Path) -> Result<PathBuf, Failure> {
    let cancel = CancellationToken::new();
    let repository = Repository::inspect(path, &cancel).await;
    let repository = repository.map_err(|error| Failure::usage(error.to_string()))?;
    Ok(repository.root)
}

/// The top of the repository that a path is in, which has a journal.
fn known_top(path: &Path) -> Result<PathBuf, Failure> {
    let journal = journal_folder(path)?;
    let top = journal.ancestors().nth(2).unwrap_or(&journal);
    Ok(top.to_owned())
}

fn read(path: &Path) -> Result<MemoryStore, Failure> {
    let store = ProjectMemory::read(&known_top(path)?, MemoryConfig::default());
    store.map_err(|error| Failure::other("cannot read what is remembered", &error))
}

fn list(store: &MemoryStore, json: bool) {
    if json {
        let lines = store.entries().map(|entry| format!("{}\n", object(&entry)));
        return put(&lines.collect::<String>());
    }
    let live: Vec<_> = store
        .entries()
        .filter(|entry| entry.superseded_by.is_none())
        .collect();
    let mut text = String::new();
    for (tier, title) in [
        (Tier::System, "Always told"),
        (Tier::Project, "Told where it is relevant"),
    ] {
        let mut of_tier = live.iter().filter(|entry| entry.tier == tier).peekable();
        if of_tier.peek().is_some() {
            text.push_str(&format!("{title}:\n"));
        }
        for entry in of_tier {
            text.push_str(&format!("{}{}\n", line(entry), origin(entry)));
        }
    }
    if text.is_empty() {
        text = "Nothing is remembered about this repository yet: see `orchestrator memory add \
                --help`.\n"
            .to_owned();
    }
    put(&text);
}

fn add(root: &Path, note: MemoryAddArguments, json: bool) -> Result<(), Failure> {
    let tier = match note.always {
        true => Tier::System,
        false => Tier::Project,
    };
    let mut entry = NewEntry::new(tier, note.text)
        .author("user")
        .source("orchestrator memory add")
        .time(Timestamp::now().as_second());
    if let Some(subject) = note.about {
        entry = entry.about(subject);
    }
    if let Some(end) = note.until {
        entry = entry.expires(end.as_second());
    }
    let mut memory = ProjectMemory::open(root, MemoryConfig::default())?;
    for id in note.links {
        if memory.kept().get(id).is_none() {
            return Err(nothing_named(id));
        }
        entry = entry.link(id);
    }
    let id = memory.remember(entry).map_err(not_kept)?;
    put(&match memory.kept().get(id).filter(|_| json) {
        Some(entry) => format!("{}\n", object(&entry)),
        None => format!("Remembered as {id}.\n"),
    });
    Ok(())
}

fn forget(repo: &Path, id: EntryId, json: bool) -> Result<(), Failure> {
    let root = known_top(repo)?;
    let mut memory = ProjectMemory::open(&root, MemoryConfig::default())?;
    let Some(entry) = memory.forget(id).map_err(not_kept)? else {
        let store = memory.store();
        let is_learnt = store.is_ok_and(|store| store.get(id).is_some());
        return Err(match is_learnt {
            true => Failure::usage(format!(
                "{id} is what a mission has done, which stays in the journal; it is no longer told \
                 once a mission has landed that work"
            )),
            false => nothing_named(id),
        });
    };
    put(&match json {
        true => format!("{}\n", object(&entry)),
        false => format!("Forgotten: {}\n", one_line(&entry.content)),
    });
    Ok(())
}

fn explain(
    store: &MemoryStore,
    query: &str,
    budget: usize,
    left_out: usize,
    json: bool,
) -> Result<(), Failure> {
    let query = Query::new(query).at(Timestamp::now().as_second());
    let explanation = store.explain(query, Budget::new(budget), left_out);
    let explanation = explanation.map_err(|error| Failure::usage(error.to_string()))?;
    put(&match json {
        true => format!("{}\n", explained(&explanation, budget)),
        false => in_words(&explanation, budget),
    });
    Ok(())
}

fn in_words(explanation: &Explanation, budget: usize) -> String {
    let context = &explanation.context;
    let mut text = format!(
        "Told: {} of {budget} tokens, in {}\n",
        context.tokens(),
        entries(context.entries.len())
    );
    for one in &context.entries {
        text.push_str(&format!("{}\n        {}\n", line(&one.entry), one.why));
    }
    let left_out = &explanation.left_out;
    if !left_out.is_empty() {
        text.push_str(&format!("Left out: {}\n", entries(left_out.len())));
    }
    for one in left_out {
        text.push_str(&format!("{}\n        {}\n", line(&one.entry), one.why));
    }
    text
}

fn explained(explanation: &Explanation, budget: usize) -> Value {
    let with = |entry: &MemoryEntry, why: &str| {
        let mut object = object(entry);
        object["why"] = why.into();
        object
    };
    let context = &explanation.context;
    let told = context.entries.iter();
    let left_out = explanation.left_out.iter();
    json!({
        "budget": budget,
        "tokens": context.tokens(),
        "told": told.map(|one| with(&one.entry, &one.why)).collect::<Vec<_>>(),
        "left_out": left_out.map(|one| with(&one.entry, &one.why)).collect::<Vec<_>>(),
        "prompt": context.to_string(),
    })
}

fn object(entry: &MemoryEntry) -> Value {
    let time = |seconds: Option<i64>| {
        let time = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
        time.map(|time| time.to_string())
    };
    let links = entry.links.iter().map(ToString::to_string);
    json!({
        "id": entry.id.to_string(),
        "tier": entry.tier,
        "text": &*entry.content,
        "about": entry.subject.as_deref(),
        "source": &*entry.source,
        "author": &*entry.author,
        "mission": entry.session.as_deref(),
        "time": time(entry.time),
        "expires": time(entry.expires),
        "see": links.collect::<Vec<_>>(),
        "tokens": entry.tokens,
        "superseded_by": entry.superseded_by.map(|id| id.to_string()),
    })
}

fn line(entry: &MemoryEntry) -> String {
    format!("{:>6}  {}", entry.id.to_string(), one_line(&entry.content))
}

/// Whom an entry comes from, since when, and until when it is true.
fn origin(entry: &MemoryEntry) -> String {
    let day = |seconds: Option<i64>| {
        let time = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
        time.map(|time| time.strftime("%Y-%m-%d").to_string())
    };
    let mut parts = Vec::new();
    parts.extend((!entry.author.is_empty()).then(|| format!("by {}", entry.author)));
    parts.extend(day(entry.time));
    // What ends at midnight is true on the day before.
    let last = day(entry.expires.map(|end| end - 1));
    parts.extend(last.map(|day| format!("until {day}")));
    match parts.is_empty() {
        true => String::new(),
        false => format!("  ({})", parts.join(", ")),
    }
}

/// Control characters would move the cursor of whoever reads it.
fn one_line(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().filter(|char| !char.is_control()).collect()
}

fn entries(count: usize) -> String {
    match count {
        1 => "1 entry".to_owned(),
        _ => format!("{count} entries"),
    }
}

fn nothing_named(id: EntryId) -> Failure {
    Failure::usage(format!(
        "nothing is remembered as {id}: `orchestrator memory` shows what is"
    ))
}

fn not_kept(error: orchestrator_agents::JournalMemoryError) -> Failure {
    Failure::other("the memory has not changed", &error)
}

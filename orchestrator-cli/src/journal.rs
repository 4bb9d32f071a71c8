//! `orchestrator log`: the journal, readable and verifiable.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use orchestrator_agents::state::{Journal, ReadError, Record, verify};
use serde_json::Value;

use crate::args::{LogAction, LogArguments};
use crate::exit::{Failure, chain};
use crate::summary::put;

pub(crate) fn run(arguments: &LogArguments) -> Result<ExitCode, Failure> {
    let folder = journal_folder(&arguments.repo)?;
    match arguments.action {
        None => print(&folder, arguments.json),
        Some(LogAction::Verify) => Ok(check(&folder, arguments.json)),
    }
}

/// The journal of the repository that `path` is in.
pub(crate) fn journal_folder(path: &Path) -> Result<PathBuf, Failure> {
    let start = path.canonicalize().map_err(|error| {
        Failure::usage(format!("there is no folder {}: {error}", path.display()))
    })?;
    start
        .ancestors()
        .map(|folder| folder.join(".orchestrator").join("journal"))
        .find(|folder| folder.is_dir())
        .ok_or_else(|| {
            Failure::usage(format!(
                "no mission has run on {} yet, and nothing is remembered about it: there is no \
                 .orchestrator folder in it or above it",
                path.display()
            ))
        })
}

/// Reads every record, in order.
pub(crate) fn records(
    folder: &Path,
) -> Result<impl Iterator<Item = Result<Record, ReadError>>, Failure> {
    Journal::read(folder).map_err(|error| Failure::other("cannot read the journal", &error))
}

fn print(folder: &Path, json: bool) -> Result<ExitCode, Failure> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for record in records(folder)? {
        let record =
            record.map_err(|error| Failure::other("cannot read the journal further", &error))?;
        let data = record.json().map_err(|error| {
            Failure::other(
                &format!("record {} of the journal has no JSON data", record.seq),
                &error,
            )
        })?;
        let line = if json {
            serde_json::json!({
                "seq": record.seq, "at": record.at.to_string(), "kind": record.kind,
                "data": data, "head": record.head.to_string(),
            })
            .to_string()
        } else {
            readable(&record, &data)
        };
        // A reader that has seen enough (`head`) is no failure.
        if writeln!(out, "{line}").is_err() {
            return Ok(ExitCode::SUCCESS);
        }
    }
    // The same reader may leave at the last moment.
    let _ = out.flush();
    Ok(ExitCode::SUCCESS)
}

/// A record on one line: number, time, kind, and its plain fields.
fn readable(record: &Record, data: &Value) -> String {
    let mut line = format!("{:>5}  {:.3}  {:<17}", record.seq, record.at, record.kind);
    for (name, value) in data.as_object().into_iter().flatten() {
        if name == "event" {
            continue;
        }
        let text = match value {
            Value::Null => continue,
            Value::String(text) if is_hash(text) => text[..10].to_owned(),
            Value::String(text) => one_line(text),
            Value::Array(items) => format!("[{}]", items.len()),
            Value::Object(fields) => object(fields),
            other => other.to_string(),
        };
        line.push_str(&format!("  {name}={text}"));
    }
    line
}

/// Whether a text is a commit, a tree or a digest: ten digits say enough.
fn is_hash(text: &str) -> bool {
    text.len() >= 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The fields of a receipt that matter at a glance; of other objects, how many.
fn object(fields: &serde_json::Map<String, Value>) -> String {
    let names = ["id", "stage", "task", "check", "ending", "duration_ms"];
    let known: Vec<_> = names
        .iter()
        .filter_map(|name| Some((name, fields.get(*name).filter(|value| !value.is_null())?)))
        .map(|(name, value)| format!("{name}={}", one_line(&plain(value))))
        .collect();
    if known.is_empty() {
        format!("{{{}}}", fields.len())
    } else {
        format!("{{{}}}", known.join(" "))
    }
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Text without line breaks and control characters, quoted where it has spaces.
fn one_line(text: &str) -> String {
    const MOST: usize = 120;
    let mut clean: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MOST)
        .collect();
    if text.chars().nth(MOST).is_some() {
        clean.push('…');
    }
    if clean.contains(' ') {
        format!("\"{clean}\"")
    } else {
        clean
    }
}

#[expect(clippy::print_stderr, reason = "a broken chain is told as an error")]
fn check(folder: &Path, json: bool) -> ExitCode {
    match verify(folder) {
        Ok(verified) => {
            if json {
                put(&format!(
                    "{}\n",
                    serde_json::json!({
                        "ok": true, "records": verified.records, "head": verified.head.to_string(),
                    })
                ));
            } else {
                put(&format!(
                    "the chain is whole: {} records, head {}\n",
                    verified.records, verified.head
                ));
                if verified.torn_bytes > 0 {
                    put(&format!(
                        "{} bytes of a record that was never acknowledged stand behind it\n",
                        verified.torn_bytes
                    ));
                }
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            if json {
                put(&format!(
                    "{}\n",
                    serde_json::json!({"ok": false, "error": chain(&error)})
                ));
            } else {
                eprintln!("the chain is broken: {}", chain(&error));
            }
            ExitCode::FAILURE
        }
    }
}

//! `orchestrator-eval AREA`: prints what was measured. `cargo xtask eval` calls it.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the report is what it is for"
)]

use std::path::PathBuf;
use std::process::ExitCode;

use orchestrator_eval::recall::{self, BUDGETS, COUNTS, Measured, Recall};
use orchestrator_eval::{Conversation, Line, Target, focus};

const HELP: &str = "\
orchestrator-eval memory --data DIR [--json]
orchestrator-eval focus --data DIR [--sources DIR] [--json]

  memory    how much of the evidence for questions about conversations is recalled
  focus     what is kept in view over a mission of ten thousand turns, made of the sources of
            published crates (default: those in cargo's registry cache), what cargo says, the
            conversations, and facts that are planted

  --data    a folder with conversations
";

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(words) => {
            eprintln!("orchestrator-eval: {words}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<ExitCode, String> {
    let mut words = std::env::args().skip(1);
    let area = words.next().unwrap_or_default();
    let (mut data, mut sources, mut json) = (None, None, false);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--data" => data = Some(PathBuf::from(words.next().ok_or("--data needs a folder")?)),
            "--sources" => {
                sources = Some(PathBuf::from(
                    words.next().ok_or("--sources needs a folder")?,
                ));
            }
            "--json" => json = true,
            _ => return Err(format!("`{word}` is not understood\n\n{HELP}")),
        }
    }
    if !["memory", "focus"].contains(&area.as_str()) {
        return Err(format!("there is no area `{area}`\n\n{HELP}"));
    }
    let data = data.ok_or("give a folder with conversations: --data DIR")?;
    let conversations = Conversation::read_all(&data).map_err(|error| chain(&error))?;
    if area == "focus" {
        return focus(&conversations, sources, json);
    }
    let measured = recall::measure(&conversations).map_err(|error| chain(&error))?;
    if !json {
        println!("{}", table(&measured));
    }
    let left_out = recall::leave_one_out(&conversations).map_err(|error| chain(&error))?;
    Ok(report(&recall::lines(&measured, &left_out), json))
}

fn focus(
    conversations: &[Conversation],
    sources: Option<PathBuf>,
    json: bool,
) -> Result<ExitCode, String> {
    let material = focus::Material::read(sources, conversations).map_err(|error| chain(&error))?;
    let mission = focus::Mission::new(&material, focus::TURNS);
    let measured = focus::measure(&mission);
    if !json {
        println!("{}", focus::table(&measured));
    }
    Ok(report(&focus::lines(&measured), json))
}

/// Prints the figures that have targets.
fn report(lines: &[Line], json: bool) -> ExitCode {
    for line in lines {
        if json {
            println!("{}", line.json());
            continue;
        }
        let peer = line
            .peer
            .as_ref()
            .map_or(String::new(), |(peer, name)| format!("{name} {peer:.1}"));
        let target = line.target.map_or(String::new(), |target| match target {
            Target::AtLeast(least) => format!("of {least:.1}"),
            Target::AtMost(most) => format!("<= {most:.1}"),
        });
        let met = if line.met() { "met" } else { "MISSED" };
        let (name, ours, unit) = (&line.name, line.ours, line.unit);
        println!("{name:36} {ours:6.1} {unit} {target:8} {met:6}  {peer}");
    }
    match lines.iter().all(Line::met) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// What every way recalls, over all questions and by category.
fn table(measured: &[Measured]) -> String {
    let mut text = format!("{:24}{:>9}", "evidence recalled, %", "questions");
    COUNTS
        .iter()
        .for_each(|count| text.push_str(&format!("{:>7}", format!("@{count}"))));
    BUDGETS
        .iter()
        .for_each(|tokens| text.push_str(&format!("{:>8}", format!("{tokens}t"))));
    for one in measured {
        text.push_str(&row(one.way, &one.all));
        for (category, recall) in &one.by_category {
            text.push_str(&row(&format!("  category {category}"), recall));
        }
    }
    text.push('\n');
    text
}

fn row(name: &str, recall: &Recall) -> String {
    let mut row = format!("\n{name:24}{:>9}", recall.questions());
    COUNTS
        .iter()
        .for_each(|count| row.push_str(&format!("{:7.1}", recall.in_entries(*count))));
    BUDGETS
        .iter()
        .for_each(|tokens| row.push_str(&format!("{:8.1}", recall.in_tokens(*tokens))));
    row
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}

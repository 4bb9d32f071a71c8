//! Documents as people and agents write them, and what is read in each.
//!
//! `tests/todo/NAME.md` is the document, `NAME.outline` what is found in it. With
//! `ORCHESTRATOR_BLESS=1` the outlines are written anew; look at the difference then.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{Status, TodoDocument};

pub(super) fn documents() -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/todo");
    let mut documents: Vec<(PathBuf, String)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .map(|path| (path.clone(), fs::read_to_string(path).unwrap()))
        .collect();
    documents.sort();
    documents
}

fn outline(document: &TodoDocument) -> String {
    let mut told = String::new();
    let nodes = document.outline();
    for node in &nodes {
        let item = document.at(*node).unwrap();
        let indent = "  ".repeat(node.depth);
        write!(told, "{:>3} {indent}{}", node.line + 1, item.id).unwrap();
        write!(told, " | {} | {}", item.title, item.status()).unwrap();
        if let Some(agent) = &item.agent {
            write!(told, " | agent {agent}").unwrap();
        }
        for (name, list) in [("depends", &item.depends), ("file", &item.files)] {
            if !list.is_empty() {
                write!(told, " | {name} {list:?}").unwrap();
            }
        }
        let groups = document.headings(&item.id);
        if !groups.is_empty() {
            write!(told, " | in {}", groups.join(" > ")).unwrap();
        }
        told.push('\n');
    }
    let progress = document.progress();
    writeln!(
        told,
        "pending {}, running {}, done {}, dropped {}",
        progress.pending, progress.running, progress.done, progress.dropped
    )
    .unwrap();
    for found in document.inconsistencies() {
        writeln!(told, "{found}").unwrap();
    }
    told
}

#[test]
fn documents_are_read_as_their_outlines_say() {
    let documents = documents();
    assert!(documents.len() >= 25, "{}", documents.len());
    for (path, text) in documents {
        let document = TodoDocument::parse(&text);
        assert_eq!(document.to_string(), text, "{}", path.display());
        let found = outline(&document);
        let path = path.with_extension("outline");
        if std::env::var_os("ORCHESTRATOR_BLESS").is_some() {
            fs::write(&path, &found).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(found, expected, "{}", path.display());
    }
}

#[test]
fn every_item_of_every_document_can_be_set_and_touches_its_line_alone() {
    let all = [
        Status::Pending,
        Status::Running,
        Status::Done,
        Status::Waived,
        Status::Rejected,
    ];
    let mut set = 0;
    for (path, text) in documents() {
        let document = TodoDocument::parse(&text);
        for item in document.items() {
            for status in all {
                let mut changed = document.clone();
                if changed.set_status(&item.id, status).is_err() {
                    continue;
                }
                let after = changed.to_string();
                let name = format!("{}: {} {status}", path.display(), item.id);
                super::differ_in(&text, &after, document.line_of(&item.id).unwrap(), &name);
                assert_eq!(TodoDocument::parse(&after), changed, "{name}");
                assert_eq!(changed.item(&item.id).unwrap().status(), status, "{name}");
                set += 1;
            }
        }
    }
    assert!(set > 300, "{set}");
}

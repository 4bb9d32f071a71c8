//! From a line to an item.

use std::ops::Range;

use super::item::{Mark, Status, TodoItem};
use super::layout::{Key, Layout};

/// Reads an item line; none if the line is not an item.
pub(super) fn parse_item(line: &str) -> Option<TodoItem> {
    let layout = Layout::of(line)?;
    let text = |range: &Range<usize>| &line[range.clone()];
    let mut item = TodoItem {
        id: clean_id(text(&layout.word)).to_owned(),
        title: layout.title.as_ref().map(text).unwrap_or_default().into(),
        agent: None,
        depends: Vec::new(),
        files: Vec::new(),
        mark: Mark::from_text(text(&layout.mark))?,
        word: layout
            .status(line)
            .and_then(|word| Status::from_word(text(&word))),
    };
    for field in &layout.fields {
        let value = text(&field.value);
        match field.key {
            Key::Status => {}
            Key::Agent if item.agent.is_some() || says_none(value) => {}
            Key::Agent => item.agent = Some(value.to_owned()),
            Key::Depends if says_none(value) => {}
            Key::Depends => {
                let inner = value.strip_prefix('[').and_then(|v| v.strip_suffix(']'));
                let ids = list(inner.unwrap_or(value));
                item.depends.extend(ids.map(|id| clean_id(id).to_owned()));
            }
            Key::Files => {
                let bare = |file: &str| {
                    let inner = file.strip_prefix('`').and_then(|f| f.strip_suffix('`'));
                    inner.unwrap_or(file).to_owned()
                };
                item.files.extend(list(value).map(bare));
            }
        }
    }
    Some(item)
}

fn says_none(value: &str) -> bool {
    matches!(
        value.to_lowercase().as_str(),
        "" | "-" | "–" | "—" | "none" | "n/a"
    )
}

fn list(value: &str) -> impl Iterator<Item = &str> {
    value
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

/// The id in a first word: without the colon, stop or comma behind it and without what makes it
/// bold, code, struck through, a link or bracketed. A word that is nothing else is its own id.
pub(super) fn clean_id(word: &str) -> &str {
    let mut id = word;
    loop {
        let next = undecorated(id);
        if next.is_empty() || next == id {
            return id;
        }
        id = next;
    }
}

fn undecorated(word: &str) -> &str {
    let bare = word.trim_end_matches([':', '.', ',', ';']);
    if bare != word {
        return bare;
    }
    for (open, close) in [
        ("**", "**"),
        ("~~", "~~"),
        ("`", "`"),
        ("*", "*"),
        ("(", ")"),
    ] {
        let inner = word.strip_prefix(open).and_then(|w| w.strip_suffix(close));
        if let Some(inner) = inner {
            return inner;
        }
    }
    // Bold that goes on over the title.
    for open in ["**", "~~", "`"] {
        if let Some(inner) = word.strip_prefix(open) {
            return inner;
        }
    }
    if let Some(link) = word.strip_prefix('[') {
        let text = link.split_once("](").filter(|_| link.ends_with(')'));
        let inner = text
            .map(|(text, _)| text)
            .or_else(|| link.strip_suffix(']'));
        return inner.unwrap_or(word);
    }
    match word.strip_suffix(')') {
        Some(inner) if !inner.contains('(') => inner,
        _ => word,
    }
}

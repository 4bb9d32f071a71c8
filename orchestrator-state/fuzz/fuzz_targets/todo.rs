//! Any text is a document: it is written back byte for byte, edits touch their line alone, and a
//! merge goes through and stays merged.
//!
//! `cargo fuzz run todo fuzz/corpus/todo tests/todo`, from `orchestrator-state`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use orchestrator_state::{Mark, NewItem, Status, TodoDocument};

const ALL: [Status; 5] = [
    Status::Pending,
    Status::Running,
    Status::Done,
    Status::Waived,
    Status::Rejected,
];

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let todo = TodoDocument::parse(text);
    assert_eq!(todo.to_string(), text);
    let _ = (todo.progress(), todo.inconsistencies());

    let ids: Vec<&str> = todo.items().map(|item| item.id.as_str()).take(4).collect();
    for (turn, id) in ids.iter().copied().enumerate() {
        let line = todo.line_of(id).unwrap_or_default();
        let status = ALL[(turn + text.len()) % ALL.len()];
        let mut changed = todo.clone();
        if changed.set_status(id, status).is_ok() {
            differ_in(text, &changed, line);
            assert_eq!(changed.item(id).map(|item| item.status()), Some(status));
        }
        let mut changed = todo.clone();
        let _ = changed.set_title(id, "other");
        let _ = changed.set_agent(id, Some("w1"));
        let _ = changed.set_files(id, &[]);
        differ_in(text, &changed, line);
        let mut changed = todo.clone();
        if changed.add_item(&NewItem::new("a-new-one", "new").under(id)).is_ok() {
            assert_eq!(changed.parent("a-new-one").map(|item| &*item.id), Some(id));
            assert_eq!(changed, TodoDocument::parse(&changed.to_string()));
            assert_eq!(changed.items().count(), todo.items().count() + 1);
        }
        let mut changed = todo.clone();
        if changed.remove(id).is_ok() {
            assert_eq!(changed.items().count() + 1, todo.items().count());
        }
    }

    // The front half as what was written last, the whole as what a person has made of it.
    let half = (0..=text.len() / 2).rev().find(|at| text.is_char_boundary(*at));
    let base = &text[..half.unwrap_or(0)];
    let known = |turn: usize| ALL[turn % ALL.len()];
    let records = ids.iter().enumerate().map(|(turn, id)| (*id, known(turn)));
    let (merged, edit) = TodoDocument::merge(base, text, records);
    let once = merged.to_string();
    assert_eq!(merged, TodoDocument::parse(&once));
    assert_eq!(once.lines().count(), text.lines().count());
    let taken_up = ids.iter().enumerate().map(|(turn, id)| {
        let ordered = edit.skipped.iter().chain(&edit.reopened).any(|other| other == id);
        match merged.item(id) {
            Some(item) if ordered => (*id, item.status()),
            _ => (*id, known(turn)),
        }
    });
    let (again, none) = TodoDocument::merge(&once, &once, taken_up);
    assert_eq!(again.to_string(), once);
    assert!(none.is_empty(), "{none:?}");
    for item in merged.items() {
        let believed = edit.ticked.contains(&item.id) && !ids.contains(&item.id.as_str());
        assert!(!believed || item.mark != Mark::Ticked, "{}", item.id);
    }
});

fn differ_in(before: &str, after: &TodoDocument, line: usize) {
    let after_text = after.to_string();
    assert_eq!(*after, TodoDocument::parse(&after_text));
    assert_eq!(
        before.split_inclusive('\n').count(),
        after_text.split_inclusive('\n').count()
    );
    let mut lines = before
        .split_inclusive('\n')
        .zip(after_text.split_inclusive('\n'))
        .enumerate();
    assert!(lines.all(|(index, (old, new))| old == new || index + 1 == line));
}

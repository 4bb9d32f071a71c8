//! Edits: each touches its line, and a plain list of items agrees with what comes out.

use proptest::prelude::*;

use super::{differ_in, texts};
use crate::{EditError, NewItem, Status, TodoDocument};

#[track_caller]
fn check(before: &str, edit: impl FnOnce(&mut TodoDocument) -> Result<(), EditError>, after: &str) {
    let mut document = TodoDocument::parse(before);
    edit(&mut document).unwrap();
    assert_eq!(document.to_string(), after);
    assert_eq!(document, TodoDocument::parse(after));
}

#[track_caller]
fn refused(
    before: &str,
    edit: impl FnOnce(&mut TodoDocument) -> Result<(), EditError>,
) -> EditError {
    let mut document = TodoDocument::parse(before);
    let error = edit(&mut document).unwrap_err();
    assert_eq!(document.to_string(), before);
    error
}

#[test]
fn a_parent_is_not_done_while_a_child_is_open() {
    let text = "- [ ] p\n  - [x] a\n    - [/] a1\n  - [ ] b\n  - [-] c\n    - [ ] c1\n";
    let error = refused(text, |todo| todo.set_status("p", Status::Done));
    let children = vec!["a1".to_owned(), "b".to_owned()];
    let id = "p".to_owned();
    assert_eq!(error, EditError::OpenChildren { id, children });
    assert_eq!(
        error.to_string(),
        "`p` is not done while `a1`, `b` below it is open; close or drop that first"
    );
    let mut document = TodoDocument::parse(text);
    document.set_status("a1", Status::Done).unwrap();
    document.set_status("b", Status::Rejected).unwrap();
    document.set_status("p", Status::Done).unwrap();
    assert!(document.is_done("p") && document.is_done("a"));
    assert!(document.progress().is_complete());
    // Opening a child again touches its own line; what is true changes all the same.
    document.set_status("a1", Status::Running).unwrap();
    assert_eq!(document.item("p").unwrap().status(), Status::Done);
    assert!(!document.is_done("p") && !document.is_done("a") && !document.is_done("zz"));
    assert_eq!(document.inconsistencies().len(), 2);
}

#[test]
fn the_tree_can_be_asked() {
    let todo =
        TodoDocument::parse("# A\n- [ ] p\n\t- [ ] a\n\t- [ ] b\n\t\t- [ ] c\n## B\n- [ ] q\n");
    let ids = |id| {
        todo.children(id)
            .into_iter()
            .map(|item| &item.id[..])
            .collect::<Vec<_>>()
    };
    assert_eq!(ids("p"), ["a", "b"]);
    assert_eq!(ids("b"), ["c"]);
    assert_eq!(ids("zz"), [] as [&str; 0]);
    assert_eq!(todo.parent("c").unwrap().id, "b");
    assert_eq!(todo.parent("p"), None);
    assert_eq!((todo.depth("c"), todo.depth("q")), (Some(2), Some(0)));
    assert_eq!(todo.headings("q"), ["A", "B"]);
    assert_eq!(todo.line_of("c"), Some(5));
}

#[test]
fn agents_and_titles_are_set() {
    check(
        "- [ ] t1 | a | status: pending <!-- c -->\r\n",
        |todo| todo.set_agent("t1", Some("w1")),
        "- [ ] t1 | a | status: pending | agent: w1 <!-- c -->\r\n",
    );
    check(
        "- [ ] t1 | a | AGENT:w1 | status: pending\n",
        |todo| todo.set_agent("t1", Some("w2")),
        "- [ ] t1 | a | AGENT:w2 | status: pending\n",
    );
    check(
        "- [ ] t1 | a | agent: w1 | agent: w2\n",
        |todo| todo.set_agent("t1", None),
        "- [ ] t1 | a\n",
    );
    check(
        "- [ ] t1|agent:|b",
        |todo| todo.set_agent("t1", Some("w")),
        "- [ ] t1|agent: w|b",
    );
    check(
        "- [ ] t1|b|agent:w|c",
        |todo| todo.set_agent("t1", None),
        "- [ ] t1|b|c",
    );
    check(
        "- [ ] **T1: old**\n",
        |todo| todo.set_title("T1", "new"),
        "- [ ] **T1: new**\n",
    );
    check(
        "- [ ] t1 - old | x\n",
        |todo| todo.set_title("t1", "new"),
        "- [ ] t1 - new | x\n",
    );
    check(
        "- [ ] t1\n",
        |todo| todo.set_title("t1", "new"),
        "- [ ] t1 | new\n",
    );
    check(
        "- [ ] t1 | file: a | files: b\n",
        |todo| todo.set_files("t1", &["c".to_owned()]),
        "- [ ] t1 | file: c\n",
    );
    check(
        "- [ ] t1 a\n",
        |todo| todo.set_depends("t1", &["t2".to_owned(), "t3".to_owned()]),
        "- [ ] t1 a | depends: t2,t3\n",
    );
}

/// Taken away whole, the words behind `status:` would leave a comment open, and with it all lines to
/// the next `-->`.
#[test]
fn a_status_with_comments_or_code_behind_it_leaves_them_alone() {
    for (before, after) in [
        (
            "- [ ] t1 <!-- w | status: blocked by --> me\n- [ ] t2\n-->\n",
            "- [-] t1 <!-- w | status: waived by --> me\n- [ ] t2\n-->\n",
        ),
        (
            "- [ ] t1 `<!-- | status: who` knows\n- [ ] t2\n-->\n",
            "- [-] t1 `<!-- | status:  waived who` knows\n- [ ] t2\n-->\n",
        ),
        (
            "- [ ] t1 <!-- w | status:--> | a\n",
            "- [-] t1 <!-- w | status: waived --> | a\n",
        ),
    ] {
        check(before, |todo| todo.set_status("t1", Status::Waived), after);
        let todo = TodoDocument::parse(after);
        assert_eq!(todo.item("t1").unwrap().status(), Status::Waived);
    }
}

#[test]
fn what_would_be_read_as_something_else_is_refused() {
    let text = "- [ ] t1 a\n- [ ] t2 b <!-- c -->\n";
    for title in [
        "a | b",
        "a\nb",
        "status: done",
        " a",
        "a <!-- b",
        "<!-- b -->",
    ] {
        let error = refused(text, |todo| todo.set_title("t1", title));
        assert!(
            matches!(error, EditError::Unfit { part: "title", .. }),
            "{title}"
        );
    }
    for agent in ["a | b", "none", "", "a\r\nb"] {
        let error = refused(text, |todo| todo.set_agent("t1", Some(agent)));
        assert!(
            matches!(error, EditError::Unfit { part: "agent", .. }),
            "{agent}"
        );
    }
    let error = refused(text, |todo| todo.set_title("t", "a"));
    assert!(matches!(error, EditError::Unknown { .. }));
    let error = refused("- [ ] t a\n- [ ] t b\n", |todo| todo.set_agent("t", None));
    assert!(matches!(error, EditError::Ambiguous { count: 2, .. }));
}

#[test]
fn items_are_added_where_they_belong() {
    let text = "# A\n\n- [ ] p\n  - [ ] a\n    note\n\n- [ ] q\n\n## B\n\nWords.\n\n## C\n";
    let line = "n | new | status: pending";
    let new = || NewItem::new("n", "new");
    let after = |old: &str, new: &str| text.replacen(old, new, 1);
    check(
        text,
        |todo| todo.add_item(&new().under("p")),
        &after("    note\n", &format!("    note\n  - [ ] {line}\n")),
    );
    check(
        text,
        |todo| todo.add_item(&new().under("a")),
        &after("    note\n", &format!("    note\n    - [ ] {line}\n")),
    );
    check(
        text,
        |todo| todo.add_item(&new().in_group("A")),
        &after("- [ ] q\n", &format!("- [ ] q\n- [ ] {line}\n")),
    );
    check(
        text,
        |todo| todo.add_item(&new().in_group("B")),
        &after("Words.\n", &format!("Words.\n- [ ] {line}\n")),
    );
    check(
        text,
        |todo| todo.add_item(&new().in_group("C")),
        &format!("{text}- [ ] {line}\n"),
    );
    check(
        "1. [ ] p\n   9) [ ] a\n",
        |todo| todo.add_item(&new().under("p")),
        &format!("1. [ ] p\n   9) [ ] a\n   10) [ ] {line}\n"),
    );
    check(
        "1. [ ] p",
        |todo| todo.add_item(&new().under("p")),
        &format!("1. [ ] p\n   - [ ] {line}"),
    );
    check(
        "- [ ] p\n\t- [ ] a\n",
        |todo| todo.add_item(&new().under("a")),
        &format!("- [ ] p\n\t- [ ] a\n\t\t- [ ] {line}\n"),
    );
    let error = refused(text, |todo| todo.add_item(&new().in_group("D")));
    assert!(matches!(error, EditError::Heading { count: 0, .. }));
    let error = refused(text, |todo| todo.add_item(&new().under("q").in_group("B")));
    assert!(matches!(error, EditError::Heading { count: 0, .. }));
    let error = refused(text, |todo| todo.add_item(&new().under("zz")));
    assert!(matches!(error, EditError::Unknown { .. }));
}

#[test]
fn items_are_removed_with_their_notes() {
    let text = "- [ ] p\n  - [ ] a\n    note\n\n    ```\n- [ ] no\n    ```\n  - [ ] b\nend\n";
    check(
        text,
        |todo| todo.remove("a").map(drop),
        "- [ ] p\n  - [ ] b\nend\n",
    );
    let error = refused(text, |todo| todo.remove("p").map(drop));
    assert!(matches!(error, EditError::HasChildren { children, .. } if children == ["a", "b"]));
    // Without its line, the next would stand under the first.
    let text = "- [ ] a\n - [ ] b\n  - [ ] c\n";
    let error = refused(text, |todo| todo.remove("b").map(drop));
    assert!(matches!(error, EditError::Entangled { .. }));
}

/// What a plain list of items knows.
#[derive(Debug, Clone)]
struct Plain {
    id: String,
    title: String,
    agent: Option<String>,
    status: Status,
    parent: Option<String>,
}

#[derive(Debug, Clone)]
enum Step {
    Add(u8, Option<u8>),
    Set(u8, Status),
    Title(u8, u8),
    Agent(u8, Option<u8>),
    Remove(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let status = prop::sample::select(vec![
        Status::Pending,
        Status::Running,
        Status::Done,
        Status::Done,
        Status::Waived,
        Status::Rejected,
    ]);
    let id = 0..12_u8;
    let step = prop_oneof![
        3 => (id.clone(), prop::option::of(id.clone())).prop_map(|(id, parent)| Step::Add(id, parent)),
        4 => (id.clone(), status).prop_map(|(id, status)| Step::Set(id, status)),
        1 => (id.clone(), any::<u8>()).prop_map(|(id, title)| Step::Title(id, title)),
        1 => (id.clone(), prop::option::of(any::<u8>())).prop_map(|(id, agent)| Step::Agent(id, agent)),
        1 => id.prop_map(Step::Remove),
    ];
    prop::collection::vec(step, 1..40)
}

fn open_below(model: &[Plain], id: &str) -> bool {
    model
        .iter()
        .filter(|item| item.parent.as_deref() == Some(id))
        .any(|item| match item.status {
            Status::Waived | Status::Rejected => false,
            Status::Done => open_below(model, &item.id),
            _ => true,
        })
}

/// Does a step on the list; whether it is to be refused.
fn plain_step(model: &mut Vec<Plain>, step: &Step) -> bool {
    let name = |id: u8| format!("t{id}");
    let place = |model: &[Plain], id: u8| model.iter().position(|item| item.id == name(id));
    match step {
        Step::Add(id, parent) => {
            let known = parent.is_none_or(|parent| place(model, parent).is_some());
            if place(model, *id).is_some() || !known {
                return true;
            }
            model.push(Plain {
                id: name(*id),
                title: "new".to_owned(),
                agent: None,
                status: Status::Pending,
                parent: parent.map(name),
            });
        }
        Step::Set(id, status) => {
            let Some(at) = place(model, *id) else {
                return true;
            };
            if *status == Status::Done && open_below(model, &name(*id)) {
                return true;
            }
            model[at].status = *status;
        }
        Step::Title(id, title) => {
            let Some(at) = place(model, *id) else {
                return true;
            };
            model[at].title = format!("title {title}");
        }
        Step::Agent(id, agent) => {
            let Some(at) = place(model, *id) else {
                return true;
            };
            model[at].agent = agent.map(|agent| format!("w{agent}"));
        }
        Step::Remove(id) => {
            let Some(at) = place(model, *id) else {
                return true;
            };
            if model.iter().any(|item| item.parent == Some(name(*id))) {
                return true;
            }
            model.remove(at);
        }
    }
    false
}

fn step(todo: &mut TodoDocument, step: &Step) -> Result<(), EditError> {
    let name = |id: u8| format!("t{id}");
    match step {
        Step::Add(id, parent) => {
            let mut item = NewItem::new(name(*id), "new");
            item.parent = parent.map(name);
            todo.add_item(&item)
        }
        Step::Set(id, status) => todo.set_status(&name(*id), *status),
        Step::Title(id, title) => todo.set_title(&name(*id), &format!("title {title}")),
        Step::Agent(id, agent) => {
            let agent = agent.map(|agent| format!("w{agent}"));
            todo.set_agent(&name(*id), agent.as_deref())
        }
        Step::Remove(id) => todo.remove(&name(*id)).map(drop),
    }
}

#[track_caller]
fn same(todo: &TodoDocument, model: &[Plain]) {
    assert_eq!(todo.items().count(), model.len(), "{todo}");
    for plain in model {
        let item = todo.item(&plain.id).unwrap();
        assert_eq!(item.title, plain.title);
        assert_eq!(item.agent, plain.agent);
        assert_eq!(item.status(), plain.status);
        assert_eq!(
            todo.parent(&plain.id).map(|item| item.id.clone()),
            plain.parent
        );
        if plain.status != Status::Done || open_below(model, &plain.id) {
            assert!(!todo.is_done(&plain.id), "{todo}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_plain_list_agrees(
        steps in steps(),
        around in prop::sample::select(vec!["", "# Plan\n\n", "\u{feff}# Plan\r\n", "- plain\n"]),
    ) {
        let mut todo = TodoDocument::parse(around);
        let mut model = Vec::new();
        for one in &steps {
            let before = todo.to_string();
            let refused = plain_step(&mut model, one);
            prop_assert_eq!(step(&mut todo, one).is_err(), refused, "{:?}\n{}", one, before);
            if refused {
                prop_assert_eq!(todo.to_string(), before);
            }
            prop_assert_eq!(&todo, &TodoDocument::parse(&todo.to_string()));
            same(&todo, &model);
        }
        prop_assert!(todo.to_string().starts_with(around));
    }

    #[test]
    fn each_edit_of_any_document_touches_one_line(text in texts(), which in 0..6_usize) {
        let mut todo = TodoDocument::parse(&text);
        let Some(line) = todo.line_of("t1") else { return Ok(()) };
        let done = match which {
            0 => todo.set_title("t1", "other"),
            1 => todo.set_agent("t1", Some("w1")),
            2 => todo.set_agent("t1", None),
            3 => todo.set_depends("t1", &["t9".to_owned()]),
            4 => todo.set_files("t1", &[]),
            _ => todo.set_files("t1", &["x.rs".to_owned(), "y.rs".to_owned()]),
        };
        let after = todo.to_string();
        if done.is_err() {
            prop_assert_eq!(&after, &text);
        }
        differ_in(&text, &after, line, "edit");
        prop_assert_eq!(&todo, &TodoDocument::parse(&after));
    }

    #[test]
    fn what_is_added_or_removed_is_all_that_changes(text in texts(), which in 0..3_usize) {
        let before = TodoDocument::parse(&text);
        let mut todo = before.clone();
        let new = NewItem::new("t77", "new");
        let done = match which {
            0 => todo.add_item(&new),
            1 => todo.add_item(&new.clone().under("t1")),
            _ => todo.remove("t1").map(drop),
        };
        let after = todo.to_string();
        prop_assert_eq!(&todo, &TodoDocument::parse(&after));
        if done.is_err() {
            prop_assert_eq!(after, text);
        } else if which < 2 {
            todo.remove("t77").unwrap();
            // A line break that the last line did not have is all that stays.
            let left = todo.to_string();
            prop_assert_eq!(left.trim_end(), text.trim_end());
        } else {
            prop_assert_eq!(todo.items().count() + 1, before.items().count());
        }
    }
}

//! Tests of the document: what is found, what is kept, what is merged.

mod corpus;
mod edits;
mod merges;

use proptest::prelude::*;

use super::*;

const PLAN: &str = "\
# Plan

- [ ] t1 | mend the needless returns | file: src/a.rs, src/b.rs | status: pending
- [/] t10 | run the codemod | depends: t1,t2 | status: running
  - [x] t10.1 a nested one
* [-] t2 | not wanted | status: waived

```md
- [ ] t3 | this is code | status: pending
```
- [X] t4: last";

fn ids(text: &str) -> Vec<String> {
    let document = TodoDocument::parse(text);
    document.items().map(|item| item.id.clone()).collect()
}

#[track_caller]
fn check_set(before: &str, status: Status, after: &str) {
    let mut document = TodoDocument::parse(before);
    document.set_status("t1", status).unwrap();
    assert_eq!(document.to_string(), after);
    assert_eq!(document, TodoDocument::parse(after));
    assert_eq!(document.item("t1").unwrap().status(), status);
}

#[test]
fn items_are_found_outside_of_code() {
    assert_eq!(ids(PLAN), ["t1", "t10", "t10.1", "t2", "t4"]);
    let document = TodoDocument::parse(PLAN);
    let t1 = document.item("t1").unwrap();
    assert_eq!(t1.title, "mend the needless returns");
    assert_eq!(t1.files, ["src/a.rs", "src/b.rs"]);
    let t10 = document.item("t10").unwrap();
    assert_eq!(t10.depends, ["t1", "t2"]);
    assert_eq!(t10.status(), Status::Running);
    assert_eq!(document.item("t10.1").unwrap().title, "a nested one");
    assert_eq!(document.item("t10.1").unwrap().status(), Status::Done);
    assert_eq!(document.item("t4").unwrap().title, "last");
}

#[test]
fn t1_is_not_t10() {
    let mut document = TodoDocument::parse("- [ ] t10 | ten\n- [ ] t1 | one\n- [ ] t11 | eleven\n");
    document.set_status("t1", Status::Done).unwrap();
    assert_eq!(
        document.to_string(),
        "- [ ] t10 | ten\n- [x] t1 | one\n- [ ] t11 | eleven\n"
    );
    let unknown = document.set_status("t", Status::Done);
    assert_eq!(unknown, Err(EditError::Unknown { id: "t".to_owned() }));
}

#[test]
fn what_looks_like_an_item_and_is_none() {
    for text in [
        "- [ ]",
        "- [ ] ",
        "- [ ]t1",
        "-[ ] t1",
        "- [?] t1",
        "- [ ] | t1",
        "[ ] t1",
        "- [é] t1",
    ] {
        assert_eq!(ids(text), [] as [&str; 0], "{text}");
    }
    assert_eq!(
        ids("~~~\n- [ ] t1\n```\n- [ ] t2\n~~~~\n- [ ] t3\n"),
        ["t3"]
    );
    assert_eq!(ids("``\n- [ ] t1\n"), ["t1"]);
    assert_eq!(ids("```a`b\n- [ ] t1\n"), ["t1"]);
}

#[test]
fn a_status_changes_the_box_and_the_word() {
    check_set(
        "- [ ] t1 | a | status: pending\n",
        Status::Done,
        "- [x] t1 | a | status: done\n",
    );
    check_set(
        "- [ ] t1 | status:pending| b\r\n",
        Status::Running,
        "- [/] t1 | status:running| b\r\n",
    );
    check_set(
        "- [/] t1 | a | status:",
        Status::Waived,
        "- [-] t1 | a | status: waived",
    );
    check_set(
        "- [/] t1 | status:  | b\n",
        Status::Done,
        "- [x] t1 | status: done  | b\n",
    );
    check_set(
        "\t+ [ ]  t1 a  \r\n",
        Status::Rejected,
        "\t+ [-]  t1 a | status: rejected  \r\n",
    );
    check_set("- [ ] t1 a\n", Status::Done, "- [x] t1 a\n");
    check_set(
        "- [X] t1 | status: done\n",
        Status::Done,
        "- [X] t1 | status: done\n",
    );
    check_set(
        "- [ ] t1 | status: soon\n",
        Status::Pending,
        "- [ ] t1 | status: pending\n",
    );
}

#[test]
fn the_box_is_right_where_the_word_disagrees() {
    let status = |text: &str| TodoDocument::parse(text).item("t1").unwrap().status();
    assert_eq!(status("- [-] t1 | status: pending"), Status::Waived);
    assert_eq!(status("- [-] t1 | status: rejected"), Status::Rejected);
    assert_eq!(status("- [ ] t1 | status: done"), Status::Pending);
}

#[test]
fn an_id_on_two_lines_is_refused() {
    let mut document = TodoDocument::parse("- [ ] t1 a\n- [ ] t1 b\n");
    let ambiguous = EditError::Ambiguous {
        id: "t1".to_owned(),
        count: 2,
    };
    assert_eq!(document.set_status("t1", Status::Done), Err(ambiguous));
}

#[test]
fn an_item_is_added_behind_the_last_one() {
    let mut item = NewItem::new("t9", "more");
    item.depends = vec!["t1".to_owned(), "t2".to_owned()];
    item.files = vec!["a.rs".to_owned()];
    let line = "- [ ] t9 | more | depends: t1,t2 | file: a.rs | status: pending";
    for (before, after) in [
        ("", format!("{line}\n")),
        ("# Plan\r\n", format!("# Plan\r\n{line}\r\n")),
        (
            "- [ ] t1\n  more of it\n\nend\n",
            format!("- [ ] t1\n  more of it\n{line}\n\nend\n"),
        ),
        ("- [ ] t1", format!("- [ ] t1\n{line}")),
    ] {
        let mut document = TodoDocument::parse(before);
        document.add_item(&item).unwrap();
        assert_eq!(document.to_string(), after);
        assert_eq!(document, TodoDocument::parse(&after));
    }
}

#[test]
fn an_item_that_would_not_be_read_back_is_refused() {
    let add = |text: &str, item: NewItem| TodoDocument::parse(text).add_item(&item);
    let unfit = |item| matches!(add("", item), Err(EditError::Unfit { .. }));
    assert!(unfit(NewItem::new("t 1", "a")));
    assert!(unfit(NewItem::new("", "a")));
    assert!(unfit(NewItem::new("t1", "a | b")));
    assert!(unfit(NewItem::new("t1", "a\n- [ ] t2")));
    assert!(unfit(NewItem::new("t1", "status: done")));
    let mut listed = NewItem::new("t1", "a");
    listed.files = vec!["a,b".to_owned()];
    assert!(unfit(listed));
    let again = add("- [ ] t1", NewItem::new("t1", "a"));
    assert_eq!(
        again,
        Err(EditError::Exists {
            id: "t1".to_owned()
        })
    );
    assert_eq!(
        add("```\n", NewItem::new("t1", "a")),
        Err(EditError::OpenFence)
    );
}

#[test]
fn a_hand_edit_is_kept_and_told() {
    let base = "- [ ] t1 a\n- [/] t2 b\n- [ ] t3 c\n- [x] t4 d\n- [-] t5 e\n- [ ] t6 f\n";
    let disk = "Note: hurry!\n- [x] t1 a, reworded\n- [-] t2 b\n- [ ] t4 d\n- [ ] t5 e\n- [ ] t6 f\n- [x] t7 g\n";
    let known = [
        ("t1", Status::Running),
        ("t2", Status::Running),
        ("t3", Status::Pending),
        ("t4", Status::Done),
        ("t5", Status::Rejected),
        ("t6", Status::Done),
    ];
    let (merged, edit) = TodoDocument::merge(base, disk, known);
    assert_eq!(
        merged.to_string(),
        "Note: hurry!\n- [/] t1 a, reworded\n- [-] t2 b\n- [x] t4 d\n- [ ] t5 e\n- [x] t6 f\n- [ ] t7 g\n"
    );
    assert_eq!(edit.ticked, ["t1", "t7"]);
    assert_eq!(edit.skipped, ["t2"]);
    assert_eq!(edit.reopened, ["t4", "t5"]);
    assert_eq!(edit.removed, ["t3"]);
    assert_eq!(edit.added, ["t7"]);
}

#[test]
fn no_edit_is_no_edit() {
    let known = [
        ("t1", Status::Pending),
        ("t10", Status::Running),
        ("t2", Status::Waived),
    ];
    let (merged, edit) = TodoDocument::merge(PLAN, PLAN, known);
    assert_eq!(merged.to_string(), PLAN);
    assert!(edit.is_empty(), "{edit:?}");
    assert_eq!(merged.content_hash(), Digest::of(PLAN.as_bytes()));
}

/// Texts made of the pieces that the parser looks at.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "- [ ] ",
        "* [x] ",
        "+ [-] ",
        "[/]",
        "t1",
        "t2",
        "t10",
        " ",
        "  ",
        "\t",
        "|",
        " | ",
        "status:",
        "depends: t1",
        "file:",
        "Agent: w",
        "**",
        "`",
        "<!--",
        "-->",
        "1. [ ] ",
        "\n- [ ] t1 ",
        "\n  - [x] t2 ",
        "\n\t- [ ] t10 ",
        "\u{feff}",
        "---\n",
        "pending",
        "done",
        "rejected",
        "\n",
        "\n",
        "\r\n",
        "\r",
        "```",
        "~~~",
        "# Plan",
        "é",
        "\u{2003}",
        ",",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_kept(text in any::<String>()) {
        prop_assert_eq!(TodoDocument::parse(&text).to_string(), text);
    }

    #[test]
    fn any_likely_text_is_kept(text in texts()) {
        prop_assert_eq!(TodoDocument::parse(&text).to_string(), text);
    }

    #[test]
    fn a_status_touches_one_line(text in texts(), which in 0..5_usize) {
        let all = [Status::Pending, Status::Running, Status::Done, Status::Waived, Status::Rejected];
        let status = all[which];
        let mut document = TodoDocument::parse(&text);
        if document.set_status("t1", status).is_ok() {
            let after = document.to_string();
            let (old, new): (Vec<_>, Vec<_>) =
                (text.split_inclusive('\n').collect(), after.split_inclusive('\n').collect());
            prop_assert_eq!(old.len(), new.len());
            let touched = old.iter().zip(&new).filter(|(old, new)| old != new).count();
            prop_assert!(touched <= 1);
            prop_assert_eq!(document.item("t1").unwrap().status(), status);
            prop_assert_eq!(&document, &TodoDocument::parse(&after));
            document.set_status("t1", status).unwrap();
            prop_assert_eq!(document.to_string(), after);
        }
    }
}

/// Two texts have the same lines but for one, counted from 1.
#[track_caller]
fn differ_in(before: &str, after: &str, line: usize, name: &str) {
    let (old, new): (Vec<_>, Vec<_>) = (
        before.split_inclusive('\n').collect(),
        after.split_inclusive('\n').collect(),
    );
    assert_eq!(old.len(), new.len(), "{name}\n{before}\n---\n{after}");
    for (index, (old, new)) in old.iter().zip(&new).enumerate() {
        assert!(
            old == new || index + 1 == line,
            "{name}: line {}\n{old}{new}",
            index + 1
        );
    }
}

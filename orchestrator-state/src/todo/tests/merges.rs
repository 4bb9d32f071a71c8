//! Merges: no hand edit is lost, boxes tell the truth, and what is merged stays merged.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::texts;
use crate::{ConflictKind, HandEdit, KnownItem, Mark, Status, TodoDocument};

fn told(base: &str, disk: &str, known: &[(&str, Status)]) -> Vec<String> {
    let (_, edit) = TodoDocument::merge(base, disk, known.iter().copied());
    edit.conflicts.iter().map(ToString::to_string).collect()
}

#[test]
fn conflicts_are_told_in_the_terms_of_the_file() {
    let one = |base: &str, disk: &str, status| told(base, disk, &[("t3", status)]).join("\n");
    assert_eq!(
        one(
            "# Plan\n- [/] t3 a\n",
            "# Plan\n\n- [x] t3 a\n",
            Status::Running
        ),
        "line 3: `t3` was ticked by hand, but our records say running; the box was set back"
    );
    assert_eq!(
        one("- [ ] t3\n", "- [ ] t3\n- [x] t4\n", Status::Pending),
        "line 2: `t4` was ticked by hand, but our records do not know it; the box was set back"
    );
    assert_eq!(
        one("- [/] t3\n", "- [-] t3\n", Status::Done),
        "line 1: `t3` was marked `[-]` by hand, but our records say done; the box was set back"
    );
    assert_eq!(
        one("- [x] t3\n", "- [ ] t3\n", Status::Done),
        "line 1: `t3` was reopened by hand, but our records say done; the box was set back"
    );
    assert_eq!(
        one("- [ ] t3\n", "- [/] t3\n", Status::Pending),
        "line 1: `t3` was marked `[/]` by hand, but our records say pending; the box was set back"
    );
    assert_eq!(
        one(
            "- [ ] t3 | status: pending\n",
            "- [ ] t3 | status: blocked by rain\n",
            Status::Pending
        ),
        "line 1: the status of `t3` was changed to \"blocked by rain\" by hand, but our records \
         say pending; the field was set back"
    );
    assert_eq!(
        one("\n- [ ] t3\n", "", Status::Running),
        "line 2 before the edit: `t3` was removed by hand, but our records say running; its line \
         stays out"
    );
    assert_eq!(
        one("- [ ] t3\n", "- [ ] t3\n- [ ] t3\n", Status::Pending),
        "line 1: `t3` stands on lines 1, 2; they got one status, give each an id of its own"
    );
    // Where both sides say the same, there is nothing to tell.
    assert_eq!(one("- [ ] t3\n", "- [x] t3\n", Status::Done), "");
    assert_eq!(one("- [ ] t3\n", "- [-] t3\n", Status::Pending), "");
    assert_eq!(one("- [ ] t3\n", "", Status::Pending), "");
}

#[test]
fn lines_of_one_id_are_each_compared_with_what_they_were() {
    let text = "- [/] t1 a\n- [x] t1 b\n";
    let (merged, edit) = TodoDocument::merge(text, text, [("t2", Status::Done)]);
    assert_eq!(merged.to_string(), text);
    assert!(edit.is_empty(), "{edit:?}");
    let disk = "- [/] t1 a\n- [-] t1 b\n";
    let (merged, edit) = TodoDocument::merge(text, disk, [("t1", Status::Running)]);
    assert_eq!(edit.skipped, ["t1"]);
    assert_eq!(merged.to_string(), "- [-] t1 a\n- [-] t1 b\n");
}

#[test]
fn titles_and_fields_are_merged_too() {
    let base = "- [ ] t1 | a | agent: w1 | file: a.rs\n";
    let mut known = KnownItem::from(TodoDocument::parse(base).item("t1").unwrap());
    known.status = Status::Running;
    known.title = Some("b".to_owned());
    known.agent = Some(Some("w2".to_owned()));
    known.depends = Some(vec!["t9".to_owned()]);

    let (merged, edit) = TodoDocument::merge(base, base, [("t1", known.clone())]);
    let ours = "- [/] t1 | b | agent: w2 | file: a.rs | depends: t9\n";
    assert_eq!(merged.to_string(), ours);
    assert!(edit.is_empty(), "{edit:?}");

    let disk = "- [ ] t1 | c | agent: w1 | file: a.rs, b.rs\n";
    let (merged, edit) = TodoDocument::merge(base, disk, [("t1", known.clone())]);
    let both = "- [/] t1 | c | agent: w2 | file: a.rs, b.rs | depends: t9\n";
    assert_eq!(merged.to_string(), both);
    assert_eq!(edit.reworded, ["t1"]);
    let told: Vec<String> = edit.conflicts.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "line 1: the title of `t1` is \"c\" in the file and \"b\" in our records; the file was \
          left as it is"
        ]
    );

    // What does not fit into a line is told rather than written.
    known.title = Some("b | c".to_owned());
    let (merged, edit) = TodoDocument::merge(base, base, [("t1", known)]);
    assert_eq!(merged.item("t1").unwrap().title, "a");
    assert!(matches!(
        edit.conflicts[0].kind,
        ConflictKind::Part { part: "title", .. }
    ));
}

fn known() -> impl Strategy<Value = BTreeMap<&'static str, Status>> {
    let status = prop::sample::select(vec![
        Status::Pending,
        Status::Running,
        Status::Done,
        Status::Waived,
        Status::Rejected,
    ]);
    let id = prop::sample::select(vec!["t1", "t2", "t10"]);
    prop::collection::btree_map(id, status, 0..4)
}

/// The records when they have taken up what the edit orders.
fn taken_up(
    known: &BTreeMap<&'static str, Status>,
    merged: &TodoDocument,
    edit: &HandEdit,
) -> BTreeMap<String, Status> {
    let mut known: BTreeMap<String, Status> = known
        .iter()
        .map(|(id, status)| ((*id).to_owned(), *status))
        .collect();
    for id in edit.skipped.iter().chain(&edit.reopened) {
        let status = merged.item(id).unwrap().status();
        known.insert(id.clone(), status);
    }
    known
}

/// A line without what a merge may set: what is in the box, and the word of the status.
fn bare(text: &str) -> Vec<String> {
    let mut document = TodoDocument::parse(text);
    for index in 0..document.lines.len() {
        // To `rejected`, which is the one that is written out where there was no word. By way of another, for
        // a person's own form of `rejected` would stay.
        document.set_line(index, Status::Pending);
        document.set_line(index, Status::Rejected);
    }
    document
        .to_string()
        .split_inclusive('\n')
        .map(str::to_owned)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn merges_lose_no_hand_edit_and_tell_the_truth(
        base in texts(),
        disk in texts(),
        known in known(),
    ) {
        let records = known.iter().map(|(id, status)| (*id, *status));
        let (merged, edit) = TodoDocument::merge(&base, &disk, records);
        let text = merged.to_string();
        prop_assert_eq!(&merged, &TodoDocument::parse(&text));
        prop_assert_eq!(bare(&text), bare(&disk));

        let hand = TodoDocument::parse(&disk);
        for (item, by_hand) in merged.items().zip(hand.items()) {
            let ordered = edit.skipped.contains(&item.id) || edit.reopened.contains(&item.id);
            if let Some(status) = known.get(item.id.as_str()) {
                prop_assert!(ordered || item.status() == *status, "{}: {}", item.id, text);
            } else {
                prop_assert_ne!(item.mark == Mark::Ticked && edit.ticked.contains(&item.id), true);
            }
            // A box that is not as the person left it is told. (Of lines with one id, one is.)
            if item.mark != by_hand.mark && hand.lines_of(&item.id).len() == 1 {
                let was = TodoDocument::parse(&base).item(&item.id).map_or(Mark::Open, |i| i.mark);
                let told = edit.conflicts.iter().any(|conflict| conflict.id == item.id
                    && matches!(conflict.kind, ConflictKind::Box { hand, .. } if hand == by_hand.mark));
                prop_assert_eq!(told, by_hand.mark != was, "{}\n{}\n{:?}", disk, text, edit);
            }
        }

        // Once written and taken up, it is no edit any more.
        let known = taken_up(&known, &merged, &edit);
        let records = known.iter().map(|(id, status)| (id.as_str(), *status));
        let (again, none) = TodoDocument::merge(&text, &text, records.clone());
        prop_assert_eq!(again.to_string(), text.clone());
        prop_assert!(none.is_empty(), "{:?}", none);
        // And so where the crash came between the two.
        let (again, _) = TodoDocument::merge(&base, &text, records);
        prop_assert_eq!(again.to_string(), text);
    }
}

/// The control: the same checks see a merge that takes the file for the truth.
#[test]
fn a_merge_that_believes_ticks_is_seen() {
    let (base, disk) = ("- [ ] t1\n", "- [x] t1\n");
    let believing = TodoDocument::parse(disk);
    let (merged, _) = TodoDocument::merge(base, disk, [("t1", Status::Running)]);
    assert_ne!(believing.item("t1").unwrap().status(), Status::Running);
    assert_eq!(merged.item("t1").unwrap().status(), Status::Running);
}

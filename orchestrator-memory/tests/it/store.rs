//! Adding, superseding, turns, recall and ends.

use orchestrator_memory::{
    Budget, Context, EntryId, MemoryConfig, MemoryEntry, MemoryStore, NewEntry, Query, RecallError,
    SupersedeError, Tier,
};

fn store() -> MemoryStore {
    MemoryStore::new(MemoryConfig::default())
}

fn ids(context: &Context) -> Vec<EntryId> {
    context
        .entries
        .iter()
        .map(|recalled| recalled.entry.id)
        .collect()
}

fn plenty() -> Budget {
    Budget::new(100_000)
}

#[test]
fn the_same_text_is_kept_once_in_a_tier_and_task() {
    let mut store = store();
    let first = store.add(NewEntry::new(Tier::Project, "same").importance(0.2));
    let again = store.add(
        NewEntry::new(Tier::Project, "same")
            .importance(0.7)
            .pinned(),
    );
    assert_eq!(first, again);
    let entry = store.get(first).unwrap();
    assert!(entry.pinned && entry.importance == 0.7);
    assert!(store.gate(first).unwrap().is_open());
    assert_ne!(store.add(NewEntry::new(Tier::Mission, "same")), first);
    let one = store.add(NewEntry::for_task("1", "same"));
    assert_ne!(store.add(NewEntry::for_task("2", "same")), one);
    assert_eq!(store.entries().count(), 4);
}

#[test]
fn the_superseded_is_kept_but_not_recalled() {
    let mut store = store();
    let old = store.add(NewEntry::new(Tier::Project, "tabs"));
    let new = store.add(NewEntry::new(Tier::Project, "spaces"));
    store.supersede(old, new).unwrap();
    assert_eq!(ids(&store.recall("tabs", plenty()).unwrap()), [new]);
    assert_eq!(store.get(old).unwrap().superseded_by, Some(new));
    // Said again, it is news.
    let back = store.add(NewEntry::new(Tier::Project, "tabs"));
    assert_ne!(back, old);
    store.supersede(new, back).unwrap();
    assert_eq!(ids(&store.recall("", plenty()).unwrap()), [back]);
}

#[test]
fn superseding_refuses_what_would_lose_knowledge() {
    let mut store = store();
    let project = store.add(NewEntry::new(Tier::Project, "p"));
    let mission = store.add(NewEntry::new(Tier::Mission, "m"));
    let one = store.add(NewEntry::for_task("1", "t1"));
    let two = store.add(NewEntry::for_task("2", "t2"));
    let shorter = |old, tier, new| Err(SupersedeError::ShorterLived { old, tier, new });
    assert_eq!(
        store.supersede(project, mission),
        shorter(project, Tier::Project, mission)
    );
    assert_eq!(store.supersede(one, two), shorter(one, Tier::Task, two));
    assert_eq!(
        store.supersede(one, one),
        Err(SupersedeError::Itself { id: one })
    );
    store.supersede(one, mission).unwrap();
    let out = SupersedeError::Superseded {
        id: one,
        by: mission,
    };
    assert_eq!(store.supersede(one, project), Err(out.clone()));
    assert_eq!(store.supersede(mission, one), Err(out));
    store.end_mission();
    let gone = store.supersede(mission, project).unwrap_err();
    assert_eq!(
        gone.to_string(),
        "there is no entry m2: it was never added, or went with its task or mission"
    );
}

#[test]
fn what_is_not_talked_about_goes_out_of_focus_and_comes_back() {
    let mut store = store();
    let parser = store.add(NewEntry::for_task("1", "The parser reads todo files"));
    let colours = store.add(NewEntry::for_task("1", "Colours follow the terminal"));
    let mut evicted = Vec::new();
    for _ in 0..12 {
        evicted.extend(store.turn("fix parseTodo in parser.rs").evicted);
    }
    assert_eq!(evicted, [colours]);
    assert_eq!(ids(&store.recall("", plenty()).unwrap()), [parser]);
    // Asked for by name, it is there at once,
    let asked = store.recall("terminal colours", plenty()).unwrap();
    assert_eq!(ids(&asked), [parser, colours]);
    assert_eq!(
        asked.entries[1].why,
        "asked for: shares `colours`, `terminal` with the query, relevance 1.04"
    );
    assert!(asked.entries[0].why.starts_with("in focus"));
    // and talked about for some turns, it stays.
    let admitted: Vec<_> = (0..4)
        .flat_map(|_| store.turn("colours of the terminal").admitted)
        .collect();
    assert_eq!(admitted, [colours]);
}

#[test]
fn system_and_pinned_never_leave() {
    let mut store = store();
    let pinned = store.add(NewEntry::new(Tier::Task, "pinned").importance(0.0).pinned());
    let system = store.add(NewEntry::new(Tier::System, "system").importance(0.0));
    store.add(NewEntry::new(Tier::Task, "other").importance(0.0));
    for _ in 0..500 {
        assert!(store.turn("unrelated").evicted.is_empty());
    }
    assert_eq!(
        ids(&store.recall("unrelated", plenty()).unwrap()),
        [system, pinned]
    );
}

#[test]
fn the_best_get_the_tokens_and_the_order_stays() {
    let mut store = MemoryStore::new(MemoryConfig::default().with_counter(|text: &str| text.len()));
    let task = store.add(NewEntry::new(Tier::Task, "lexer token stream"));
    let late = store.add(NewEntry::new(Tier::Project, "lexer keywords"));
    let dull = store.add(NewEntry::new(Tier::Project, "release notes"));
    let all = store.recall("lexer", plenty()).unwrap();
    assert_eq!(ids(&all), [late, dull, task]);
    assert_eq!(all.tokens(), all.to_string().len());
    let less = store
        .recall("lexer", Budget::new(all.tokens() - 1))
        .unwrap();
    assert_eq!(ids(&less), [late, task]);
    let none_of_task = plenty().with_tier(Tier::Task, 10);
    assert_eq!(
        ids(&store.recall("lexer", none_of_task).unwrap()),
        [late, dull]
    );
}

#[test]
fn an_entry_of_another_task_stays_out() {
    let mut store = store();
    let mine = store.add(NewEntry::for_task("1", "mine"));
    let theirs = store.add(NewEntry::for_task("2", "theirs"));
    let everyone = store.add(NewEntry::new(Tier::Task, "everyone"));
    let query = Query::new("theirs").for_task("1");
    assert_eq!(
        ids(&store.recall(query, plenty()).unwrap()),
        [mine, everyone]
    );
    assert_eq!(
        ids(&store.recall("", plenty()).unwrap()),
        [mine, theirs, everyone]
    );
}

#[test]
fn too_much_that_is_pinned_is_an_error() {
    let mut store = MemoryStore::new(MemoryConfig::default().with_counter(|text: &str| text.len()));
    store.add(NewEntry::new(Tier::System, "rule"));
    let needed = "## Memory\n\n### System\n\n- rule\n".len();
    assert!(store.recall("", Budget::new(needed)).is_ok());
    let error = store.recall("", Budget::new(needed - 3)).unwrap_err();
    assert_eq!(error, RecallError::PinnedExceedBudget { tier: None, by: 3 });
    let error = store
        .recall("", Budget::new(needed).with_tier(Tier::System, 0))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the pinned entries exceed the System tier's budget by 20 tokens: \
         raise the budget, or unpin, shorten or supersede some of them"
    );
}

#[test]
fn a_context_is_markdown() {
    let mut store = store();
    store.add(NewEntry::new(
        Tier::Mission,
        "\n# Heading\r\n\n    code\n\n",
    ));
    store.add(NewEntry::new(Tier::Mission, "two"));
    store.add(NewEntry::new(Tier::System, " \n "));
    let context = store.recall("", plenty()).unwrap();
    assert_eq!(
        context.to_string(),
        "## Memory\n\n### Mission\n\n- # Heading\n\n      code\n- two\n"
    );
    assert_eq!(Context::default().to_string(), "");
}

#[test]
fn ends_drop_their_tiers() {
    let mut store = store();
    for tier in Tier::ALL {
        store.add(NewEntry::new(tier, "all"));
    }
    store.add(NewEntry::for_task("1", "one"));
    store.add(NewEntry::for_task("2", "two"));
    let texts = |entries: Vec<MemoryEntry>| -> Vec<String> {
        entries
            .into_iter()
            .map(|entry| entry.content.to_string())
            .collect()
    };
    assert_eq!(texts(store.end_task("1")), ["one"]);
    assert!(store.end_task("1").is_empty());
    assert_eq!(texts(store.end_mission()), ["all", "all", "two"]);
    let left: Vec<_> = store.entries().map(|entry| entry.tier).collect();
    assert_eq!(left, [Tier::System, Tier::Project]);
}

#[test]
fn an_entry_survives_json() {
    let mut store = store();
    store.turn("");
    let id = store.add(
        NewEntry::for_task("1", "text")
            .source("README")
            .author("worker"),
    );
    let entry = store.get(id).unwrap();
    let json = serde_json::to_string(&entry).unwrap();
    assert!(
        json.starts_with(r#"{"id":1,"tier":"task","task":"1","content":"text""#),
        "{json}"
    );
    assert_eq!(serde_json::from_str::<MemoryEntry>(&json).unwrap(), entry);
    let gate = store.gate(id).unwrap();
    let json = serde_json::to_string(&gate).unwrap();
    assert_eq!(
        serde_json::from_str::<orchestrator_memory::EmaGate>(&json).unwrap(),
        gate
    );
}

#[test]
fn a_name_is_read_as_it_is_written() {
    for number in [1, 7, u64::MAX] {
        let id = EntryId::new(number);
        assert_eq!(id.to_string().parse(), Ok(id));
    }
    for text in [
        "",
        "m",
        "7",
        "m0",
        "m+7",
        "m-1",
        "M7",
        "m7 ",
        "m18446744073709551616",
    ] {
        assert!(text.parse::<EntryId>().is_err(), "{text}");
    }
}

#[test]
fn what_is_forgotten_is_gone_and_can_be_said_anew() {
    let mut store = MemoryStore::default();
    let old = store.add(
        NewEntry::new(Tier::Project, "tabs")
            .about("indent")
            .author("a"),
    );
    let new = store.add(NewEntry::new(Tier::Project, "spaces").about("indent"));
    let gone = store.forget(new).expect("it was there");
    assert_eq!(&*gone.content, "spaces");
    assert!(store.forget(new).is_none());
    assert!(
        store.rank("spaces tabs", 9).is_empty(),
        "the older one is out all the same"
    );
    let entry = store.get(old).expect("it is kept");
    let again = store.add(NewEntry::from(&entry));
    assert_ne!(again, old);
    let again = store.get(again).expect("it was added");
    assert_eq!(
        (&*again.content, &*again.author, again.superseded_by),
        ("tabs", "a", None)
    );
}

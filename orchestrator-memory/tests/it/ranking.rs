//! What is found, and what each signal does.

use orchestrator_memory::{
    Budget, EntryId, MemoryConfig, MemoryStore, NewEntry, Query, RankConfig, RecallWeights, Tier,
};

const DAY: i64 = 24 * 60 * 60;
/// 2023-05-08.
const MAY_8: i64 = 19_485 * DAY;

fn store(rank: RankConfig) -> MemoryStore {
    let config = MemoryConfig::default().with_rank(rank);
    MemoryStore::new(config.with_weights(RecallWeights::none()))
}

fn said(store: &mut MemoryStore, session: &str, author: &str, text: &str) -> EntryId {
    let entry = NewEntry::new(Tier::Mission, text).session(session);
    store.add(entry.author(author).importance(0.0))
}

fn best(store: &MemoryStore, query: impl Into<Query>) -> Vec<EntryId> {
    store.rank(query, 3).into_iter().map(|(id, _)| id).collect()
}

#[test]
fn words_are_found_in_other_forms() {
    let mut store = store(RankConfig::bm25());
    let one = said(&mut store, "1", "", "She bought three paintings");
    let two = said(&mut store, "2", "", "fn parse_todo_items() in src/todo.rs");
    assert_eq!(best(&store, "what did she buy"), [one]);
    assert_eq!(best(&store, "painted"), [one]);
    assert_eq!(best(&store, "parseTodo"), [two]);
    assert_eq!(best(&store, "rust"), []);
}

/// The answer has none of the words that the question before it has.
#[test]
fn an_answer_is_found_by_its_question() {
    let tell = |rank: RankConfig| {
        let mut store = store(rank);
        said(
            &mut store,
            "1",
            "planner",
            "Which database does the billing service use?",
        );
        let answer = said(
            &mut store,
            "1",
            "worker",
            "PostgreSQL, since the last release",
        );
        said(&mut store, "2", "worker", "The login page is red");
        (best(&store, "database of billing"), answer)
    };
    let (found, answer) = tell(RankConfig::default());
    assert_eq!(found[1], answer);
    let (found, _) = tell(RankConfig::bm25());
    assert_eq!(found.len(), 1, "words alone do not find it");
}

#[test]
fn who_is_named_comes_first() {
    let mut store = store(RankConfig::default());
    let reviewer = said(&mut store, "1", "reviewer", "the cache is too small");
    let worker = said(&mut store, "2", "worker", "the cache is too small as well");
    assert_eq!(
        best(&store, "what did the worker say of the cache")[0],
        worker
    );
    assert_eq!(
        best(&store, "what did the reviewer say of the cache")[0],
        reviewer
    );
}

#[test]
fn days_are_found_by_their_names() {
    let mut store = store(RankConfig::default());
    let on = |store: &mut MemoryStore, day: i64, text: &str| {
        let entry = NewEntry::new(Tier::Mission, text).session(day.to_string());
        store.add(entry.time(MAY_8 + day * DAY + 7_200))
    };
    let first = on(&mut store, 0, "the build is red");
    let later = on(&mut store, 30, "the build is red again");
    let last = on(&mut store, 31, "the build is still red");
    assert_eq!(best(&store, "build on 8 May 2023")[0], first);
    assert_eq!(best(&store, "build in June")[..2], [later, last]);
    assert_eq!(best(&store, "build on 2023-06-07")[0], later);
    let query = Query::new("the build yesterday").at(MAY_8 + 32 * DAY);
    assert_eq!(best(&store, query)[0], last);
    // A day alone is a whole match, and no more than one.
    let context = store.recall("8 May 2023", Budget::new(9_999)).unwrap();
    assert_eq!(context.entries[0].entry.id, first);
    assert_eq!(
        context.entries[0].why,
        "near what is asked for, relevance 1.00"
    );
}

#[test]
fn what_is_gone_is_not_found_and_weighs_nothing() {
    let mut store = store(RankConfig::default());
    let one = said(&mut store, "1", "worker", "alpha beta");
    let two = store.add(NewEntry::for_task("t", "alpha gamma").session("1"));
    let fresh = store.clone();
    let three = store.add(
        NewEntry::for_task("u", "alpha delta delta")
            .session("1")
            .time(MAY_8),
    );
    assert_eq!(best(&store, "delta")[0], three);
    store.end_task("u");
    for query in ["alpha", "alpha gamma", "delta", "8 May"] {
        assert_eq!(store.rank(query, 9), fresh.rank(query, 9), "{query}");
    }
    assert_eq!(best(&store, "gamma")[0], two);
    assert_eq!(best(&store, "beta")[0], one);
}

#[test]
fn the_newest_word_on_a_subject_is_true() {
    let mut store = MemoryStore::default();
    let fact = |text: &str| NewEntry::new(Tier::Project, text).about("database");
    let old = store.add(fact("Billing runs on MySQL"));
    let new = store.add(fact("Billing runs on PostgreSQL"));
    assert_eq!(store.get(old).unwrap().superseded_by, Some(new));
    let context = store.recall("billing database", Budget::new(500)).unwrap();
    let shown: Vec<_> = context.entries.iter().map(|one| one.entry.id).collect();
    assert_eq!(shown, [new]);
    // Of another task it is another subject.
    let task = store.add(NewEntry::for_task("t", "Billing runs on SQLite here").about("database"));
    assert_eq!(store.get(new).unwrap().superseded_by, None);
    assert_ne!(task, new);
}

#[test]
fn what_is_left_out_is_explained() {
    let config = MemoryConfig::default().with_counter(|text: &str| text.len());
    let mut store = MemoryStore::new(config);
    let old = store.add(NewEntry::new(Tier::Project, "tests run with make").about("tests"));
    let new = store.add(NewEntry::new(Tier::Project, "tests run with cargo").about("tests"));
    store.add(NewEntry::new(Tier::Project, "tests of yesterday").expires(10));
    store.add(NewEntry::for_task("u", "tests of another task"));
    let long = store.add(NewEntry::new(Tier::Project, "tests ".repeat(50)));
    let query = Query::new("how do the tests run").for_task("t").at(20);
    let explained = store.explain(query, Budget::new(100), 10).unwrap();
    let shown: Vec<_> = explained
        .context
        .entries
        .iter()
        .map(|one| one.entry.id)
        .collect();
    assert_eq!(shown, [new]);
    let left: Vec<(EntryId, &str)> = explained
        .left_out
        .iter()
        .map(|one| (one.entry.id, one.why.as_str()))
        .collect();
    assert_eq!(left[0].0, long);
    assert!(left[0].1.contains("no room for its 300 tokens"), "{left:?}");
    assert_eq!(left[1], (old, format!("superseded by {new}").as_str()));
    let whys: Vec<_> = left[2..].iter().map(|(_, why)| *why).collect();
    assert_eq!(whys, ["expired", "of another task: u"]);
}

/// Whatever comes in.
#[test]
fn bad_input_is_survived() {
    let mut store = MemoryStore::default();
    let long = store.add(NewEntry::new(Tier::Mission, "word ".repeat(2_000_000)));
    store.add(NewEntry::new(Tier::Mission, "x".repeat(10_000_000)));
    store.add(NewEntry::new(
        Tier::Mission,
        "\u{0}\u{1b}[31m\u{202e}\u{feff}",
    ));
    store.add(NewEntry::new(Tier::Mission, ""));
    // The clock goes backwards.
    store.add(NewEntry::new(Tier::Mission, "late word").time(i64::MAX));
    store.add(NewEntry::new(Tier::Mission, "early word").time(i64::MIN));
    assert_eq!(
        store.rank(Query::new("word yesterday").at(i64::MIN), 1)[0].0,
        long
    );
    for tokens in [0, 1, 100, usize::MAX] {
        let context = store.recall("word", Budget::new(tokens)).unwrap();
        assert!(context.tokens() <= tokens);
    }
}

/// What another task uses is for all, what stays relevant outlives its mission, and what is out of
/// focus again lasts as long as it was meant to.
#[test]
fn what_is_of_use_lasts_longer() {
    let mut store = MemoryStore::default();
    let found = store.add(NewEntry::for_task("a", "the parser drops the last newline"));
    let own = store.turn_of(Some("a"), "the parser drops the last newline");
    assert_eq!(own.promoted, [], "its own task uses it");
    let by_a_word = store.turn_of(Some("b"), "the parser");
    assert_eq!(by_a_word.promoted, []);
    let other = store.turn_of(Some("b"), "dropping a newline, the parser was wrong");
    assert_eq!(other.promoted, [found]);
    let entry = store.get(found).unwrap();
    assert_eq!((entry.tier, entry.task), (Tier::Mission, None));
    assert!(
        store.end_task("a").is_empty(),
        "it is not the task's any more"
    );

    let turns: Vec<_> = (0..4)
        .map(|_| {
            store
                .turn_of(None, "the parser drops the last newline")
                .promoted
        })
        .collect();
    assert_eq!(turns.concat(), [found], "{turns:?}");
    assert_eq!(store.get(found).unwrap().tier, Tier::Project);
    assert!(store.clone().end_mission().is_empty());

    let demoted: Vec<_> = (0..200).flat_map(|_| store.turn("else").demoted).collect();
    assert_eq!(demoted, [found]);
    let entry = store.get(found).unwrap();
    assert_eq!((entry.tier, entry.task.as_deref()), (Tier::Task, Some("a")));
    assert_eq!(store.end_task("a").len(), 1);
}

/// Nothing takes the place of what is there already.
#[test]
fn what_is_there_already_is_not_promoted_onto() {
    let mut store = MemoryStore::default();
    let text = "the parser drops the last newline";
    let same = store.add(NewEntry::new(Tier::Mission, text));
    let own = store.add(NewEntry::for_task("a", text));
    let promoted: Vec<_> = (0..9)
        .flat_map(|_| store.turn_of(Some("b"), text).promoted)
        .collect();
    // The other can come to where the first one was, and no further.
    assert_eq!(promoted, [same, own]);
    assert_eq!(store.get(same).unwrap().tier, Tier::Project);
    assert_eq!(store.get(own).unwrap().tier, Tier::Mission);
}

/// What belongs to an answer comes with it, though it has none of the words.
#[test]
fn links_are_followed() {
    let mut store = MemoryStore::default();
    let quiet = |text: &str| NewEntry::new(Tier::Project, text).importance(0.0);
    let reason = store.add(quiet("Two writers had corrupted it."));
    let other = store.add(quiet("The logo is blue."));
    let rule = store.add(quiet("The cache has one writer.").link(reason));
    assert_eq!(best(&store, "who may write the cache"), [rule, reason]);
    // What it is linked to may be gone, or not there at all.
    store.add(quiet("The cache is small.").link(EntryId::new(99)));
    store.supersede(reason, other).unwrap();
    assert!(!best(&store, "who may write the cache").contains(&reason));
}

//! Whatever is said and asked, budgets hold.

use orchestrator_memory::{
    Budget, EntryId, EstimatedTokens, MemoryConfig, MemoryStore, NewEntry, Query, RecallError,
    Tier, TokenCounter,
};
use proptest::{collection::vec, prelude::*, sample::select};

#[derive(Debug, Clone)]
enum Step {
    Add(NewEntry),
    Supersede(usize, usize),
    Turn(String),
    EndTask(u8),
    EndMission,
}

/// Words that meet each other now and then, and anything else that Unicode has.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        vec(
            select(vec![
                "parser",
                "parseTodo",
                "todo_list",
                "src/lib.rs",
                "the",
                "",
                "\n"
            ]),
            0..6
        )
        .prop_map(|words| words.join(" ")),
        any::<String>(),
    ]
}

fn entry() -> impl Strategy<Value = NewEntry> {
    let tier = select(Tier::ALL.to_vec());
    (
        tier,
        text(),
        any::<f32>(),
        prop::bool::weighted(0.1),
        proptest::option::of(0_u8..3),
    )
        .prop_map(|(tier, text, importance, pinned, task)| {
            let new = match (tier, task) {
                (Tier::Task, Some(task)) => NewEntry::for_task(task.to_string(), text),
                _ => NewEntry::new(tier, text),
            };
            let new = new.importance(importance);
            if pinned { new.pinned() } else { new }
        })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => entry().prop_map(Step::Add),
        2 => (any::<usize>(), any::<usize>()).prop_map(|(old, new)| Step::Supersede(old, new)),
        4 => text().prop_map(Step::Turn),
        1 => (0_u8..3).prop_map(Step::EndTask),
        1 => Just(Step::EndMission),
    ]
}

fn run(steps: Vec<Step>) -> MemoryStore {
    let mut store = MemoryStore::new(MemoryConfig::default());
    let mut ids: Vec<EntryId> = Vec::new();
    for step in steps {
        match step {
            Step::Add(new) => ids.push(store.add(new)),
            Step::Supersede(old, new) if !ids.is_empty() => {
                let (old, new) = (ids[old % ids.len()], ids[new % ids.len()]);
                let _however = store.supersede(old, new);
            }
            Step::Supersede(..) => {}
            Step::Turn(cue) => drop(store.turn(&cue)),
            Step::EndTask(task) => drop(store.end_task(&task.to_string())),
            Step::EndMission => drop(store.end_mission()),
        }
    }
    store
}

fn budget() -> impl Strategy<Value = Budget> {
    (
        0_usize..400,
        proptest::option::of((select(Tier::ALL.to_vec()), 0_usize..100)),
    )
        .prop_map(|(total, tier)| match tier {
            Some((tier, tokens)) => Budget::new(total).with_tier(tier, tokens),
            None => Budget::new(total),
        })
}

proptest! {
    #[test]
    fn budgets_hold_and_what_must_be_there_is(
        steps in vec(step(), 0..40), cue in text(), budget in budget(), task in proptest::option::of(0_u8..3),
    ) {
        let store = run(steps);
        let mut query = Query::new(cue);
        if let Some(task) = task {
            query = query.for_task(task.to_string());
        }
        let must: Vec<_> = store.entries()
            .filter(|entry| entry.pinned || entry.tier == Tier::System)
            .filter(|entry| entry.superseded_by.is_none() && !entry.content.trim().is_empty())
            .filter(|entry| task.is_none() || entry.task.is_none() || entry.task == task.map(|task| task.to_string().into()))
            .map(|entry| entry.id)
            .collect();
        match store.recall(query.clone(), budget) {
            Ok(context) => {
                prop_assert!(context.tokens() <= budget.total());
                prop_assert!(EstimatedTokens.count(&context.to_string()) <= context.tokens());
                for tier in Tier::ALL {
                    prop_assert!(context.tier_tokens(tier) <= budget.tier(tier));
                }
                let order: Vec<_> = context.entries.iter().map(|one| (one.entry.tier, one.entry.id)).collect();
                prop_assert!(order.is_sorted());
                let there: Vec<_> = context.entries.iter().map(|one| one.entry.id).collect();
                prop_assert!(must.iter().all(|id| there.contains(id)));
                prop_assert_eq!(context.entries.is_empty(), context.tokens() == 0);
                prop_assert!(context.entries.iter().all(|one| one.entry.superseded_by.is_none() && !one.why.is_empty()));
                prop_assert_eq!(store.recall(query, budget).ok(), Some(context));
            }
            Err(RecallError::PinnedExceedBudget { by, .. }) => prop_assert!(by > 0 && !must.is_empty()),
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn a_budget_of_nothing_gives_nothing(text in text()) {
        let mut store = MemoryStore::new(MemoryConfig::default());
        store.add(NewEntry::new(Tier::Mission, text.clone()).importance(1.0));
        let context = store.recall(text.as_str(), Budget::new(0)).unwrap();
        prop_assert_eq!(context.to_string(), "");
    }

    #[test]
    fn the_estimate_of_a_whole_is_no_more_than_that_of_its_parts(one: String, two: String) {
        let whole = EstimatedTokens.count(&format!("{one}{two}"));
        prop_assert!(whole <= EstimatedTokens.count(&one) + EstimatedTokens.count(&two));
    }
}

//! Registering while others dispatch.

use std::{
    ops::ControlFlow,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

use orchestrator_hooks::{Event, Hook, HookRegistry, Phase};

const THREADS: u64 = 8;
const EVENTS: u64 = 1_000_000;

/// Notes which sets of hooks have seen it, and in which order.
#[derive(Default)]
struct Tick {
    seen: Vec<(u64, u32)>,
}

impl Event for Tick {
    type Action = (u64, u32);
    const NAME: &'static str = "tick";

    fn apply(&mut self, action: (u64, u32)) -> ControlFlow<(u64, u32)> {
        self.seen.push(action);
        ControlFlow::Continue(())
    }
}

/// The hooks of one set, of which a plan has all or none: in every phase one, some of them async.
fn set(number: u64) -> Vec<Hook<Tick>> {
    let hook = |part: u32, phase| {
        let name = format!("{number}-{part}");
        let hook = if part == 2 {
            Hook::new_async(name, move |_: &Tick| {
                Box::pin(async move { (number, part) })
            })
        } else {
            Hook::new(name, move |_: &Tick| (number, part))
        };
        hook.phase(phase)
    };
    vec![
        hook(3, Phase::Late).after(format!("{number}-2")),
        hook(1, Phase::Normal),
        hook(0, Phase::Early),
        hook(2, Phase::Normal)
            .priority(1)
            .after(format!("{number}-1")),
    ]
}

#[test]
fn no_event_sees_half_a_plan() {
    let registry = HookRegistry::<Tick>::new();
    registry.register_all(set(0)).unwrap().keep();
    let (dispatched, changes) = (AtomicU64::new(0), AtomicU64::new(0));
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let dispatchers: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (registry, dispatched) = (registry.clone(), &dispatched);
                scope.spawn(move || {
                    let mut handle = registry.dispatcher();
                    for round in 0..EVENTS / THREADS {
                        let mut tick = Tick::default();
                        // No hook ever waits, so one poll is enough.
                        let result = if (thread + round) % 2 == 0 {
                            futures_util::FutureExt::now_or_never(registry.dispatch(&mut tick))
                        } else {
                            futures_util::FutureExt::now_or_never(handle.dispatch(&mut tick))
                        };
                        assert!(matches!(result, Some(Ok(None))));
                        check(&tick.seen);
                        dispatched.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        let (registry, changes, is_over) = (registry.clone(), &changes, &is_over);
        scope.spawn(move || {
            let mut kept = std::collections::VecDeque::new();
            for number in 1.. {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                kept.push_back(registry.register_all(set(number)).unwrap());
                if kept.len() > 3 {
                    kept.pop_front();
                }
                changes.fetch_add(1, Ordering::Relaxed);
            }
        });
        for dispatcher in dispatchers {
            let ended = dispatcher.join();
            // Also where a check has failed: the other thread has to be told.
            is_over.store(true, Ordering::Relaxed);
            ended.unwrap();
        }
    });
    assert_eq!(dispatched.into_inner(), EVENTS);
    assert!(changes.into_inner() > 1_000);
    assert!(registry.plan().names().eq(["0-0", "0-1", "0-2", "0-3"]));
    for stats in registry.stats() {
        assert_eq!(stats.calls, EVENTS, "{}", stats.name);
    }
}

/// Every set is there in full, and the phases follow each other.
fn check(seen: &[(u64, u32)]) {
    let mut sets: Vec<u64> = seen.iter().map(|(set, _)| *set).collect();
    sets.sort_unstable();
    sets.dedup();
    assert!(sets.len() <= 5 && sets[0] == 0, "{seen:?}");
    assert_eq!(seen.len(), sets.len() * 4, "{seen:?}");
    for set in &sets {
        let parts = seen.iter().filter(|(other, _)| other == set);
        assert!(parts.map(|(_, part)| *part).eq(0..4), "{seen:?}");
    }
    let phase = |part: u32| [0, 1, 1, 2][part as usize];
    assert!(seen.is_sorted_by_key(|(_, part)| phase(*part)), "{seen:?}");
}

/// The check can fail: a plan that lacks one hook of a set is seen.
#[test]
#[should_panic(expected = "assertion")]
fn half_a_set_is_seen() {
    check(&[(0, 0), (0, 1), (0, 3)]);
}

//! One event to eight hooks.

use std::ops::ControlFlow;

use orchestrator_bench::{Better, Bout, Peer, Result, versioned};
use orchestrator_hooks::{Event as _, Hook, HookRegistry};

use crate::event::{Add, HOOKS, Tick, answer, each, now};
use crate::usual::{Std, Tokio};

const SYNC: &str = "dispatch to 8 sync hooks";
const ONE_ASYNC: &str = "dispatch to 8 hooks, one of them async";

pub(crate) fn bouts() -> Result<Vec<Bout<'static>>> {
    let peer = |name, target| Peer {
        name,
        entrants: name,
        target,
    };
    let usual = |name, target| Peer {
        name,
        entrants: "a lock",
        target,
    };
    let lock_map = "lock, map and boxed futures";
    // The loop has no 1.5 to spare: the target is what it may be faster at most.
    let sync = Bout::new(
        SYNC,
        "ns",
        Better::Less,
        vec![peer("a loop", 1.0 / 1.5), usual(lock_map, 8.0)],
    );
    let one_async = Bout::new(
        ONE_ASYNC,
        "ns",
        Better::Less,
        vec![peer("a loop", 1.0 / 2.5)],
    );
    Ok(vec![
        with_peers(sync, HOOKS)?.beside("the registry itself", "HookRegistry"),
        with_peers(one_async, 5)?
            .beside(lock_map, "a lock")
            .beside("the registry itself", "HookRegistry"),
    ])
}

/// Ours, where the hook with this number is async, and the others, who know one kind only.
fn with_peers(bout: Bout<'static>, is_async: u64) -> Result<Bout<'static>> {
    let registry = registry(is_async)?;
    let mut dispatcher = registry.dispatcher();
    let bout = bout
        .enter("ours, Dispatcher", move || {
            each(|tick| _ = now(dispatcher.dispatch(tick)))
        })
        .enter("HookRegistry, ours", move || {
            each(|tick| _ = now(registry.dispatch(tick)))
        });
    let calls: Vec<Call> = (0..HOOKS)
        .map(|number| Box::new(move |_: &Tick| answer(number)) as _)
        .collect();
    let applies: Vec<Apply> = (0..HOOKS)
        .map(|number| Box::new(move |tick: &mut Tick| tick.apply(answer(number))) as _)
        .collect();
    let (tokio, std) = (Tokio::new(), Std::new());
    Ok(bout
        .enter("a loop over boxed closures", move || {
            each(|tick| _ = call(&calls, tick))
        })
        .enter("a loop over boxed closures that apply", move || {
            each(|tick| _ = apply(&applies, tick))
        })
        .enter(format!("a lock, {}", versioned("tokio")), move || {
            each(|tick| _ = now(tokio.dispatch(tick)))
        })
        .enter("a lock, std, and the list copied", move || {
            each(|tick| _ = now(std.dispatch(tick)))
        }))
}

type Call = Box<dyn Fn(&Tick) -> Add>;
type Apply = Box<dyn Fn(&mut Tick) -> ControlFlow<Add>>;

#[inline(never)]
fn call(hooks: &[Call], tick: &mut Tick) -> Option<Add> {
    for hook in hooks {
        let action = hook(tick);
        if let ControlFlow::Break(action) = tick.apply(action) {
            return Some(action);
        }
    }
    None
}

#[inline(never)]
fn apply(hooks: &[Apply], tick: &mut Tick) -> Option<Add> {
    for hook in hooks {
        if let ControlFlow::Break(action) = hook(tick) {
            return Some(action);
        }
    }
    None
}

fn registry(is_async: u64) -> Result<HookRegistry<Tick>> {
    let registry = HookRegistry::new();
    let hooks = (0..HOOKS).map(|number| {
        let name = number.to_string();
        if number == is_async {
            Hook::new_async(name, move |_: &Tick| {
                Box::pin(async move { answer(number) })
            })
        } else {
            Hook::new(name, move |_: &Tick| answer(number))
        }
    });
    registry.register_all(hooks)?.keep();
    Ok(registry)
}

//! What people write who need hooks: a lock around a map of lists of boxed async hooks.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::{Arc, RwLock};

use async_trait::async_trait;
use orchestrator_hooks::Event as _;

use crate::event::{Add, HOOKS, Tick, answer};

/// A hook, as the usual trait has it.
#[async_trait]
pub(crate) trait UsualHook: Send + Sync {
    async fn call(&self, tick: &Tick) -> Add;
}

struct Numbered(u64);

#[async_trait]
impl UsualHook for Numbered {
    async fn call(&self, _: &Tick) -> Add {
        answer(self.0)
    }
}

type Hooks = HashMap<&'static str, Vec<Arc<dyn UsualHook>>>;

fn hooks() -> Hooks {
    let numbered = |number| Arc::new(Numbered(number)) as Arc<dyn UsualHook>;
    HashMap::from([(Tick::NAME, (0..HOOKS).map(numbered).collect())])
}

/// With tokio's lock, whose guard may be held while hooks wait.
pub(crate) struct Tokio(tokio::sync::RwLock<Hooks>);

impl Tokio {
    pub(crate) fn new() -> Self {
        Self(tokio::sync::RwLock::new(hooks()))
    }

    pub(crate) async fn dispatch(&self, tick: &mut Tick) -> Option<Add> {
        let hooks = self.0.read().await;
        run(&hooks[Tick::NAME], tick).await
    }
}

/// With std's lock, and a list that is copied out of it.
pub(crate) struct Std(RwLock<HashMap<&'static str, List>>);

type List = Arc<[Arc<dyn UsualHook>]>;

impl Std {
    pub(crate) fn new() -> Self {
        let hooks = hooks().into_iter();
        Self(RwLock::new(
            hooks.map(|(event, list)| (event, list.into())).collect(),
        ))
    }

    pub(crate) async fn dispatch(&self, tick: &mut Tick) -> Option<Add> {
        let list = match self.0.read() {
            Ok(hooks) => Arc::clone(&hooks[Tick::NAME]),
            Err(_) => return None,
        };
        run(&list, tick).await
    }
}

async fn run(hooks: &[Arc<dyn UsualHook>], tick: &mut Tick) -> Option<Add> {
    for hook in hooks {
        let action = hook.call(tick).await;
        if let ControlFlow::Break(action) = tick.apply(action) {
            return Some(action);
        }
    }
    None
}

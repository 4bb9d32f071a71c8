//! Pools that are broken on purpose: the measurement has to refuse them.

use orchestrator_bench::{Arguments, Line};
use orchestrator_pool::{ObjectPool, ObjectPoolConfig, Recycle};

use crate::objects::Card;
use crate::threads::each;

const DIRTY: &str = "an object that is not cleaned is refused";

/// A card that comes back as it was left.
struct Dirty(Card);

impl Recycle for Dirty {
    fn recycle(&mut self) -> bool {
        true
    }
}

pub(crate) fn lines(arguments: &Arguments) -> Vec<Line> {
    if !arguments.wants(DIRTY) {
        return Vec::new();
    }
    let pool = ObjectPool::new(ObjectPoolConfig::default(), || Dirty(Card::new()));
    let refused = each(1, 100, |_| |turn| pool.get().0.work(turn)).is_err();
    vec![Line::control(DIRTY, refused)]
}

//! One transaction on a plain map.

use crate::history::{State, Step};

/// Carries out the writes.
pub(super) fn write_all(steps: &[Step], state: &mut State) {
    for step in steps {
        match step {
            Step::Put { key, value } => {
                state.insert(*key, *value);
            }
            Step::Remove { key } => {
                state.remove(key);
            }
            Step::Get { .. } | Step::Range { .. } => {}
        }
    }
}

/// The first read that was told something else than is there, its own writes counted in; and what
/// is there.
pub(super) fn first_wrong<'s>(steps: &'s [Step], state: &State) -> Option<(&'s Step, String)> {
    // Most transactions write last, so the map is seldom copied.
    let mut own: Option<State> = None;
    for step in steps {
        let now = own.as_ref().unwrap_or(state);
        match step {
            Step::Get { key, got } => {
                let has = now.get(key).copied();
                if has != *got {
                    return Some((step, format!("{has:?}")));
                }
            }
            Step::Range { from, to, got } => {
                let has: Vec<_> = now.range(from..to).map(|(k, v)| (*k, *v)).collect();
                if has != *got {
                    return Some((step, format!("{has:?}")));
                }
            }
            Step::Put { .. } | Step::Remove { .. } => {
                let own = own.get_or_insert_with(|| state.clone());
                write_all(std::slice::from_ref(step), own);
            }
        }
    }
    None
}

//! Tests of the backend: every contract, whether the contracts would notice, and a plain model.

mod broken;
mod controls;
mod folder;
mod model;

use std::sync::Arc;

use super::conformance::Subject;
use super::{LocalBackend, ManualClock};

fn fresh() -> Subject {
    let clock = ManualClock::default();
    Subject::new(Arc::new(LocalBackend::in_memory(clock.clone())), clock)
}

mod local {
    //! The backend on a store.

    crate::conformance!(super::fresh);
}

mod with_more_places_to_be_dropped_at {
    //! The same, behind a wrapper that has nothing wrong with it but is pending now and then.

    use std::sync::Arc;

    use super::broken::Broken;
    use crate::conformance::Subject;

    fn fresh() -> Subject {
        super::fresh().wrapped(|inner| Arc::new(Broken::not_at_all(inner)))
    }

    crate::conformance!(fresh);
}

//! The lock under the slots and the controller, in one place, so that shuttle can take it over in
//! its tests.
//!
//! Only a test build of this crate with the feature `shuttle` is taken over: the feature changes
//! nothing for whoever links the library, even where cargo unites features.

#[cfg(not(all(test, feature = "shuttle")))]
pub(super) use std::sync::Mutex;

#[cfg(all(test, feature = "shuttle"))]
pub(super) use shuttle::sync::Mutex;

//! The peers, each on two threads and in the configuration that is best for it.
//!
//! Where two configurations could be the best one, both enter, and the better one counts.

pub(crate) mod async_executor;
pub(crate) mod dag_executor;
pub(crate) mod dagx;
pub(crate) mod deque;
pub(crate) mod futures;
pub(crate) mod rayon;
pub(crate) mod threads;
pub(crate) mod tokio;

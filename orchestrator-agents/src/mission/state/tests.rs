//! The state of a mission, from events.

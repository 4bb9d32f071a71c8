//! What the tests of several parts need.

/// How many rounds a check makes: more of them with `ORCHESTRATOR_LONG=1`.
pub(super) fn rounds(short: u64, long: u64) -> u64 {
    match std::env::var_os("ORCHESTRATOR_LONG") {
        Some(value) if value == "1" => long,
        _ => short,
    }
}

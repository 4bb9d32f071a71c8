//! What the tests of several parts need.

/// How many rounds a check makes: more of them with `ORCHESTRATOR_LONG=1`.
pub(super) fn rounds(short: u64, long: u64) -> u64 {
    let is_long = std::env::var_os("ORCHESTRATOR_LONG").is_some_and(|value| value == "1");
    if is_long {
        show(long);
        long
    } else {
        short
    }
}

/// Prints the long form as a figure, so that whoever asked for it sees it.
#[expect(clippy::print_stdout, reason = "the figures of the long form")]
fn show(rounds: u64) {
    println!(
        "\n{{\"name\":\"{rounds} sequences\",\"ours\":0,\"unit\":\"faults\",\"target\":0,\"met\":true,\"control\":false}}"
    );
}

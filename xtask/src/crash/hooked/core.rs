//! Which tests belong to the area `core`, and which of them are controls.

use super::Hooked;

const LIB: &[&str] = &["--lib"];
const IT: &[&str] = &["--test", "it"];
const SCHEDULES: &[&str] = &["--lib", "--features", "shuttle"];
const LONG: &[(&str, &str)] = &[("ORCHESTRATOR_LONG", "1")];

const fn row(
    part: &'static str,
    name: &'static str,
    target: &'static [&'static str],
    tests: &'static str,
) -> Hooked {
    Hooked {
        part,
        name,
        package: "orchestrator-core",
        target,
        tests,
        control: false,
        variables: LONG,
        prints: "",
    }
}

const fn control(
    part: &'static str,
    name: &'static str,
    target: &'static [&'static str],
    tests: &'static str,
) -> Hooked {
    Hooked {
        control: true,
        variables: &[],
        ..row(part, name, target, tests)
    }
}

/// The tests have to print a figure that begins with this: then their long form was run.
const fn long(row: Hooked, prints: &'static str) -> Hooked {
    Hooked { prints, ..row }
}

/// The rows of the area `core`.
pub(crate) const CORE: [Hooked; 16] = [
    long(
        row(
            "tasks",
            "each task ends once: 10 million for each of 20 seeds, with panics and aborts",
            IT,
            "stress::",
        ),
        "10000000 tasks for each of 20 seeds",
    ),
    control("tasks", "tasks that a lane loses", IT, "stress::control_"),
    row("graphs", "graphs end as a plain model says", IT, "graph"),
    control(
        "graphs",
        "a graph that ignores a dependency",
        IT,
        "graph_run::control_",
    ),
    long(
        row(
            "permits",
            "permits and admissions: a million operations, ten million acquisitions",
            IT,
            "admission::",
        ),
        "1000000 operations on slots",
    ),
    control(
        "permits",
        "work without a permit",
        IT,
        "admission::stress::control_",
    ),
    long(
        row(
            "models",
            "breaker, scaling, rates, memory, queue, controller: 100,000 sequences each",
            LIB,
            "admission::",
        ),
        "100000 sequences",
    ),
    control(
        "models",
        "a breaker that stays open for ever",
        LIB,
        "admission::breaker::tests::control_",
    ),
    row("retry", "retries go as their model says", LIB, "retry::"),
    control(
        "retry",
        "retries by a wrong rule",
        LIB,
        "retry::tests::control_",
    ),
    row(
        "course",
        "shutdowns go as their model says",
        LIB,
        "shutdown::",
    ),
    control(
        "course",
        "shutdowns by a wrong rule",
        LIB,
        "shutdown::tests::control_",
    ),
    long(
        row(
            "shutdown",
            "1,000 random states end in time and leave nothing",
            IT,
            "shutdown_states::",
        ),
        "1000 states",
    ),
    control(
        "shutdown",
        "an orphan, and a wrong end",
        IT,
        "shutdown_states::control_",
    ),
    row(
        "schedules",
        "parking, scopes, seats of a graph, slots and controller under many schedules",
        SCHEDULES,
        "shuttle_",
    ),
    control(
        "schedules",
        "the same with something left out",
        SCHEDULES,
        "shuttle_control_",
    ),
];

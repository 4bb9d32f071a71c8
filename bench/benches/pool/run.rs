//! Everything that is measured, whatever the allocator.

use std::process::ExitCode;

use orchestrator_bench::{Arguments, Report, hold, program};

use crate::{buffers, controls, interning, objects, resources};

/// Which targets hold: some are set for one allocator alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heap {
    Glibc,
    Mimalloc,
}

/// Runs the program of this name.
pub(crate) fn all(name: &str, heap: &str) -> ExitCode {
    program(name, || {
        let arguments = Arguments::of_process()?;
        let mut report = Report::new(&arguments);
        let heap = match heap {
            "mimalloc" => Heap::Mimalloc,
            _ => Heap::Glibc,
        };
        let mut bouts = objects::bouts(heap);
        bouts.extend(interning::bouts(heap)?);
        bouts.extend(buffers::bouts(heap));
        bouts.extend(resources::bouts(heap)?);
        hold(bouts, &arguments, &mut report)?;
        for line in controls::lines(&arguments) {
            report.add(&line);
        }
        Ok(report.finish())
    })
}

/// The bout's name with this allocator.
pub(crate) fn named(heap: Heap, glibc: &'static str, mimalloc: &'static str) -> &'static str {
    match heap {
        Heap::Glibc => glibc,
        Heap::Mimalloc => mimalloc,
    }
}

//! `cargo xtask bench pool`: the pools beside the allocator and beside other pools, with glibc's
//! malloc.

mod buffers;
mod controls;
mod interning;
mod objects;
mod resources;
mod run;
mod threads;

use std::process::ExitCode;

fn main() -> ExitCode {
    run::all("pool", "glibc malloc")
}

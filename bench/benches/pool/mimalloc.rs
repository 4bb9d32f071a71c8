//! `cargo xtask bench pool`: the same with mimalloc, an allocator that keeps free lists for each
//! thread itself.

mod buffers;
mod controls;
mod interning;
mod objects;
mod resources;
mod run;
mod threads;

use std::process::ExitCode;

#[global_allocator]
static HEAP: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    run::all("pool_mimalloc", "mimalloc")
}

//! The bundled orchestrator.

mod args;
mod demo;
mod exit;
mod hooks;
mod journal;
mod memory;
mod progress;
mod sample;
mod status;
mod summary;
mod task;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Arguments, Command};
use crate::exit::Failure;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return Failure::other("could not start the async runtime", &error).report(),
    };
    let result = runtime.block_on(run(arguments));
    // What was cancelled has cleaned up by now; nothing else is worth waiting for.
    runtime.shutdown_background();
    match result {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    match arguments.command {
        Command::Task(arguments) => task::run(arguments).await,
        Command::Demo(arguments) => demo::run(arguments).await,
        Command::Log(arguments) => journal::run(&arguments),
        Command::Status(arguments) => status::run(&arguments),
        Command::Hooks(arguments) => hooks::run(&arguments),
        Command::Memory(arguments) => memory::run(arguments).await,
    }
}

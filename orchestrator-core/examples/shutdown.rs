//! A program that ends in order on SIGINT or SIGTERM.
//!
//! `cargo run -p orchestrator-core --example shutdown -- well`, then Ctrl-C. Instead of `well`: `hang`,
//! where a handler does not end (Ctrl-C again to force); `block`, where one blocks the only thread of
//! the runtime; `stay`, where the program hangs after its report (Ctrl-C twice more). Exits with 0
//! after a clean shutdown and with 1 after any other.

#![expect(clippy::print_stdout, reason = "a program for people")]

use std::{future::pending, process::exit, time::Duration};

use orchestrator_core::{ShutdownHandler, ShutdownManager, ShutdownReport};

pub(crate) fn main() {
    let how = std::env::args().next_back().unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let code = runtime.block_on(run(&how));
    // What blocks is not waited for.
    runtime.shutdown_background();
    exit(code);
}

async fn run(how: &str) -> i32 {
    let shutdown = ShutdownManager::new()
        .with_grace(Duration::from_secs(2))
        .with_last_word(|report| exit(end(report)));
    let _signals = shutdown.on_signals().expect("signals");

    let started = shutdown.token();
    let work = tokio::spawn(async move { started.cancelled().await });
    let drain = async move || _ = work.await;
    shutdown.register("drain", 10, drain).expect("a new name");
    let handler = match how {
        "hang" => ShutdownHandler::new("flush", 5, async || {
            println!("hanging");
            pending().await
        }),
        "block" => ShutdownHandler::new("flush", 5, async || std::thread::park()),
        _ => ShutdownHandler::blocking("flush", 5, || println!("flushed")),
    };
    shutdown.add(handler).expect("a new name").keep();
    shutdown
        .register("log", 0, async || ())
        .expect("a new name");

    println!("ready");
    let started = shutdown.token();
    started.cancelled().await;
    println!("stopping");
    let report = shutdown.finished().await;
    let code = end(&report);
    if how == "stay" {
        pending::<()>().await;
    }
    code
}

fn end(report: &ShutdownReport) -> i32 {
    print!("{report}");
    println!("over");
    i32::from(!report.is_clean())
}

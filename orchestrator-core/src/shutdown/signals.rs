//! The system's signals: the first begins, the second forces, the third ends the process.

use std::{io, sync::Arc, thread};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{ShutdownReason, drive::Shared};

/// Listens for signals until it is dropped.
///
/// Dropping it does not give the signals their usual effect back: tokio leaves its handlers in place,
/// and a signal then does nothing. So it is to live as long as the program.
#[derive(Debug)]
#[must_use = "dropping it ends the listening"]
pub struct ShutdownSignals {
    _stop: DropGuard,
}

/// Why signals cannot be listened for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShutdownSignalError {
    /// The system did not give what listening needs.
    #[error(
        "could not {doing} to listen for signals: free files or threads, or raise their limits"
    )]
    System {
        /// What was tried.
        doing: &'static str,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
}

/// Listens on a runtime and a thread of its own, so that a signal is heard when the program's runtime
/// is blocked.
pub(super) fn listen(shared: Arc<Shared>) -> Result<ShutdownSignals, ShutdownSignalError> {
    let system = |doing| move |source| ShutdownSignalError::System { doing, source };
    let program = Handle::current();
    let runtime = Builder::new_current_thread()
        .enable_io()
        .build()
        .map_err(system("build a runtime"))?;
    let inside = runtime.enter();
    let signals = Signals::new();
    drop(inside);
    let signals = match signals {
        Ok(signals) => signals,
        Err(error) => {
            // Dropping it would block, which a runtime does not allow to its tasks.
            runtime.shutdown_background();
            return Err(system("install a handler")(error));
        }
    };
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let own = Own(Some(runtime));
    thread::Builder::new()
        .name("shutdown signals".to_owned())
        .spawn(move || {
            if let Some(runtime) = &own.0 {
                runtime.block_on(follow(signals, &program, &shared, &stopped));
            }
        })
        .map_err(system("start a thread"))?;
    Ok(ShutdownSignals {
        _stop: stop.drop_guard(),
    })
}

/// A runtime that may be dropped anywhere.
struct Own(Option<Runtime>);

impl Drop for Own {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

async fn follow(
    mut signals: Signals,
    program: &Handle,
    shared: &Arc<Shared>,
    stopped: &CancellationToken,
) {
    let mut heard = 0_u32;
    loop {
        let (name, number) = tokio::select! {
            () = stopped.cancelled() => return,
            signal = signals.next() => signal,
        };
        heard = heard.saturating_add(1);
        match heard {
            1 => _ = shared.begin(program, ShutdownReason::Signal(name)),
            2 => shared.force(ShutdownReason::Signal(name)),
            // Nothing else would: the usual effect is gone.
            _ => std::process::exit(128 + number),
        }
    }
}

/// Each with its name and number.
type Signal = (&'static str, i32);

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => ("SIGINT", 2),
            _ = self.terminate.recv() => ("SIGTERM", 15),
        }
    }
}

#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn new() -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) -> Signal {
        self.0.recv().await;
        ("Ctrl-C", 2)
    }
}

//! The process that is killed: threads that write entries, and say so when each is acknowledged; and
//! one that looks after the vault meanwhile, where the vault needs that.
//!
//! What it prints, a line each and in one `write` each, so that no line is torn by a kill:
//! `opening` before the vault is opened, `open` after it, `ack NUMBER POSITION` after each
//! acknowledgement, `tended` each time that the vault was looked after, and `error TEXT` when a thread
//! gives up.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::vault::{Entry, Kind, Vault, VaultError};

/// How many threads write.
pub const THREADS: u64 = 4;

/// The hidden word of the command line that makes a process a writer.
pub const WORD: &str = "__write";

/// What it says when the vault was looked after.
pub const TENDED: &str = "tended";

/// What a writer is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orders {
    /// Into what.
    pub kind: Kind,
    /// Where.
    pub folder: PathBuf,
    /// Which life of this vault it is. It makes the numbers of entries and threads new.
    pub life: u64,
    /// For the sizes of the entries.
    pub seed: u64,
}

/// The first number of a life.
fn first_number(life: u64) -> u64 {
    life * 1_000_000 + 1
}

/// Writes until it is killed, or until nothing can be written any more.
///
/// # Errors
/// [`VaultError`] when the vault cannot be opened.
pub fn write(orders: &Orders) -> Result<(), VaultError> {
    die_with_the_parent();
    say("opening");
    let vault = orders.kind.open(&orders.folder)?;
    say("open");
    let next = AtomicU64::new(first_number(orders.life));
    let told = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (vault, next, told) = (&*vault, &next, &told);
            let mut rng = fastrand::Rng::with_seed(orders.seed + thread);
            let thread = orders.life * THREADS + thread;
            scope.spawn(move || while one(vault, thread, next, told, &mut rng) {});
        }
        let vault = &*vault;
        scope.spawn(move || while tended(vault) {});
    });
    Ok(())
}

/// Writes one entry. Whether it can go on.
fn one(
    vault: &dyn Vault,
    thread: u64,
    next: &AtomicU64,
    told: &AtomicU64,
    rng: &mut fastrand::Rng,
) -> bool {
    // Some entries are longer than a page.
    let size = if rng.u8(..) < 10 {
        rng.usize(4_000..10_000)
    } else {
        rng.usize(0..300)
    };
    let entry = Entry {
        number: next.fetch_add(1, Ordering::SeqCst),
        thread,
        after: told.load(Ordering::SeqCst),
        pad: "x".repeat(size),
    };
    match vault.put(&entry) {
        Ok(position) => {
            told.fetch_max(position, Ordering::SeqCst);
            say(&format!("ack {} {position}", entry.number))
        }
        Err(error) => {
            say(&format!("error {error}"));
            false
        }
    }
}

/// Does what is to be done beside the writing. Whether it can go on.
fn tended(vault: &dyn Vault) -> bool {
    match vault.tend() {
        Ok(more) => more && say(TENDED),
        Err(error) => {
            say(&format!("error {error}"));
            false
        }
    }
}

/// Prints a line. Whether anybody still listens.
fn say(line: &str) -> bool {
    let mut out = io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes()).is_ok() && out.flush().is_ok()
}

/// A writer that nobody reads would write on for ever; a stopped one would hold its disk.
fn die_with_the_parent() {
    #[cfg(target_os = "linux")]
    if rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))
        .is_err()
    {
        say("error the system does not end this process with its parent");
    }
}

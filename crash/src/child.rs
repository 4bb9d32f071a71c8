//! The other side of the pipe: starting a writer, counting what it acknowledges, ending it.

use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{ChildStdout, Command, Stdio};
use std::time::Duration;

use thiserror::Error;

use crate::audit::Ack;
use crate::vault::VaultError;
use crate::writer::{Orders, TENDED, WORD};

/// How long a writer may say nothing, before it counts as stuck.
const PATIENCE: Duration = Duration::from_secs(60);

/// When a writer is struck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// While it opens its vault.
    Opening,
    /// When so many acknowledgements were read. It goes on writing meanwhile.
    Acks(usize),
    /// When the vault was tended so many times, and the next time is under way.
    Tended {
        /// How many times.
        times: usize,
        /// How far the next time should have come, by the acknowledgements that the last one took.
        percent: usize,
    },
}

impl Moment {
    /// One of 16 is while it opens; the others after 1 to `most` acknowledgements.
    pub fn random(rng: &mut fastrand::Rng, most: usize) -> Self {
        if rng.u8(0..16) == 0 {
            Self::Opening
        } else {
            Self::Acks(rng.usize(1..=most))
        }
    }

    /// One of 16 is while it opens, three of 16 after 1 to `most` acknowledgements, the others when the
    /// vault was tended 2 to 5 times and is being tended again.
    pub fn random_tended(rng: &mut fastrand::Rng, most: usize) -> Self {
        if rng.u8(0..16) < 4 {
            return Self::random(rng, most);
        }
        Self::Tended {
            times: rng.usize(2..=5),
            percent: rng.usize(0..100),
        }
    }
}

/// Why a trial could not be made. It says nothing about what was tried.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrialError {
    /// A process could not be started or handled.
    #[error("{step} failed: {source}")]
    Process {
        /// What was done.
        step: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The writer ended before it was struck.
    #[error("the writer ended before it was struck; it said: {said}")]
    Ended {
        /// The last that it said.
        said: String,
    },
    /// The writer says nothing any more.
    #[error(
        "the writer has said nothing for {} s and was killed, after {acks} acknowledgements; a lost wake-up?",
        PATIENCE.as_secs()
    )]
    Stuck {
        /// How many acknowledgements were read.
        acks: usize,
    },
    /// A system program failed.
    #[error("`{command}` failed: {said}; it has to run as root")]
    Command {
        /// The command.
        command: String,
        /// What it said.
        said: String,
    },
    /// What crashed could not even be opened by the audit, where that is no finding.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl TrialError {
    /// For `map_err`.
    pub(crate) fn process(step: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Process { step, source }
    }
}

/// A writer process. It is killed when it is dropped.
#[derive(Debug)]
pub struct Child {
    process: std::process::Child,
    lines: BufReader<ChildStdout>,
    acks: Vec<Ack>,
    /// How many acknowledgements there were each time that the vault was tended.
    tended: Vec<usize>,
    said: String,
}

impl Child {
    /// Starts a writer. `program` is `orchestrator-crash`, or what handles the same hidden word.
    ///
    /// # Errors
    /// [`TrialError::Process`] when it does not start.
    pub fn start(program: &Path, orders: &Orders) -> Result<Self, TrialError> {
        let missing =
            || TrialError::process("reading the writer")(io::ErrorKind::BrokenPipe.into());
        let mut process = Command::new(program)
            .args([WORD, orders.kind.name()])
            .arg(&orders.folder)
            .args([orders.life.to_string(), orders.seed.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(TrialError::process("starting the writer"))?;
        let lines = BufReader::new(process.stdout.take().ok_or_else(missing)?);
        Ok(Self {
            process,
            lines,
            acks: Vec::new(),
            tended: Vec::new(),
            said: String::new(),
        })
    }

    /// Reads until the moment has come.
    ///
    /// # Errors
    /// [`TrialError::Ended`] when the writer ended or gave up before.
    pub fn wait_for(&mut self, moment: Moment) -> Result<(), TrialError> {
        loop {
            let come = match moment {
                Moment::Opening => self.said == "opening",
                Moment::Acks(count) => self.acks.len() >= count,
                Moment::Tended { times, percent } => self.has_come(times, percent),
            };
            if come {
                return Ok(());
            }
            self.wait_for_words()?;
            if !self.read_line()? || self.said.starts_with("error") {
                return Err(TrialError::Ended {
                    said: std::mem::take(&mut self.said),
                });
            }
        }
    }

    /// Whether the vault was tended so many times, and some way again. However fast the machine is, that
    /// is anywhere in what is done each time.
    fn has_come(&self, times: usize, percent: usize) -> bool {
        let Some(last) = self.tended.get(times - 1) else {
            return false;
        };
        let before = times.checked_sub(2).map_or(0, |before| self.tended[before]);
        let more = (last - before) * percent / 100;
        self.acks.len() > last + more || self.tended.len() > times
    }

    /// Stops it without killing it, and returns when all its threads stand still.
    ///
    /// # Errors
    /// [`TrialError`] when it has ended meanwhile.
    #[cfg(unix)]
    pub fn stop(&mut self) -> Result<(), TrialError> {
        use rustix::process::{Signal, WaitId, WaitIdOptions, kill_process, waitid};
        let failed =
            |source: rustix::io::Errno| TrialError::process("stopping the writer")(source.into());
        let pid = rustix::process::Pid::from_child(&self.process);
        kill_process(pid, Signal::STOP).map_err(failed)?;
        // It is only looked at, not reaped: that is left to `kill`.
        let options = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let status = waitid(WaitId::Pid(pid), options).map_err(failed)?;
        if status.is_some_and(|status| status.stopped()) {
            Ok(())
        } else {
            Err(TrialError::Ended {
                said: std::mem::take(&mut self.said),
            })
        }
    }

    /// Kills it, and returns all that it had acknowledged, also what was still in the pipe.
    ///
    /// # Errors
    /// [`TrialError::Process`] when the system refuses.
    pub fn kill(mut self) -> Result<Vec<Ack>, TrialError> {
        self.process
            .kill()
            .map_err(TrialError::process("killing the writer"))?;
        while self.read_line()? {}
        self.process
            .wait()
            .map_err(TrialError::process("waiting for the writer"))?;
        Ok(std::mem::take(&mut self.acks))
    }

    /// Waits until there is something to read, or the writer has ended.
    #[cfg(unix)]
    fn wait_for_words(&self) -> Result<(), TrialError> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        if !self.lines.buffer().is_empty() {
            return Ok(());
        }
        let patience = Timespec::try_from(PATIENCE).ok();
        let mut pipe = [PollFd::new(self.lines.get_ref(), PollFlags::IN)];
        match poll(&mut pipe, patience.as_ref()) {
            Ok(0) => Err(TrialError::Stuck {
                acks: self.acks.len(),
            }),
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(TrialError::process("waiting for the writer")(error.into())),
        }
    }

    /// Where nothing tells, reading waits.
    #[cfg(not(unix))]
    fn wait_for_words(&self) -> Result<(), TrialError> {
        Ok(())
    }

    /// Takes in a line. Whether there was one; a torn one counts as none.
    fn read_line(&mut self) -> Result<bool, TrialError> {
        let mut line = String::new();
        self.lines
            .read_line(&mut line)
            .map_err(TrialError::process("reading the writer"))?;
        let Some(line) = line.strip_suffix('\n') else {
            return Ok(false);
        };
        if line == TENDED {
            self.tended.push(self.acks.len());
        }
        let mut words = line.split(' ');
        if words.next() == Some("ack") {
            let mut number = || words.next().and_then(|word| word.parse().ok());
            let ack = number().zip(number());
            let (number, position) = ack.ok_or_else(|| TrialError::Ended {
                said: line.to_owned(),
            })?;
            self.acks.push(Ack { number, position });
        }
        line.clone_into(&mut self.said);
        Ok(true)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // After `kill` both do nothing. An error means that it is gone, which is what is wanted.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

//! What one pipe of a command has given.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use orchestrator_pool::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt};

use super::tail::{BUFFERS, Tail};

/// How much is read at once, in bytes.
const CHUNK: usize = 16 * 1024;

/// Changes a stream on its way, as one that takes secrets out of it.
pub trait OutputFilter: Send {
    /// Takes the next piece of the stream, and appends to `out` what comes out for now.
    fn push(&mut self, piece: &[u8], out: &mut Vec<u8>);

    /// The stream has ended: appends what is left.
    fn finish(&mut self, out: &mut Vec<u8>);
}

/// Makes a filter for each stream of a command.
#[derive(Clone)]
pub struct OutputFilters(Arc<dyn Fn() -> Box<dyn OutputFilter> + Send + Sync>);

impl OutputFilters {
    /// Filters that this makes.
    pub fn new<F: OutputFilter + 'static>(make: impl Fn() -> F + Send + Sync + 'static) -> Self {
        Self(Arc::new(move || Box::new(make())))
    }

    /// One for a stream.
    #[must_use]
    pub fn make(&self) -> Box<dyn OutputFilter> {
        (self.0)()
    }
}

impl fmt::Debug for OutputFilters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutputFilters").finish_non_exhaustive()
    }
}

/// A stream while it comes in. Clones are the same stream.
#[derive(Clone)]
pub(super) struct Capture(Arc<Mutex<Option<Stream>>>);

struct Stream {
    tail: Tail,
    hasher: blake3::Hasher,
    filter: Option<Box<dyn OutputFilter>>,
}

/// A stream that has ended, or that nobody waits for any longer.
pub(super) struct Captured {
    pub(super) kept: Bytes,
    pub(super) is_cut: bool,
    pub(super) digest: blake3::Hash,
}

impl Capture {
    pub(super) fn new(keep: usize, filters: Option<&OutputFilters>) -> Self {
        Self(Arc::new(Mutex::new(Some(Stream {
            tail: Tail::new(keep),
            hasher: blake3::Hasher::new(),
            filter: filters.map(OutputFilters::make),
        }))))
    }

    /// Reads a pipe to its end.
    pub(super) async fn drain(self, mut pipe: impl AsyncRead + Unpin) -> std::io::Result<()> {
        let (mut chunk, mut passed) = (BUFFERS.get(CHUNK), BUFFERS.get(CHUNK));
        loop {
            chunk.clear();
            if pipe.read_buf(&mut *chunk).await? == 0 {
                return Ok(());
            }
            if let Some(stream) = &mut *self.lock() {
                stream.push(&chunk, &mut passed);
            }
        }
    }

    /// What has come so far. What comes later goes nowhere.
    pub(super) fn finish(&self) -> Captured {
        let stream = self.lock().take();
        let mut stream = stream.unwrap_or_else(|| unreachable!("a stream ends once"));
        if let Some(mut filter) = stream.filter.take() {
            let mut rest = BUFFERS.get(CHUNK);
            filter.finish(&mut rest);
            stream.keep(&rest);
        }
        let (kept, is_cut) = stream.tail.finish();
        Captured {
            kept,
            is_cut,
            digest: stream.hasher.finalize(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Stream>> {
        // A panic while the lock is held cannot leave half a push that matters.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stream {
    fn push(&mut self, piece: &[u8], passed: &mut Vec<u8>) {
        match &mut self.filter {
            None => self.keep(piece),
            Some(filter) => {
                passed.clear();
                filter.push(piece, passed);
                self.keep(passed);
            }
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.tail.push(bytes);
    }
}

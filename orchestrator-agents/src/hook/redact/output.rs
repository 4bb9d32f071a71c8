//! Redaction of what commands print, which need not be text.

use std::str;
use std::sync::Arc;

use orchestrator_tools::{OutputFilter, OutputFilters};

use super::{Redactor, StreamRedactor};

impl Redactor {
    /// Filters that take secrets out of what commands print. Bytes that are no UTF-8 pass as they
    /// are.
    #[must_use]
    pub fn output_filters(self: &Arc<Self>) -> OutputFilters {
        let redactor = Arc::clone(self);
        OutputFilters::new(move || OutputRedactor {
            text: StreamRedactor::new(Arc::clone(&redactor)),
            begun: Vec::new(),
        })
    }
}

struct OutputRedactor {
    text: StreamRedactor,
    /// The first bytes of a character whose others have not come yet.
    begun: Vec<u8>,
}

impl OutputFilter for OutputRedactor {
    fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        let joined;
        let bytes = if self.begun.is_empty() {
            piece
        } else {
            let mut begun = std::mem::take(&mut self.begun);
            begun.extend_from_slice(piece);
            joined = begun;
            &joined
        };
        for chunk in bytes.utf8_chunks() {
            out.extend_from_slice(self.text.push(chunk.valid()).as_bytes());
            let odd = chunk.invalid();
            // Only the end of all can be a character that has merely begun.
            match str::from_utf8(odd) {
                Err(error) if error.error_len().is_none() && bytes.ends_with(odd) => {
                    self.begun = odd.to_vec();
                }
                Err(_) => {
                    // No secret goes on behind it.
                    out.extend_from_slice(self.text.end().as_bytes());
                    out.extend_from_slice(odd);
                }
                Ok(_) => {}
            }
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.text.end().as_bytes());
        out.append(&mut self.begun);
    }
}

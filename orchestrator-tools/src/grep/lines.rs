//! Keeps the lines that a search finds.

use std::io;

use grep_searcher::{Searcher, Sink, SinkContext, SinkMatch};

use super::GrepLine;

/// The lines of one file.
pub(super) struct Lines {
    pub(super) lines: Vec<GrepLine>,
    /// Lines that match, or, over several lines, matches.
    pub(super) matches: usize,
    /// Whether there were more than are kept.
    pub(super) is_cut: bool,
    most: usize,
}

impl Lines {
    /// Of which so many are kept; 0: all.
    pub(super) fn new(most: usize) -> Self {
        Self {
            lines: Vec::new(),
            matches: 0,
            is_cut: false,
            most: if most == 0 { usize::MAX } else { most },
        }
    }

    fn keep(&mut self, number: Option<u64>, line: &[u8], is_match: bool) {
        self.is_cut |= self.lines.len() == self.most;
        if !self.is_cut {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            self.lines.push(GrepLine {
                number: number.unwrap_or(0),
                bytes: line.to_vec(),
                is_match,
            });
        }
    }
}

impl Sink for Lines {
    type Error = io::Error;

    fn matched(&mut self, _: &Searcher, found: &SinkMatch<'_>) -> io::Result<bool> {
        self.matches += 1;
        for (line, number) in found.lines().zip(0_u64..) {
            let first = found.line_number();
            self.keep(first.map(|first| first + number), line, true);
        }
        Ok(true)
    }

    fn context(&mut self, _: &Searcher, line: &SinkContext<'_>) -> io::Result<bool> {
        self.keep(line.line_number(), line.bytes(), false);
        Ok(true)
    }
}

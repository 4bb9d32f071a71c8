//! Identifiers in the examples of Rust documentation.

use super::{Identifier, identifiers_in};
use crate::language::Language;

/// Every place where `name` is an identifier in a code block of a `///` or `//!`
/// comment that rustdoc would build.
pub(super) fn identifiers_in_examples(source: &str, name: &str) -> Vec<Identifier> {
    let mut found = Vec::new();
    let mut block: Option<Block> = None;
    let mut start = 0;
    for (number, line) in source.split_inclusive('\n').enumerate() {
        let text = line.trim_start();
        let comment = text
            .strip_prefix("///")
            .or_else(|| text.strip_prefix("//!"));
        match comment {
            Some(body) => {
                let at = start + (line.len() - body.len());
                let fence = body.trim().strip_prefix("```");
                match (fence, block.take()) {
                    (Some(tag), None) => block = Some(Block::new(is_rust(tag))),
                    (Some(_), Some(open)) => found.extend(open.identifiers(name)),
                    (None, Some(mut open)) => {
                        open.push(body, at, number + 1);
                        block = Some(open);
                    }
                    (None, None) => {}
                }
            }
            // A block that is never closed ends with its comment.
            None => found.extend(
                block
                    .take()
                    .into_iter()
                    .flat_map(|open| open.identifiers(name)),
            ),
        }
        start += line.len();
    }
    found
}

/// Whether rustdoc builds a block with this tag.
fn is_rust(tag: &str) -> bool {
    tag.split([',', ' '])
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .all(|word| {
            matches!(
                word,
                "rust" | "should_panic" | "no_run" | "compile_fail" | "ignore"
            ) || word.starts_with("edition")
        })
}

/// The code of one block, and where its lines come from.
struct Block {
    rust: bool,
    code: String,
    /// For each line: where it starts in the code, where in the source, and its
    /// number there.
    lines: Vec<(usize, usize, usize)>,
}

impl Block {
    const fn new(rust: bool) -> Self {
        Self {
            rust,
            code: String::new(),
            lines: Vec::new(),
        }
    }

    /// Takes a line of the comment, which starts at `at` in the source.
    fn push(&mut self, body: &str, at: usize, number: usize) {
        let text = body.trim_start();
        // A line behind `# ` is built, though not shown.
        let code = text.strip_prefix("# ").unwrap_or(text);
        self.lines
            .push((self.code.len(), at + (body.len() - code.len()), number));
        self.code.push_str(code);
        if !code.ends_with('\n') {
            self.code.push('\n');
        }
    }

    fn identifiers(self, name: &str) -> Vec<Identifier> {
        if !self.rust {
            return Vec::new();
        }
        identifiers_in(Language::Rust, &self.code, name)
            .into_iter()
            .filter_map(|place| {
                let line = self
                    .lines
                    .iter()
                    .rev()
                    .find(|(code, _, _)| *code <= place.start)?;
                Some(Identifier {
                    start: line.1 + (place.start - line.0),
                    line: line.2,
                })
            })
            .collect()
    }
}

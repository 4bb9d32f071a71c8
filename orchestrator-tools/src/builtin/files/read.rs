//! `read`.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::ToolError;
use crate::tool::{Effect, Tool, ToolContext, ToolInfo};
use crate::worktree::{PathError, WorktreePath};

/// Shows a file, or lines of it, with their numbers.
#[derive(Debug, Clone, Copy)]
pub struct ReadTool;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Read {
    path: WorktreePath,
    /// The first line that is shown, from 1; default: the first.
    #[serde(default = "first")]
    #[schemars(range(min = 1))]
    from: usize,
    /// How many lines are shown; default: 2000.
    #[serde(default = "most")]
    #[schemars(range(min = 1))]
    lines: usize,
}

const fn first() -> usize {
    1
}

const fn most() -> usize {
    2_000
}

/// Of longer lines so many characters are shown.
const WIDEST: usize = 2_000;

#[derive(Debug, Serialize, JsonSchema)]
pub struct Shown {
    path: WorktreePath,
    /// Each line after its number and a tab.
    text: String,
    /// How many lines the file has.
    lines: usize,
    /// The line to go on from, if there are more.
    next: Option<usize>,
    /// What cannot be seen in the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

#[async_trait]
impl Tool for ReadTool {
    type Input = Read;
    type Output = Shown;

    fn info(&self) -> ToolInfo {
        ToolInfo::new(
            "read",
            "Shows a text file with line numbers: all of it, or `lines` lines from line `from` on. \
             A file has to be read before it can be edited.",
            Effect::Pure,
        )
    }

    async fn call(&self, context: &ToolContext, read: Read) -> Result<Shown, ToolError> {
        let bytes = context.worktree.read_bytes(&read.path)?;
        if let Some(what) = binary(&bytes) {
            let path = read.path.to_string();
            let instead = "look at text files, or run a command that tells about it";
            return Err(PathError::NotAFile {
                path,
                what,
                instead,
            }
            .into());
        }
        context.seen.note(&read.path, &bytes);
        let text = String::from_utf8_lossy(&bytes);
        let note = match (&text, text.contains("\r\n")) {
            (std::borrow::Cow::Owned(_), _) => Some(
                "not in UTF-8: what is not is shown as \u{fffd}, and the file cannot be edited",
            ),
            (_, true) => Some("lines end in CR LF"),
            (_, false) if !text.is_empty() && !text.ends_with('\n') => {
                Some("the last line has no end")
            }
            _ => None,
        };
        let lines = text.lines().count();
        if read.from > lines.max(1) {
            return Err(ToolError::Arguments {
                tool: "read".into(),
                reason: format!(
                    "`{}` has {lines} lines, none from {} on",
                    read.path, read.from
                ),
            });
        }
        let shown = text
            .lines()
            .enumerate()
            .skip(read.from - 1)
            .take(read.lines);
        let mut numbered = String::new();
        for (number, line) in shown {
            numbered += &format!("{:>6}\t", number + 1);
            push_short(&mut numbered, line);
            numbered.push('\n');
        }
        let end = read.from.saturating_add(read.lines);
        Ok(Shown {
            path: read.path,
            text: numbered,
            lines,
            next: (end <= lines).then_some(end),
            note: note.map(str::to_owned),
        })
    }
}

fn push_short(text: &mut String, line: &str) {
    match line.char_indices().nth(WIDEST) {
        None => text.push_str(line),
        Some((end, _)) => {
            text.push_str(&line[..end]);
            let more = line[end..].chars().count();
            text.push_str(&format!(" ... and {more} characters more"));
        }
    }
}

/// What a file is that is no text, by how it begins.
fn binary(bytes: &[u8]) -> Option<&'static str> {
    const IMAGES: [&[u8]; 6] = [
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"GIF87a",
        b"GIF89a",
        b"BM",
        b"\0\0\x01\0",
    ];
    let is_webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    // As git decides it.
    let has_zeros = bytes.iter().take(8_000).any(|byte| *byte == 0);
    if has_zeros && (is_webp || IMAGES.iter().any(|start| bytes.starts_with(start))) {
        Some("an image")
    } else if bytes.starts_with(b"%PDF-") {
        Some("a PDF")
    } else if has_zeros {
        Some("binary")
    } else {
        None
    }
}

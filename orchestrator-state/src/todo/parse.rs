//! From text to lines, and from a line to an item.

use std::ops::Range;

use super::item::{Mark, Status, TodoItem};

/// One line with its line ending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) item: Option<TodoItem>,
    /// Whether a code fence is open behind this line.
    pub(super) fenced: bool,
}

/// Splits a text. Joining the lines gives the text again.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let mut fence: Option<Fence> = None;
    text.split_inclusive('\n')
        .map(|line| {
            let mut item = None;
            match fence {
                Some(open) if open.is_closed_by(line) => fence = None,
                Some(_) => {}
                None => {
                    fence = Fence::opened_by(line);
                    item = parse_item(line);
                }
            }
            Line {
                text: line.to_owned(),
                item,
                fenced: fence.is_some(),
            }
        })
        .collect()
}

/// The fence of a code block: three or more backticks or tildes.
#[derive(Clone, Copy)]
struct Fence {
    with: char,
    len: usize,
}

impl Fence {
    fn opened_by(line: &str) -> Option<Self> {
        let line = line.trim_start();
        let with = line
            .chars()
            .next()
            .filter(|with| matches!(with, '`' | '~'))?;
        let rest = line.trim_start_matches(with);
        let len = line.len() - rest.len();
        // In a backtick fence, a later backtick makes it code within a line.
        (len >= 3 && !(with == '`' && rest.contains('`'))).then_some(Self { with, len })
    }

    fn is_closed_by(self, line: &str) -> bool {
        let line = line.trim();
        line.len() >= self.len && line.chars().all(|found| found == self.with)
    }
}

/// Where the parts of an item line are, in bytes of the line.
pub(super) struct Spans {
    /// The one character in the box.
    pub(super) mark: Range<usize>,
    /// The word of the `status:` field.
    pub(super) status: Option<Range<usize>>,
    /// The end of what is written, before the white space and the line ending.
    pub(super) end: usize,
}

/// Finds the parts of an item line; none if the line is not an item.
pub(super) fn spans(line: &str) -> Option<Spans> {
    let (mark, body) = box_of(line)?;
    let id = id_of(&line[body..])?;
    let status = fields(line, body + id.len())
        .find(|field| field.key == Some("status"))
        .map(|field| field.value);
    Some(Spans {
        mark,
        status,
        end: line.trim_end().len(),
    })
}

/// Reads an item line; none if the line is not an item.
pub(super) fn parse_item(line: &str) -> Option<TodoItem> {
    let (mark, body) = box_of(line)?;
    let id = id_of(&line[body..])?;
    let mut item = TodoItem {
        id: id.to_owned(),
        title: String::new(),
        depends: Vec::new(),
        files: Vec::new(),
        mark: line[mark].chars().next().and_then(Mark::from_char)?,
        word: None,
    };
    for field in fields(line, body + id.len()) {
        let value = &line[field.value];
        match field.key {
            Some("status") => item.word = item.word.or(Status::from_word(value)),
            Some("depends") => item.depends.extend(list(value)),
            Some(_) => item.files.extend(list(value)),
            None if item.title.is_empty() => item.title = value.to_owned(),
            None => {}
        }
    }
    Some(item)
}

/// The range of the mark in `- [ ] …`, and where the text after the box begins.
fn box_of(line: &str) -> Option<(Range<usize>, usize)> {
    let bullet = line.trim_start_matches([' ', '\t']);
    let rest = bullet.strip_prefix(['-', '*', '+'])?;
    let open = rest.trim_start_matches([' ', '\t']);
    let inner = open.strip_prefix('[').filter(|_| open.len() < rest.len())?;
    Mark::from_char(inner.chars().next()?)?;
    let after = inner[1..].strip_prefix(']')?;
    let body = after.trim_start_matches([' ', '\t']);
    let at = line.len() - inner.len();
    (body.len() < after.len()).then_some((at..at + 1, line.len() - body.len()))
}

/// The first word. `t1` and `t10` are different words.
fn id_of(body: &str) -> Option<&str> {
    body.split(|c: char| c.is_whitespace() || c == '|')
        .next()
        .filter(|id| !id.is_empty())
}

/// A part between two bars.
struct Field {
    /// The key, if it is one that we know.
    key: Option<&'static str>,
    /// Its value, or the whole part, without the white space around it.
    value: Range<usize>,
}

fn fields(line: &str, from: usize) -> impl Iterator<Item = Field> {
    let mut start = from;
    line.trim_end()[from..].split('|').map(move |part| {
        let at = start;
        start += part.len() + 1;
        let known = ["status", "depends", "files", "file"]
            .into_iter()
            .find_map(|key| {
                let value = part.trim_start().strip_prefix(key)?;
                Some((key, value.trim_start().strip_prefix(':')?))
            });
        let (key, value) = known.map_or((None, part), |(key, value)| (Some(key), value));
        // The value is a tail of the part, so its place is counted from the part's end. An empty
        // one is right behind the colon.
        let blank = value.len() - value.trim_start().len();
        let blank = if blank == value.len() { 0 } else { blank };
        let value_at = at + part.len() - value.len() + blank;
        Field {
            key,
            value: value_at..value_at + value.trim().len(),
        }
    })
}

fn list(value: &str) -> impl Iterator<Item = String> {
    value
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
}

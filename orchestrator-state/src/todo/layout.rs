//! Where on an item line its parts are.

use std::ops::Range;

use super::item::{Mark, Status};
use super::text::{code_spans, column, comment_start, is_inside, without_bom};

/// The fields that we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Status,
    Agent,
    Depends,
    Files,
}

impl Key {
    /// The key as we write it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Agent => "agent",
            Self::Depends => "depends",
            Self::Files => "file",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        let name = name.trim().to_lowercase().replace([' ', '-'], "_");
        match name.as_str() {
            "status" => Some(Self::Status),
            "agent" => Some(Self::Agent),
            "depends" | "depends_on" => Some(Self::Depends),
            "file" | "files" => Some(Self::Files),
            _ => None,
        }
    }

    /// The key at the front of a part, and what stands behind its colon.
    fn split(part: &str) -> Option<(Self, &str)> {
        let (name, value) = part.split_once(':')?;
        Some((Self::from_name(name)?, value))
    }
}

/// A field on its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) key: Key,
    /// From the bar before it to the bar behind it.
    pub(super) part: Range<usize>,
    /// What stands behind the colon, without the white space around it.
    pub(super) value: Range<usize>,
}

/// Where the parts of an item line are, in bytes of the line.
#[derive(Debug)]
pub(super) struct Layout {
    /// Where the bullet begins.
    pub(super) bullet: usize,
    /// What is in the box; empty in `[]`.
    pub(super) mark: Range<usize>,
    /// The first word, with what decorates it.
    pub(super) word: Range<usize>,
    /// The title, if there is one.
    pub(super) title: Option<Range<usize>>,
    pub(super) fields: Vec<Field>,
    /// The end of what is written, before white space, comments and the line ending.
    pub(super) end: usize,
}

impl Layout {
    /// Finds the parts; none if the line is not an item.
    pub(super) fn of(line: &str) -> Option<Self> {
        let (bullet, mark, body) = box_of(line)?;
        let end = written_end(line).max(body);
        let text = &line[body..end];
        let len = text.find(|c: char| c.is_whitespace() || c == '|');
        let word = body..body + len.unwrap_or(text.len());
        if word.is_empty() {
            return None;
        }
        let mut layout = Self {
            bullet,
            mark,
            title: None,
            fields: Vec::new(),
            end,
            word: word.clone(),
        };
        for (index, part) in parts(line, word.end, end).into_iter().enumerate() {
            layout.take_part(line, part, index == 0);
        }
        Some(layout)
    }

    fn take_part(&mut self, line: &str, part: Range<usize>, first: bool) {
        // Every part but the first begins with its bar.
        let from = if first { part.start } else { part.start + 1 };
        if let Some((key, value)) = Key::split(&line[from..part.end]) {
            let at = part.end - value.len();
            let blank = value.len() - value.trim_start().len();
            // An empty value is right behind the colon.
            let at = at + if blank == value.len() { 0 } else { blank };
            let value = at..at + value.trim().len();
            self.fields.push(Field { key, part, value });
            return;
        }
        if self.title.is_some() {
            return;
        }
        let mut title = trimmed(line, from..part.end);
        if first {
            title = self.behind_word(line, title);
        }
        if !title.is_empty() {
            self.title = Some(title);
        }
    }

    /// A title in the same part as the id: `t1 - title`, `**t1: title**`.
    fn behind_word(&self, line: &str, title: Range<usize>) -> Range<usize> {
        let mut title = title;
        let separator = ["-", "–", "—", ":"]
            .into_iter()
            .filter_map(|separator| line[title.clone()].strip_prefix(separator))
            .find(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace));
        if let Some(rest) = separator {
            title = trimmed(line, title.end - rest.len()..title.end);
        }
        let opened = ["**", "~~", "`"].into_iter().find(|emphasis| {
            let word = line[self.word.clone()].strip_prefix(emphasis);
            word.is_some_and(|word| !word.contains(emphasis))
        });
        if let Some(emphasis) = opened
            && let Some(inner) = line[title.clone()].strip_suffix(emphasis)
        {
            title.end = title.start + inner.trim_end().len();
        }
        title
    }

    /// The first field with a key.
    pub(super) fn field(&self, key: Key) -> Option<&Field> {
        self.fields.iter().find(|field| field.key == key)
    }

    /// The word of the `status:` field: all of its value, or its first word if that is what we
    /// know and remarks follow, or if code or a comment does; nothing if the first word is of that.
    pub(super) fn status(&self, line: &str) -> Option<Range<usize>> {
        let value = self.field(Key::Status)?.value.clone();
        let text = &line[value.clone()];
        if Status::from_word(text).is_some() {
            return Some(value);
        }
        let first = text.split_whitespace().next().unwrap_or_default();
        if Status::from_word(first).is_some() {
            return Some(value.start..value.start + first.len());
        }
        // To take away where code or a comment begins or ends would change what else is one.
        let delimits = |text: &str| ["`", "<!--", "-->"].iter().any(|mark| text.contains(mark));
        if delimits(text) {
            let len = if delimits(first) { 0 } else { first.len() };
            return Some(value.start..value.start + len);
        }
        Some(value)
    }
}

/// The text behind a bullet (`-`, `*`, `+`, `1.`, `1)`) and the white space behind it.
pub(super) fn behind_bullet(text: &str) -> Option<&str> {
    let rest = text.strip_prefix(['-', '*', '+']).or_else(|| {
        let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
        let digits = text.len() - rest.len();
        (1..=9).contains(&digits).then_some(())?;
        rest.strip_prefix(['.', ')'])
    })?;
    let behind = rest.trim_start_matches([' ', '\t']);
    (behind.len() < rest.len()).then_some(behind)
}

/// The bullet's place and the range of the mark in `- [ ] …`, and where the text after the box
/// begins.
fn box_of(line: &str) -> Option<(usize, Range<usize>, usize)> {
    let bullet = without_bom(line).trim_start_matches([' ', '\t']);
    let inner = behind_bullet(bullet)?.strip_prefix('[')?;
    let (mark, after) = inner.split_once(']')?;
    Mark::from_text(mark)?;
    // Some mark what is optional by a star behind the box.
    let after = after
        .strip_prefix('*')
        .filter(|rest| rest.starts_with([' ', '\t']))
        .unwrap_or(after);
    let body = after.trim_start_matches([' ', '\t']);
    let at = line.len() - inner.len();
    let found = (
        line.len() - bullet.len(),
        at..at + mark.len(),
        line.len() - body.len(),
    );
    (body.len() < after.len()).then_some(found)
}

/// Where the text ends, if the comments behind it are left out.
fn written_end(line: &str) -> usize {
    let mut end = match comment_start(line) {
        Some(open) => line[..open].trim_end().len(),
        None => line.trim_end().len(),
    };
    let code = code_spans(line);
    while line[..end].ends_with("-->")
        && let Some(open) = line[..end - 3].rfind("<!--")
        && !is_inside(&code, open)
    {
        end = line[..open].trim_end().len();
    }
    end
}

/// The parts between bars; each but the first with the bar before it. A bar in a code span, or
/// behind a backslash, is text unless one of our fields follows it.
fn parts(line: &str, from: usize, end: usize) -> Vec<Range<usize>> {
    let code = code_spans(&line[..end]);
    let mut starts = vec![from];
    starts.extend(line[from..end].match_indices('|').filter_map(|(at, _)| {
        let at = from + at;
        let quoted = is_inside(&code, at) || line[..at].ends_with('\\');
        (!quoted || Key::split(&line[at + 1..end]).is_some()).then_some(at)
    }));
    let ends = starts.iter().skip(1).copied().chain([end]);
    starts
        .iter()
        .zip(ends)
        .map(|(start, end)| *start..end)
        .collect()
}

fn trimmed(line: &str, range: Range<usize>) -> Range<usize> {
    let text = line[range.clone()].trim_start();
    let start = range.end - text.len();
    start..start + text.trim_end().len()
}

/// The column in which a line's text begins.
pub(super) fn indent(line: &str) -> usize {
    column(without_bom(line))
}

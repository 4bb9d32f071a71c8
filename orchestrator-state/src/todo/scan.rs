//! From text to lines: what is code, a comment, a heading, an item or prose.

use std::sync::Arc;

use super::item::TodoItem;
use super::layout::{behind_bullet, indent};
use super::parse::parse_item;
use super::text::{comment_start, without_bom};

/// One line with its line ending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) item: Option<TodoItem>,
    pub(super) heading: Option<Heading>,
    /// Whether code or a comment that was opened before goes on here.
    pub(super) inert: bool,
    /// Whether code or a comment is open behind this line.
    pub(super) open: bool,
    /// The column in which its text begins.
    pub(super) column: usize,
    /// Whether it is empty and not part of code or a comment.
    pub(super) blank: bool,
    /// Whether it begins an entry of a list, with a box or without.
    pub(super) bullet: bool,
    /// Whether it is a line across the page.
    pub(super) rule: bool,
}

/// A heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Heading {
    /// 1 to 6.
    pub(super) level: usize,
    pub(super) title: String,
}

impl Heading {
    /// A heading with number signs.
    fn of(line: &str) -> Option<Self> {
        let text = without_bom(line);
        if indent(text) > 3 {
            return None;
        }
        let text = text.trim();
        let rest = text.trim_start_matches('#');
        let level = text.len() - rest.len();
        let apart = rest.is_empty() || rest.starts_with([' ', '\t']);
        ((1..=6).contains(&level) && apart).then(|| {
            let closed = rest.trim_end_matches('#');
            let title = if closed.is_empty() || closed.ends_with([' ', '\t']) {
                closed
            } else {
                rest
            };
            Self {
                level,
                title: title.trim().to_owned(),
            }
        })
    }

    /// A heading that is underlined on the next line.
    fn underlined(line: &str, next: &str) -> Option<Self> {
        let (text, under) = (without_bom(line), next.trim());
        let title = text.trim();
        let prose = indent(text) <= 3
            && !title.is_empty()
            && !title.starts_with(['>', '|'])
            && behind_bullet(title).is_none()
            && !is_rule(title);
        let level = match under.chars().next()? {
            '=' if under.trim_matches('=').is_empty() => 1,
            '-' if under.len() > 1 && under.trim_matches('-').is_empty() => 2,
            _ => return None,
        };
        (prose && indent(next) <= 3).then(|| Self {
            level,
            title: title.to_owned(),
        })
    }
}

/// Whether a text is a line across the page.
fn is_rule(text: &str) -> bool {
    let text = text.trim();
    ['-', '*', '_', '=']
        .into_iter()
        .any(|with| text.len() >= 3 && text.trim_matches(with).is_empty())
}

/// In what the scan is.
#[derive(Clone, Copy)]
enum Inside {
    Text,
    Code(Fence),
    Comment,
}

/// Splits a text. Joining the lines gives the text again.
pub(super) fn lines(text: &str) -> Vec<Arc<Line>> {
    let raw: Vec<&str> = text.split_inclusive('\n').collect();
    let closing = closing(&raw);
    let front = front_matter(&raw);
    let mut inside = Inside::Text;
    let scan = raw.iter().enumerate().map(|(index, &text)| {
        let next = raw.get(index + 1).copied().unwrap_or_default();
        // Within a paragraph, a comment is one only if it ends in it.
        let ends = closing.get(index + 1).copied().unwrap_or_default();
        let inert = !matches!(inside, Inside::Text);
        let trimmed = without_bom(text).trim();
        let mut line = Line {
            text: text.to_owned(),
            item: None,
            heading: None,
            inert,
            open: false,
            column: indent(text),
            blank: !inert && trimmed.is_empty(),
            bullet: !inert && behind_bullet(trimmed).is_some(),
            rule: !inert && is_rule(trimmed),
        };
        inside = match inside {
            Inside::Code(fence) if fence.is_closed_by(text) => Inside::Text,
            Inside::Code(fence) => Inside::Code(fence),
            Inside::Comment => match text.find("-->") {
                None => Inside::Comment,
                Some(close) => comment(&text[close + 3..], ends),
            },
            Inside::Text => {
                let content = content(text);
                if let Some(fence) = Fence::opened_by(content) {
                    Inside::Code(fence)
                } else if content.starts_with("<!--") {
                    comment(text, true)
                } else {
                    line.item = parse_item(text);
                    if line.item.is_none() {
                        let underlined = || Heading::underlined(text, next);
                        line.heading = Heading::of(text)
                            .or_else(|| (index >= front).then(underlined).flatten());
                    }
                    comment(text, ends)
                }
            }
        };
        line.open = !matches!(inside, Inside::Text);
        Arc::new(line)
    });
    scan.collect()
}

fn comment(text: &str, ends: bool) -> Inside {
    match comment_start(text) {
        Some(_) if ends => Inside::Comment,
        _ => Inside::Text,
    }
}

/// Whether a comment ends on a line, or behind it in the same paragraph.
fn closing(raw: &[&str]) -> Vec<bool> {
    let mut closing = vec![false; raw.len()];
    let mut ends = false;
    for (index, line) in raw.iter().enumerate().rev() {
        ends = line.contains("-->") || ends && !line.trim().is_empty();
        closing[index] = ends;
    }
    closing
}

/// How many lines of front matter there are: from `---` on the first line to the next `---`.
fn front_matter(raw: &[&str]) -> usize {
    let rule = |line: &&str| without_bom(line).trim_end() == "---";
    match raw.split_first() {
        Some((first, rest)) if rule(first) => rest.iter().position(rule).map_or(0, |at| at + 2),
        _ => 0,
    }
}

/// What stands behind white space and bullets.
fn content(line: &str) -> &str {
    let mut text = without_bom(line).trim_start();
    while let Some(behind) = behind_bullet(text) {
        text = behind;
    }
    text
}

/// The fence of a code block: three or more backticks or tildes.
#[derive(Clone, Copy)]
struct Fence {
    with: char,
    len: usize,
}

impl Fence {
    fn opened_by(content: &str) -> Option<Self> {
        let with = content
            .chars()
            .next()
            .filter(|with| matches!(with, '`' | '~'))?;
        let rest = content.trim_start_matches(with);
        let len = content.len() - rest.len();
        // In a backtick fence, a later backtick makes it code within a line.
        (len >= 3 && !(with == '`' && rest.contains('`'))).then_some(Self { with, len })
    }

    fn is_closed_by(self, line: &str) -> bool {
        let line = line.trim();
        line.len() >= self.len && line.chars().all(|found| found == self.with)
    }
}

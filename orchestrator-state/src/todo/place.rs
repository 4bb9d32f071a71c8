//! Where in a document an item belongs.

use std::sync::Arc;

use super::TodoDocument;
use super::add::NewItem;
use super::edit::EditError;
use super::layout::{Layout, behind_bullet};
use super::scan;

/// Where a line goes, and what stands before its box.
pub(super) struct Place {
    pub(super) at: usize,
    pub(super) prefix: String,
}

impl TodoDocument {
    pub(super) fn place(&self, item: &NewItem) -> Result<Place, EditError> {
        let group = match &item.heading {
            Some(heading) => Some((heading, self.section(heading)?)),
            None => None,
        };
        if let Some(parent) = &item.parent {
            let line = self.only_line_of(parent)?;
            return match group {
                Some((heading, (from, to))) if !(from..to).contains(&line) => {
                    let (heading, count) = (heading.clone(), 0);
                    Err(EditError::Heading { heading, count })
                }
                _ => Ok(self.place_under(parent, line)),
            };
        }
        let (from, to) = group.map_or((0, self.lines.len()), |(_, section)| section);
        let nodes = self.outline();
        let last = nodes.iter().rfind(|node| (from..to).contains(&node.line));
        let at = match last {
            Some(last) => {
                let mut root = *last;
                while let Some(parent) = root.parent {
                    root = nodes[parent];
                }
                // What is indented would be taken for a note of the new item, which is not.
                self.block_end(root.line, 0)
            }
            None if item.heading.is_some() => {
                let written = self.lines[from..to].iter().rposition(|l| !l.blank);
                written.map_or(from, |line| from + line + 1)
            }
            None => to,
        };
        let prefix = "- ".to_owned();
        Ok(Place { at, prefix })
    }

    fn place_under(&self, parent: &str, line: usize) -> Place {
        let at = self.block_end(line, self.lines[line].column);
        let sibling = self.children(parent).last().map(|item| item.id.clone());
        let sibling = sibling.and_then(|id| {
            let line = self.lines_of(&id).into_iter().rfind(|line| *line < at)?;
            prefix_of(&self.lines[line].text)
        });
        let prefix = sibling.map_or_else(
            || {
                let (indent, bullet) = prefix_of(&self.lines[line].text).unwrap_or_default();
                let tabs =
                    |line: &Arc<scan::Line>| line.item.is_some() && line.text.starts_with('\t');
                let width = bullet.len().max(2);
                if self.lines.iter().any(tabs) {
                    format!("{indent}\t- ")
                } else {
                    format!("{indent}{}- ", " ".repeat(width))
                }
            },
            |(indent, bullet)| {
                let digits = bullet.trim_end_matches(|c: char| !c.is_ascii_digit());
                match digits.parse::<u32>() {
                    Ok(number) => format!("{indent}{}{}", number + 1, &bullet[digits.len()..]),
                    Err(_) => format!("{indent}{bullet}"),
                }
            },
        );
        Place { at, prefix }
    }

    /// The lines below a heading, up to the next.
    fn section(&self, title: &str) -> Result<(usize, usize), EditError> {
        let is_it =
            |line: &Arc<scan::Line>| line.heading.as_ref().is_some_and(|h| h.title == title);
        let mut found = (0..self.lines.len()).filter(|index| is_it(&self.lines[*index]));
        let (Some(heading), None) = (found.next(), found.next()) else {
            let count = self.lines.iter().filter(|line| is_it(line)).count();
            let heading = title.to_owned();
            return Err(EditError::Heading { heading, count });
        };
        let underlined = !super::text::without_bom(&self.lines[heading].text)
            .trim_start()
            .starts_with('#');
        let from = (heading + 1 + usize::from(underlined)).min(self.lines.len());
        let below = self.lines[from..].iter().position(|l| l.heading.is_some());
        Ok((from, below.map_or(self.lines.len(), |below| from + below)))
    }

    /// Behind the last line that belongs to an item: its notes, its children and theirs. The item
    /// is taken to be in the column.
    pub(super) fn block_end(&self, index: usize, column: usize) -> usize {
        let mut end = index + 1;
        let mut at = end;
        while let Some(line) = self.lines.get(at) {
            let below = if line.item.is_some() {
                line.column >= column + 2
            } else {
                line.column > column && line.heading.is_none()
            };
            if self.lines[at - 1].open || below && !line.blank {
                end = at + 1;
            } else if !line.blank {
                break;
            }
            at += 1;
        }
        end
    }
}

/// The white space before an item's bullet, and the bullet with a space.
fn prefix_of(line: &str) -> Option<(String, String)> {
    let layout = Layout::of(line)?;
    let text = &line[layout.bullet..];
    let bullet = text[..text.len() - behind_bullet(text)?.len()].trim_end();
    let indent = super::text::without_bom(&line[..layout.bullet]);
    Some((indent.to_owned(), format!("{bullet} ")))
}

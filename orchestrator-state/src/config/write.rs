//! Adding items to a bracketed list so that they look like their neighbours: the part of writing
//! that JSON and TOML share.

use std::ops::Range;

use super::splice::Splices;

/// What a text looks like.
pub(super) struct Layout<'a> {
    pub(super) text: &'a str,
    pub(super) comments: &'a [Range<usize>],
    pub(super) newline: &'static str,
    /// One step of indentation.
    pub(super) unit: String,
    /// Between two items on one line, after the comma.
    pub(super) gap: &'static str,
}

/// A list in brackets or braces.
pub(super) struct List<'a> {
    /// With its brackets.
    pub(super) span: &'a Range<usize>,
    /// Its items, by place.
    pub(super) items: Vec<Range<usize>>,
    /// Whether items go on lines of their own when there are none yet to imitate.
    pub(super) expand: bool,
    /// What stands between the brackets and the items when they are on one line and there are none
    /// yet to imitate.
    pub(super) padding: &'static str,
}

impl Layout<'_> {
    /// Adds items at the end of a list. `render` prints the item of a number for a line with the
    /// given indentation, or, without one, for the middle of a line.
    pub(super) fn add(
        &self,
        list: &List<'_>,
        count: usize,
        render: impl Fn(usize, Option<&str>) -> String,
        splices: &mut Splices<'_>,
    ) {
        match list.items.last() {
            None => self.fill(list, count, render, splices),
            Some(last) => self.extend(list, last, count, render, splices),
        }
    }

    /// Adds to a list that has items.
    fn extend(
        &self,
        list: &List<'_>,
        last: &Range<usize>,
        count: usize,
        render: impl Fn(usize, Option<&str>) -> String,
        splices: &mut Splices<'_>,
    ) {
        let comma = self.comma(last.end, list.span.end);
        let after = comma.map_or(last.end, |comma| comma + 1);
        let Some(indent) = self.own_line(last.start) else {
            let gap = self.gap_in(list);
            let items: Vec<_> = (0..count).map(|index| render(index, None)).collect();
            let items = items.join(&format!(",{gap}"));
            match comma {
                None => splices.insert(after, format!(",{gap}{items}")),
                Some(_) => splices.insert(after, format!("{gap}{items},")),
            }
            return;
        };
        // A comment behind the last item stays behind it, and the comma goes before the comment.
        let mut added = String::new();
        let end = self.end_of_line_comments(after);
        if comma.is_none() && end == after {
            added.push(',');
        } else if comma.is_none() {
            splices.insert(after, ",");
        }
        for index in 0..count {
            added.push_str(self.newline);
            added.push_str(indent);
            added.push_str(&render(index, Some(indent)));
            if index + 1 < count || comma.is_some() {
                added.push(',');
            }
        }
        splices.insert(end, added);
    }

    /// Adds to a list that has no items, but perhaps comments.
    fn fill(
        &self,
        list: &List<'_>,
        count: usize,
        render: impl Fn(usize, Option<&str>) -> String,
        splices: &mut Splices<'_>,
    ) {
        let (start, end) = (list.span.start + 1, list.span.end.saturating_sub(1));
        let interior = self.text.get(start..end).unwrap_or_default();
        let last_comment = self
            .comments
            .iter()
            .rev()
            .find(|comment| comment.start >= start && comment.end <= end);
        if !list.expand && last_comment.is_none() && !interior.contains('\n') {
            let items: Vec<_> = (0..count).map(|index| render(index, None)).collect();
            let items = items.join(&format!(",{}", self.gap));
            let padding = list.padding;
            splices.replace(start..end, format!("{padding}{items}{padding}"));
            return;
        }
        let outer = self.indent(list.span.start);
        let indent = format!("{outer}{}", self.unit);
        let items: Vec<_> = (0..count)
            .map(|index| format!("{}{indent}{}", self.newline, render(index, Some(&indent))))
            .collect();
        let items = items.join(",");
        let at = last_comment.map_or(start, |comment| comment.end);
        let rest = self.text.get(at..end).unwrap_or_default();
        // The closing bracket gets a line of its own; a line that it has already is left alone.
        if last_comment.is_some() && rest.contains('\n') {
            splices.insert(at, items);
        } else {
            splices.replace(at..end, format!("{items}{}{outer}", self.newline));
        }
    }

    /// The comma after an item, if the list ends with one.
    fn comma(&self, from: usize, to: usize) -> Option<usize> {
        let mut at = from;
        while at < to {
            if let Some(comment) = self.comment_at(at) {
                at = comment.end;
                continue;
            }
            if self.text.as_bytes().get(at) == Some(&b',') {
                return Some(at);
            }
            at += 1;
        }
        None
    }

    /// Where the comments end that stand on the same line behind a place.
    fn end_of_line_comments(&self, from: usize) -> usize {
        let mut end = from;
        loop {
            let rest = self.text.get(end..).unwrap_or_default();
            let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
            match self.comment_at(end + blanks) {
                Some(comment) if !self.text[comment.clone()].contains(['\n', '\r']) => {
                    end = comment.end;
                }
                _ => return end,
            }
        }
    }

    fn comment_at(&self, at: usize) -> Option<&Range<usize>> {
        let index = self
            .comments
            .binary_search_by_key(&at, |comment| comment.start)
            .ok()?;
        self.comments.get(index)
    }

    /// What stands between two items of a list on one line, after the comma.
    fn gap_in(&self, list: &List<'_>) -> &str {
        let [.., before, last] = list.items.as_slice() else {
            return self.gap;
        };
        let between = self.text.get(before.end..last.start).unwrap_or_default();
        match between.strip_prefix(',') {
            Some(gap) if gap.bytes().all(|byte| byte == b' ') => gap,
            _ => self.gap,
        }
    }

    /// The indentation of the line that a place is on.
    pub(super) fn indent(&self, at: usize) -> &str {
        let line = self.line_before(at);
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        &line[..indent]
    }

    /// The indentation of a place that is the first on its line.
    pub(super) fn own_line(&self, at: usize) -> Option<&str> {
        let line = self.line_before(at);
        let is_first_line = line.len() == at;
        let is_first = !is_first_line && line.bytes().all(|byte| byte == b' ' || byte == b'\t');
        is_first.then_some(line)
    }

    fn line_before(&self, at: usize) -> &str {
        let before = self.text.get(..at).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        before.get(start..).unwrap_or_default()
    }
}

/// The line ending of a text: that of its first line.
pub(super) fn newline(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text.get(..at).is_some_and(|line| line.ends_with('\r')) => "\r\n",
        _ => "\n",
    }
}

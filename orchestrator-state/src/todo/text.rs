//! What Markdown makes of a line's text: columns, code spans, comments.

use std::ops::Range;

/// Tabs go to the next multiple of this, as in CommonMark.
const TAB: usize = 4;

/// The text without a byte order mark. Some editors put one at the front of a file.
pub(super) fn without_bom(line: &str) -> &str {
    line.strip_prefix('\u{feff}').unwrap_or(line)
}

/// The column of the first character that is neither a space nor a tab.
pub(super) fn column(text: &str) -> usize {
    text.chars()
        .take_while(|c| matches!(c, ' ' | '\t'))
        .fold(0, |column, c| match c {
            '\t' => (column / TAB + 1) * TAB,
            _ => column + 1,
        })
}

/// The ranges of code within the line: from a run of backticks to the next run of the same length.
pub(super) fn code_spans(text: &str) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (at, _) in text.match_indices('`') {
        match runs.last_mut() {
            Some(run) if run.end == at => run.end += 1,
            _ => runs.push(at..at + 1),
        }
    }
    let mut spans = Vec::new();
    let mut rest = runs.as_slice();
    while let [open, later @ ..] = rest {
        rest = later;
        if let Some(close) = later.iter().position(|run| run.len() == open.len()) {
            spans.push(open.start..later[close].end);
            rest = &later[close + 1..];
        }
    }
    spans
}

/// Whether a place is in one of the ranges.
pub(super) fn is_inside(ranges: &[Range<usize>], at: usize) -> bool {
    ranges.iter().any(|range| range.contains(&at))
}

/// Where a comment begins that does not end on this line.
pub(super) fn comment_start(text: &str) -> Option<usize> {
    let code = code_spans(text);
    let mut from = 0;
    while let Some(at) = text[from..].find("<!--") {
        let open = from + at;
        if is_inside(&code, open) {
            from = open + 4;
            continue;
        }
        // `<!-->` is a whole comment.
        match text[open + 2..].find("-->") {
            Some(close) => from = open + 2 + close + 3,
            None => return Some(open),
        }
    }
    None
}

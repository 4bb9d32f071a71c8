//! Replacing a text that stands in a file once.

/// Why a text was not replaced.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// Nothing is to be found.
    #[error("`old` is empty: give the text that is to be replaced, or write the file whole")]
    Empty,
    /// Nothing would change.
    #[error("`old` and `new` are the same: nothing would change")]
    Same,
    /// It is not there.
    #[error("`old` is not in `{path}`{hint}")]
    NotFound {
        /// The file.
        path: String,
        /// What is there instead, if anything is like it.
        hint: String,
    },
    /// It is there more than once.
    #[error(
        "`old` is in `{path}` {} times, in lines {}: give more of what is around the one that you mean, or set `all`",
        lines.len(), listed(lines)
    )]
    NotUnique {
        /// The file.
        path: String,
        /// Where it begins, from 1.
        lines: Vec<usize>,
    },
}

fn listed(lines: &[usize]) -> String {
    const SHOWN: usize = 10;
    let shown: Vec<String> = lines.iter().take(SHOWN).map(usize::to_string).collect();
    let more = if lines.len() > SHOWN { ", ..." } else { "" };
    shown.join(", ") + more
}

/// A text with something replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edited {
    pub(crate) text: String,
    /// Where the places were before, from 1.
    pub(crate) lines: Vec<usize>,
}

/// Replaces `old`, which has to be in `text` exactly once, or with `all` at least once.
pub(crate) fn replace(
    path: &str,
    text: &str,
    old: &str,
    new: &str,
    all: bool,
) -> Result<Edited, EditError> {
    if old.is_empty() {
        return Err(EditError::Empty);
    }
    if old == new {
        return Err(EditError::Same);
    }
    let mut edited = String::with_capacity(text.len());
    let (mut lines, mut line, mut done) = (Vec::new(), 1, 0);
    for (at, _) in text.match_indices(old) {
        line += newlines(&text[done..at]);
        lines.push(line);
        line += newlines(old);
        edited += &text[done..at];
        edited += new;
        done = at + old.len();
    }
    edited += &text[done..];
    match lines.len() {
        0 => Err(EditError::NotFound {
            path: path.to_owned(),
            hint: hint(text, old),
        }),
        1 => Ok(Edited {
            text: edited,
            lines,
        }),
        _ if all => Ok(Edited {
            text: edited,
            lines,
        }),
        _ => Err(EditError::NotUnique {
            path: path.to_owned(),
            lines,
        }),
    }
}

fn newlines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

/// What is in the text that would be `old`, if blanks did not count.
fn hint(text: &str, old: &str) -> String {
    if text.contains("\r\n") && !old.contains('\r') && text.contains(&old.replace('\n', "\r\n")) {
        return ": the file's lines end in CR LF, and so have those of `old`".into();
    }
    let wanted: Vec<&str> = old.trim().lines().map(str::trim).collect();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let found = lines
        .windows(wanted.len().max(1))
        .position(|window| window == wanted);
    match found {
        Some(at) => format!(
            ": the same with other blanks is in line {}; copy it exactly as it is",
            at + 1
        ),
        None => ": read the file again and copy the text exactly as it is".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_once_is_replaced() {
        let edited = replace("f", "one\ntwo\nthree\n", "two", "2", false).unwrap();
        assert_eq!(edited.text, "one\n2\nthree\n");
        assert_eq!(edited.lines, [2]);
    }

    #[test]
    fn what_is_there_twice_needs_to_be_told_apart() {
        let text = "a\nb\na\n";
        let error = replace("f", text, "a", "c", false).unwrap_err();
        assert!(
            error.to_string().contains("2 times, in lines 1, 3"),
            "{error}"
        );
        let edited = replace("f", text, "a", "c", true).unwrap();
        assert_eq!(
            (edited.text.as_str(), &edited.lines[..]),
            ("c\nb\nc\n", &[1, 3][..])
        );
        assert_eq!(
            replace("f", text, "a\nb", "c", false).unwrap().text,
            "c\na\n"
        );
    }

    #[test]
    fn what_is_not_there_is_told_with_what_is_like_it() {
        for (text, old, part) in [
            (
                "fn f() {\n    x;\n}\n",
                "fn f() {\n\tx;\n}",
                "other blanks is in line 1",
            ),
            ("a\r\nb\r\n", "a\nb", "CR LF"),
            ("a\n", "b", "read the file again"),
            ("", "\n\n", "read the file again"),
        ] {
            let error = replace("f", text, old, "c", false).unwrap_err();
            assert!(error.to_string().contains(part), "{error}");
        }
        assert_eq!(replace("f", "a", "", "b", false), Err(EditError::Empty));
        assert_eq!(replace("f", "a", "a", "a", false), Err(EditError::Same));
    }
}

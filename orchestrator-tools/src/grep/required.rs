//! Texts without which nothing matches.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::literal::{ExtractKind, Extractor, Seq};

/// Shorter ones say nothing: contents are known by three bytes at a time.
const SHORTEST: usize = 3;

/// More would take longer to look for than is saved.
const MOST: usize = 64;

/// One of these is in whatever matches; `None`: no such texts are known.
pub(super) fn required(pattern: &str, fixed: bool, ignore_case: bool) -> Option<Vec<Vec<u8>>> {
    let escaped;
    let pattern = match fixed {
        true => {
            escaped = regex_syntax::escape(pattern);
            &escaped
        }
        false => pattern,
    };
    let mut parser = ParserBuilder::new()
        .utf8(false)
        .multi_line(true)
        .case_insensitive(ignore_case)
        .build();
    let pattern = parser.parse(pattern).ok()?;
    let of_kind = |kind| {
        let texts = Extractor::new().kind(kind).extract(&pattern);
        Some((shortest(&texts)?, texts))
    };
    // A match begins with one of the ones, and ends with one of the others: the longer tell more.
    let kinds = [ExtractKind::Prefix, ExtractKind::Suffix];
    let (_, texts) = kinds
        .into_iter()
        .filter_map(of_kind)
        .max_by_key(|(shortest, _)| *shortest)?;
    let texts = texts.literals()?.iter();
    Some(texts.map(|text| text.as_bytes().to_vec()).collect())
}

/// The length of the shortest, if they are of use.
fn shortest(texts: &Seq) -> Option<usize> {
    let texts = texts.literals().filter(|texts| texts.len() <= MOST)?;
    let shortest = texts.iter().map(|text| text.len()).min()?;
    (shortest >= SHORTEST).then_some(shortest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matches_has_one_of_them() {
        let known = |pattern: &str, fixed, ignore_case| {
            let texts = required(pattern, fixed, ignore_case)?;
            Some(
                texts
                    .into_iter()
                    .map(|text| String::from_utf8(text).unwrap())
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(known("unsafe impl", false, false).unwrap(), ["unsafe impl"]);
        assert_eq!(known("a.b(", true, false).unwrap(), ["a.b("]);
        assert_eq!(known(r"fn \w+_mut\(", false, false).unwrap(), ["_mut("]);
        assert_eq!(known(r"[A-Z]\w+Error\b", false, false).unwrap(), ["Error"]);
        assert_eq!(
            known("^(use|mod) ", false, false).unwrap(),
            ["use ", "mod "]
        );
        assert_eq!(known("abc", false, true).unwrap().len(), 8);
        for nothing in ["a", ".*", r"\w+", "^$", "(abc)?", "abc|d", "("] {
            assert_eq!(known(nothing, false, false), None, "{nothing}");
        }
    }
}

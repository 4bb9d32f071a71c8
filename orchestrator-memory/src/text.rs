//! Texts as terms.

mod irregular;

use rust_stemmers::{Algorithm, Stemmer};

/// Words that say nothing about the subject, also in questions. In a large store their rarity would
/// tell; in a store of five entries it does not. Sorted.
const STOP_WORDS: [&str; 135] = [
    "a", "about", "ain", "all", "also", "am", "an", "and", "any", "are", "aren", "as", "at", "be",
    "been", "being", "but", "by", "ca", "can", "could", "couldn", "d", "did", "didn", "do", "does",
    "doesn", "doing", "don", "done", "em", "for", "from", "get", "got", "had", "hadn", "has",
    "hasn", "have", "haven", "having", "he", "her", "hers", "him", "his", "how", "i", "id", "if",
    "im", "in", "into", "is", "isn", "it", "its", "ive", "just", "kind", "lets", "like", "ll",
    "lot", "m", "many", "me", "much", "mustn", "my", "needn", "not", "o", "of", "on", "or", "our",
    "out", "re", "really", "s", "shan", "she", "should", "shouldn", "so", "some", "sort", "t",
    "than", "that", "thats", "the", "their", "them", "then", "there", "theres", "these", "they",
    "this", "those", "to", "too", "type", "up", "us", "ve", "very", "was", "wasn", "we", "were",
    "weren", "what", "whats", "when", "where", "which", "who", "whom", "whose", "why", "will",
    "with", "wo", "won", "would", "wouldn", "y", "you", "your", "yours",
];

/// Longer runs are cut: they are no words. In bytes.
const LONGEST: usize = 64;

/// Calls `take` with each term of a text, in its order, in lower case and not stemmed.
///
/// A term is a run of letters and digits; function words are left out. An identifier gives the whole
/// run and its parts, so that `parseTodo`, `parse_todo` and `src/parse/todo.rs` meet in `parse` and
/// `todo`. Scripts that put no space between words, and Korean, whose words take endings, give each
/// pair of characters, as is usual for them (Lucene's CJK analyzer).
pub(crate) fn each_form(text: &str, mut take: impl FnMut(&str)) {
    let mut lower = String::new();
    let mut add = |part: &str| {
        lower.clear();
        if part.is_ascii() {
            lower.push_str(part);
            lower.make_ascii_lowercase();
        } else {
            lower.extend(part.chars().flat_map(char::to_lowercase));
        }
        lower.truncate(lower.floor_char_boundary(LONGEST));
        if STOP_WORDS.binary_search(&lower.as_str()).is_err() {
            take(&lower);
        }
    };
    for run in text.split(|c: char| !c.is_alphanumeric()) {
        if run.is_empty() {
            continue;
        }
        if !run.is_ascii() && run.contains(is_paired) {
            pairs(run, &mut add);
            continue;
        }
        add(run);
        if run.bytes().any(|byte| !byte.is_ascii_lowercase()) {
            parts(run, &mut add);
        }
    }
}

/// Whether a character is of a script whose words are found by pairs.
fn is_paired(c: char) -> bool {
    matches!(u32::from(c),
        0x0E00..=0x0EFF // Thai, Lao
        | 0x1000..=0x109F // Burmese
        | 0x1100..=0x11FF // Hangul jamo
        | 0x1780..=0x17FF // Khmer
        | 0x3040..=0x30FF // Kana
        | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF // Han
        | 0xAC00..=0xD7AF // Hangul
        | 0x20000..=0x3FFFF)
}

fn pairs(run: &str, add: &mut impl FnMut(&str)) {
    let starts: Vec<usize> = run.char_indices().map(|(at, _)| at).collect();
    if starts.len() < 2 {
        return add(run);
    }
    for (n, start) in starts[..starts.len() - 1].iter().enumerate() {
        let end = starts.get(n + 2).copied().unwrap_or(run.len());
        add(&run[*start..end]);
    }
}

/// Cuts `parseTodo2` into `parse`, `Todo` and `2`, and `HTMLPage` into `HTML` and `Page`.
fn parts(run: &str, add: &mut impl FnMut(&str)) {
    let mut start = 0;
    let mut before: Option<char> = None;
    let mut chars = run.char_indices().peekable();
    while let Some((at, here)) = chars.next() {
        if let Some(before) = before {
            let next_is_lower = chars.peek().is_some_and(|(_, c)| c.is_lowercase());
            let hump = here.is_uppercase()
                && (before.is_lowercase() || before.is_uppercase() && next_is_lower);
            if hump || before.is_numeric() != here.is_numeric() {
                add(&run[start..at]);
                start = at;
            }
        }
        before = Some(here);
    }
    if start > 0 {
        add(&run[start..]);
    }
}

/// The stem of a form: what `paint`, `paints` and `painted` share, by the English stemmer of
/// Snowball (Porter 2001), after irregular forms have been brought back to their base (`bought` to
/// `buy`).
pub(crate) fn stem(form: &str) -> String {
    if !form.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return form.to_owned();
    }
    let base = irregular::base(form);
    Stemmer::create(Algorithm::English).stem(base).into_owned()
}

/// Which share of a text's sentences ask, from 0 to 1.
pub(crate) fn asks(text: &str) -> f32 {
    let (mut all, mut asking, mut is_open) = (0_u32, 0_u32, false);
    let mut chars = text.chars().peekable();
    while let Some(here) = chars.next() {
        let ends = chars.peek().is_none_or(|next| next.is_whitespace());
        match here {
            '.' | '!' | '?' | '。' | '！' | '？' if ends || !here.is_ascii() => {
                all += 1;
                asking += u32::from(matches!(here, '?' | '？'));
                is_open = false;
            }
            here => is_open |= here.is_alphanumeric(),
        }
    }
    all += u32::from(is_open);
    asking as f32 / all.max(1) as f32
}

/// Whether a form tells of a time: `yesterday`, `weeks`, `june`, `2023`.
pub(crate) fn is_of_time(form: &str) -> bool {
    const WORDS: [&str; 29] = [
        "yesterday",
        "today",
        "tomorrow",
        "tonight",
        "ago",
        "last",
        "next",
        "week",
        "weeks",
        "month",
        "months",
        "year",
        "years",
        "weekend",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "recently",
        "since",
        "morning",
        "summer",
        "winter",
        "spring",
        "autumn",
        "fall",
    ];
    WORDS.contains(&form) || crate::date::month(form).is_some() || crate::date::year(form).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let mut forms = Vec::new();
        each_form(text, |form| forms.push(form.to_owned()));
        assert_eq!(forms, expected, "{text}");
    }

    #[test]
    fn identifiers_are_split_and_kept_whole() {
        check("parseTodo", &["parsetodo", "parse", "todo"]);
        check("snake_case", &["snake", "case"]);
        check(
            "src/todo/HTMLPage.rs",
            &["src", "todo", "htmlpage", "html", "page", "rs"],
        );
        check("sha256", &["sha256", "sha", "256"]);
        check("the parser isn't in it", &["parser"]);
        check("Straße ÄRGER", &["straße", "ärger"]);
        check("東京タワー 記", &["東京", "京タ", "タワ", "ワー", "記"]);
        check("소스를", &["소스", "스를"]);
        check(" \n--//\0", &[]);
        check(&"x".repeat(1_000), &["x".repeat(LONGEST).as_str()]);
    }

    #[test]
    fn the_table_is_sorted() {
        assert!(STOP_WORDS.is_sorted_by(|one, two| one < two));
    }

    #[test]
    fn questions_are_told_from_answers() {
        for (text, share) in [
            ("Where does it fail?", 1.0),
            ("It fails. Do you see why? I do not", 1.0 / 3.0),
            ("let x = y?.z;", 0.0),
            ("", 0.0),
            ("왜 실패했나？ 모른다.", 0.5),
        ] {
            assert_eq!(asks(text), share, "{text}");
        }
    }

    #[test]
    fn stems_unite_forms() {
        for forms in [
            ["paint", "paints", "painting"],
            ["buy", "bought", "buying"],
            ["child", "children", "child"],
            ["write", "written", "wrote"],
        ] {
            let stems = forms.map(stem);
            assert!(stems.iter().all(|one| *one == stems[0]), "{stems:?}");
        }
        assert_eq!(stem("straße"), "straße");
        assert_eq!(stem("sha256"), "sha256");
    }
}

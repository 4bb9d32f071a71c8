//! Answers and results that are of no use to anyone.

use serde_json::Value;

use crate::model::ModelResponse;

/// A text shorter than this is not judged, in bytes.
const LEAST: usize = 200;

/// So much of a long text may be the same piece, again and again.
const REPEATED: f64 = 0.6;

/// So many of the characters of a long text may be neither letters, digits, spaces nor usual signs.
const STRANGE: f64 = 0.3;

/// What is wrong with an answer, if something is: there is nothing in it, it repeats itself over and
/// over, or it is no text.
pub(super) fn complaint(response: &ModelResponse) -> Option<String> {
    let text = response.text.trim();
    if text.is_empty() && response.calls.is_empty() {
        return Some("the model's answer is empty".into());
    }
    if text.len() < LEAST {
        return None;
    }
    if let Some(piece) = repeats(text) {
        let piece: String = piece.chars().take(40).collect();
        return Some(format!(
            "the model repeats itself: {piece:?} again and again"
        ));
    }
    let strange = text.chars().filter(|c| is_strange(*c)).count();
    let share = strange as f64 / text.chars().count() as f64;
    (share > STRANGE).then(|| "the model's answer is no text".into())
}

/// What a model is told instead of a tool's result that has nothing in it, which it might take for a
/// failure, or for its own words.
pub(super) fn in_place_of(result: &Result<Value, String>) -> Option<Result<Value, String>> {
    match result {
        Ok(Value::Null) => Some(Ok("the tool has ended well, and has nothing to tell".into())),
        Ok(Value::String(text)) if text.trim().is_empty() => {
            Some(Ok("the tool has ended well, and its output is empty".into()))
        }
        Err(words) if words.trim().is_empty() => {
            Some(Err("the tool has failed, and does not say why".into()))
        }
        _ => None,
    }
}

/// The piece that a text ends with again and again, where that makes up most of the text.
///
/// A model that loops does so to the end of its answer. The shortest period of the reversed text's
/// beginning is what its failure function gives (Knuth, Morris, Pratt 1977), so this takes one pass.
fn repeats(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let length = bytes.len();
    let at = |index: usize| bytes[length - 1 - index];
    let mut border = vec![0_usize; length];
    let mut best: Option<(usize, usize)> = None;
    for index in 1..length {
        let mut matched = border[index - 1];
        while matched > 0 && at(index) != at(matched) {
            matched = border[matched - 1];
        }
        if at(index) == at(matched) {
            matched += 1;
        }
        border[index] = matched;
        let (run, period) = (index + 1, index + 1 - matched);
        // At least four times, of something longer than a rule or an indentation.
        if run >= 4 * period && run as f64 >= REPEATED * length as f64 {
            best = Some((run, period));
        }
    }
    let (_, period) = best?;
    let piece = &bytes[length - period..];
    let is_worth_it = piece.iter().any(u8::is_ascii_alphanumeric) || !piece.is_ascii();
    // A piece may begin within a character: then what remains of it is not shown.
    let start = (length - period..=length).find(|at| text.is_char_boundary(*at))?;
    is_worth_it.then(|| &text[start..])
}

fn is_strange(c: char) -> bool {
    !(c.is_alphanumeric() || c.is_whitespace() || c.is_ascii_punctuation()) || c == '\u{fffd}'
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::ToolCall;

    fn said(text: impl Into<String>) -> Option<String> {
        let text = text.into();
        complaint(&ModelResponse {
            text,
            ..ModelResponse::default()
        })
    }

    #[test]
    fn loops_emptiness_and_noise_are_found() {
        assert!(said("  \n").is_some_and(|words| words.contains("empty")));
        let looping = format!(
            "I will now look at the file. {}",
            "Let me check again. ".repeat(40)
        );
        assert!(said(looping).is_some_and(|words| words.contains("repeats")));
        assert!(said("ナイス".repeat(100)).is_some_and(|words| words.contains("repeats")));
        let mut rng = 12_345_u32;
        let noise: String = (0..600)
            .map(|_| {
                rng = rng.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                char::from_u32(0x2500 + (rng >> 16) % 500).unwrap_or('x')
            })
            .collect();
        assert!(said(noise).is_some_and(|words| words.contains("no text")));
    }

    #[test]
    fn an_empty_result_is_called_so() {
        for (empty, words) in [
            (Ok(Value::Null), "nothing to tell"),
            (Ok(json!(" \n")), "output is empty"),
            (Err(String::new()), "does not say why"),
        ] {
            let told = in_place_of(&empty).unwrap();
            assert_eq!(told.is_ok(), empty.is_ok());
            let told = told.map_or_else(|words| words, |value| value.to_string());
            assert!(told.contains(words), "{told}");
        }
        for full in [
            Ok(json!({"matches": 0})),
            Ok(json!([])),
            Err("no".to_owned()),
        ] {
            assert_eq!(in_place_of(&full), None);
        }
    }

    #[test]
    fn what_is_of_use_passes() {
        let call = ToolCall {
            id: "1".into(),
            name: "grep".into(),
            arguments: json!({}),
        };
        let only_calls = ModelResponse {
            calls: vec![call],
            ..ModelResponse::default()
        };
        assert_eq!(complaint(&only_calls), None);
        let code = "    let a = b;\n    if a > c { return; }\n".repeat(3);
        let list: String = (0..60)
            .map(|n| format!("- item {n} of the list\n"))
            .collect();
        let table = format!("| a | b |\n{}\n| 1 | 2 |\n", "-".repeat(150));
        let korean = "소스 코드를 확인하고 필요한 부분만 고쳤습니다. 검사는 모두 통과했습니다."
            .to_owned()
            + "그 다음에는 문서를 새로 썼고, 예제도 실제로 돌려 보았습니다. 남은 일은 없습니다.";
        for text in ["yes".to_owned(), code, list, table, korean] {
            assert_eq!(said(text.clone()), None, "{text}");
        }
    }
}

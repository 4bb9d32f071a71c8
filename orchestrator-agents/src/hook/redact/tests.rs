//! What is taken out, and what is left.

use std::sync::Arc;

use serde_json::json;

use super::*;

const SECRET: &str = "p@ss wörd/\"42\"+x";

fn redactor() -> Redactor {
    Redactor::new([
        ("DB_PASSWORD".to_owned(), SECRET.to_owned()),
        ("SHORT".to_owned(), "abc".to_owned()),
    ])
}

fn base64(bytes: &[u8], url: bool) -> String {
    let alphabet = match url {
        false => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
        true => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
    };
    let groups = bytes.chunks(3).map(|group| {
        let word = group
            .iter()
            .fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
        let word = word << (8 * (3 - group.len()));
        let characters = (0..=group.len()).map(|n| {
            let index = word >> (18 - 6 * n) & 63;
            char::from(alphabet[index as usize])
        });
        let padding = std::iter::repeat_n('=', 3 - group.len());
        characters.chain(padding).collect::<String>()
    });
    groups.collect()
}

#[test]
fn a_known_value_is_found_in_every_encoding() {
    let redactor = redactor();
    let hex: String = SECRET.bytes().map(|byte| format!("{byte:02x}")).collect();
    let one = |byte: u8| match byte {
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    let percent: String = SECRET.bytes().map(one).collect();
    let lower: String = SECRET
        .bytes()
        .map(|byte| match one(byte) {
            escaped if escaped.len() > 1 => escaped.to_lowercase(),
            same => same,
        })
        .collect();
    let mut forms = vec![
        SECRET.to_owned(),
        json!(SECRET).to_string(),
        json!(json!({"a": SECRET}).to_string()).to_string(),
        hex.to_uppercase(),
        hex,
        lower,
        percent,
    ];
    for before in ["", "a", "ab", "abc", "user:", "a longer text before it "] {
        for after in ["", "z", "yz", "xyz"] {
            let whole = format!("{before}{SECRET}{after}");
            forms.extend([false, true].map(|url| base64(whole.as_bytes(), url)));
        }
    }
    for form in forms {
        let text = format!("before {form} after");
        let redacted = redactor.redact(&text);
        assert!(
            redacted.contains("[redacted: DB_PASSWORD]"),
            "{form} -> {redacted}"
        );
        assert!(
            redacted.starts_with("before ") && redacted.ends_with(" after"),
            "{redacted}"
        );
        assert!(!redacted.contains(SECRET));
    }
    assert_eq!(
        redactor.redact("abc is too short to be a secret"),
        "abc is too short to be a secret"
    );
}

#[test]
fn what_looks_like_a_secret_is_taken_out() {
    let redactor = Redactor::new([]);
    let token = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8";
    for (text, expected) in [
        (format!("ghp_{token}"), "[redacted: github-token]"),
        (format!("key=sk-proj-{token};"), "key=[redacted: api-key];"),
        ("AKIAIOSFODNN7EXAMPLE".to_owned(), "[redacted: aws-key]"),
        (
            format!("Authorization: Bearer {token}"),
            "Authorization: [redacted: bearer]",
        ),
        (
            "git clone https://me:hunter22@example.org/x".to_owned(),
            "git clone https://[redacted: password-in-url]@example.org/x",
        ),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc=\n-----END RSA PRIVATE KEY-----\nx"
                .to_owned(),
            "[redacted: private-key]\nx",
        ),
    ] {
        assert_eq!(redactor.redact(&text), expected);
    }
    for text in [
        "fn sk() {}",
        "https://example.org:8080/a@b",
        "the bearer of news",
        "AKIA",
    ] {
        assert!(matches!(redactor.redact(text), Cow::Borrowed(_)), "{text}");
    }
}

#[test]
fn values_are_redacted_within() {
    let redactor = redactor();
    let value = json!({"a": [1, {SECRET: null}], "b": format!("x {SECRET}")});
    let redacted = redactor.redact_value(&value).unwrap();
    let mark = "[redacted: DB_PASSWORD]";
    assert_eq!(
        redacted,
        json!({"a": [1, {mark: null}], "b": format!("x {mark}")})
    );
    assert_eq!(redactor.redact_value(&redacted), None, "once is enough");
    assert!(!format!("{redactor:?}").contains("p@ss"));
}

/// Wherever a text is cut, the pieces are what the whole is.
#[test]
fn a_stream_is_redacted_across_its_borders() {
    let redactor = Arc::new(redactor());
    let token = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8";
    let key = "-----BEGIN PRIVATE KEY-----\nMIIE abc\ndef\n-----END PRIVATE KEY-----";
    let text = format!(
        "start {SECRET} ghp_{token} and {} then\nBearer   {token} ünd {key} tail {SECRET}{SECRET} end",
        base64(SECRET.as_bytes(), false)
    );
    let whole = redactor.redact(&text).into_owned();
    assert!(!whole.contains(token) && !whole.contains("MIIE"));
    let boundaries: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    let in_pieces = |borders: &[usize]| {
        let mut stream = StreamRedactor::new(Arc::clone(&redactor));
        let mut shown = String::new();
        let mut from = 0;
        for &to in borders.iter().chain([&text.len()]) {
            shown += &stream.push(&text[from..to]);
            from = to;
        }
        shown + &stream.end()
    };
    for border in &boundaries {
        assert_eq!(in_pieces(&[*border]), whole, "cut at {border}");
    }
    assert_eq!(in_pieces(&boundaries), whole, "character by character");
    for step in [2, 3, 7, 16] {
        let borders: Vec<usize> = boundaries.iter().copied().step_by(step).collect();
        assert_eq!(in_pieces(&borders), whole, "in steps of {step}");
    }
    // As what a command prints, cut within characters too, and with bytes between that are no text.
    let mut bytes = text.clone().into_bytes();
    bytes.extend(b"\xff\xf0\x9f\x00");
    bytes.extend(text.as_bytes());
    bytes.extend(b"\xe2\x82");
    let mut expected = whole.clone().into_bytes();
    expected.extend(b"\xff\xf0\x9f\x00");
    expected.extend(whole.as_bytes());
    expected.extend(b"\xe2\x82");
    for step in [1, 2, 5, 33, 100_000] {
        let mut filter = redactor.output_filters().make();
        let mut out = Vec::new();
        for piece in bytes.chunks(step) {
            filter.push(piece, &mut out);
        }
        filter.finish(&mut out);
        assert!(out == expected, "in steps of {step}");
    }
    // The check can fail: pieces that are redacted each for itself show the secret.
    let (one, two) = text.split_at(text.find(SECRET).unwrap() + 5);
    assert_ne!(
        redactor.redact(one).into_owned() + &redactor.redact(two),
        whole
    );
}

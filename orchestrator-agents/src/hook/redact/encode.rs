//! The forms in which a value may appear.

use std::collections::BTreeSet;

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The value itself, as JSON and URLs escape it, in hexadecimal digits, and in base64 wherever it
/// may stand within what is encoded.
pub(super) fn all(value: &str) -> BTreeSet<String> {
    let bytes = value.as_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = BTreeSet::from([
        value.to_owned(),
        json(value),
        // As JSON within JSON.
        json(&json(value)),
        percent(bytes, |byte| format!("%{byte:02X}")),
        percent(bytes, |byte| format!("%{byte:02x}")),
        hex.to_uppercase(),
        hex,
    ]);
    for alphabet in [STANDARD, URL] {
        forms.extend((0..3).map(|offset| base64_within(bytes, offset, alphabet)));
    }
    forms
}

/// Without the quotes around it.
fn json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// All but what RFC 3986 calls unreserved.
fn percent(bytes: &[u8], escape: impl Fn(u8) -> String) -> String {
    let one = |byte: &u8| match byte {
        b'-' | b'.' | b'_' | b'~' => char::from(*byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(*byte).to_string(),
        byte => escape(*byte),
    };
    bytes.iter().map(one).collect()
}

/// The characters that depend on the value alone, where it begins at this place in a group of three
/// bytes; what stands before and after it has a part in the others.
fn base64_within(bytes: &[u8], offset: usize, alphabet: &[u8; 64]) -> String {
    let bits = |at: usize| {
        let (byte, bit) = (at / 8, at % 8);
        bytes[byte] >> (7 - bit) & 1
    };
    // A character is six bits, and the value begins `8 * offset` bits after a character does.
    let first = (6 - 8 * offset % 6) % 6;
    let count = (8 * bytes.len() - first) / 6;
    let character = |number: usize| {
        let start = first + 6 * number;
        let index = (start..start + 6).fold(0, |index, at| index << 1 | bits(at));
        char::from(alphabet[usize::from(index)])
    };
    (0..count).map(character).collect()
}

//! Any text with any settings: merged so that all holds that must, or refused; never a panic.
//!
//! The first byte of an input chooses the format and the options. The text to merge into follows, then
//! a zero byte, then the settings as JSON.

#![no_main]

use libfuzzer_sys::fuzz_target;
use orchestrator_state::config::{Arrays, Format, MergeError, MergeOptions, OnConflict, merge};

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = data.split_first() else {
        return;
    };
    let Some(end) = rest.iter().position(|byte| *byte == 0) else {
        return;
    };
    let Ok(text) = std::str::from_utf8(&rest[..end]) else {
        return;
    };
    let Ok(settings) = serde_json::from_slice(&rest[end + 1..]) else {
        return;
    };
    let format = [Format::Json, Format::Jsonc, Format::Toml][usize::from(choice % 3)];
    let conflict = [OnConflict::Keep, OnConflict::Replace][usize::from(choice / 3 % 2)];
    let arrays = [Arrays::Whole, Arrays::Union][usize::from(choice / 6 % 2)].clone();
    let options = MergeOptions::new().on_conflict(conflict).arrays(arrays);
    match merge(text, format, &settings, &options) {
        Ok(merged) => {
            let again = merge(&merged.text, format, &settings, &options).expect("it merged before");
            assert_eq!(again.text, merged.text, "merging twice is merging once");
            let back = merged.undo.apply(&merged.text).expect("nobody edited it");
            assert_eq!(back.text(), text, "undone byte for byte");
        }
        Err(error) => assert!(!matches!(error, MergeError::NotAsMeant { .. }), "{error}"),
    }
});

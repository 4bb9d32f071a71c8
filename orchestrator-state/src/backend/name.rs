//! What a key, a queue, a stream, a worker, a cursor may be called.

use std::collections::BTreeSet;

use super::BackendError;

/// The longest name, in bytes: an index entry of a database has to hold two of them.
const LONGEST: usize = 512;

/// Checks a name: 1 to 512 bytes without control characters. Databases cannot store all of those, and
/// a name that one backend takes must not be refused by another.
pub(super) fn check(what: &'static str, name: &str) -> Result<(), BackendError> {
    let reason = match name {
        "" => "it is empty",
        long if long.len() > LONGEST => "it is longer than 512 bytes",
        odd if odd.chars().any(char::is_control) => "it has a control character in it",
        _ => return Ok(()),
    };
    Err(BackendError::Name {
        what,
        name: name.chars().take(60).collect(),
        reason,
    })
}

/// Refuses what is named twice in one commit: which of the two would be meant?
pub(super) fn check_once<T: Ord + ToString>(
    what: &'static str,
    names: impl IntoIterator<Item = T>,
) -> Result<(), BackendError> {
    let mut seen = BTreeSet::new();
    for name in names {
        let text = name.to_string();
        if !seen.insert(name) {
            return Err(BackendError::Twice { what, name: text });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_database_would_refuse_are_refused() {
        let longest = "x".repeat(LONGEST);
        for good in ["a", "täsk/1 x", longest.as_str()] {
            check("key", good).unwrap();
        }
        let too_long = "x".repeat(LONGEST + 1);
        for bad in ["", "a\u{0}", "a\nb", "\u{85}", too_long.as_str()] {
            assert!(check("key", bad).is_err(), "{bad:?}");
        }
        check_once("key", ["a", "b"]).unwrap();
        assert!(check_once("key", ["a", "b", "a"]).is_err());
    }
}

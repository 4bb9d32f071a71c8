//! Keeping formatted files formatted.

use std::io::Write;
use std::path::Path;

use tokio_util::sync::CancellationToken;

use crate::command::{CommandLine, CommandSpec, run_command};

/// The editions that a file may be written in, the likeliest first.
const EDITIONS: [&str; 4] = ["2021", "2024", "2018", "2015"];

/// `after` as rustfmt would have it, if `before` was as rustfmt has it; else
/// `after` as it is. Suggestions are not formatted: a crate that checks its
/// formatting would fail for it.
///
/// Only the text itself is formatted, by way of standard input: given a path,
/// rustfmt would go on into the modules below it.
pub(super) async fn keep_formatted(
    folder: &Path,
    before: &str,
    after: String,
    cancel: &CancellationToken,
) -> String {
    for edition in EDITIONS {
        if formatted(folder, edition, before, cancel).await.as_deref() == Some(before) {
            return formatted(folder, edition, &after, cancel)
                .await
                .unwrap_or(after);
        }
    }
    after
}

/// The formatted text; `None` where rustfmt is missing or does not understand it.
async fn formatted(
    folder: &Path,
    edition: &str,
    text: &str,
    cancel: &CancellationToken,
) -> Option<String> {
    let mut file = tempfile::NamedTempFile::new().ok()?;
    file.write_all(text.as_bytes()).ok()?;
    let path = file.path().to_str()?;
    let line = format!("rustfmt --quiet --edition {edition} < \"{path}\"");
    let mut spec = CommandSpec::new(CommandLine::Shell(line), folder);
    spec.keep = text.len().saturating_mul(4).max(1 << 20);
    let output = run_command(&spec, cancel).await.ok()?;
    (output.ending.is_success() && !output.truncated)
        .then(|| String::from_utf8(output.stdout.into()).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_what_was_formatted_is_formatted() {
        let folder = tempfile::tempdir().unwrap();
        let cancel = CancellationToken::new();
        let after = "#[must_use] \nfn f() {}\n".to_owned();
        let clean = keep_formatted(folder.path(), "fn f() {}\n", after.clone(), &cancel).await;
        assert_eq!(clean, "#[must_use]\nfn f() {}\n");
        let messy = keep_formatted(folder.path(), "fn f()  {}\n", after.clone(), &cancel).await;
        assert_eq!(messy, after);
    }
}

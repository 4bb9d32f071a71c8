//! The environment that commands get.

use std::ffi::OsString;

/// The variables of this process that a command may see.
///
/// Everything is passed on, except:
/// - what cargo sets when it starts a program (`CARGO_*`, and
///   `RUSTUP_TOOLCHAIN` where cargo set it): it would make a user's repository
///   build with *our* toolchain and settings. `CARGO_HOME`, and the settings
///   that people export (`CARGO_NET_*`, `CARGO_HTTP_*`, `CARGO_REGISTR*`), stay;
/// - `GIT_*`, which would aim git at another repository when the orchestrator
///   itself runs inside a git hook;
/// - names that look like secrets (`*_API_KEY`, `*_TOKEN`, `*_SECRET`,
///   `*_PASSWORD`).
///
/// Colour is switched off, because output is kept and shown later.
#[must_use]
pub fn child_environment() -> Vec<(OsString, OsString)> {
    let under_cargo = std::env::var_os("CARGO").is_some();
    let mut variables: Vec<_> = std::env::vars_os()
        .filter(|(name, _)| name.to_str().is_none_or(|name| passes(name, under_cargo)))
        .collect();
    for (name, value) in [("CARGO_TERM_COLOR", "never"), ("NO_COLOR", "1")] {
        variables.push((name.into(), value.into()));
    }
    variables
}

fn passes(name: &str, under_cargo: bool) -> bool {
    const SECRET_ENDINGS: [&str; 4] = ["_API_KEY", "_TOKEN", "_SECRET", "_PASSWORD"];
    const USER_CARGO: [&str; 4] = ["CARGO_HOME", "CARGO_NET_", "CARGO_HTTP_", "CARGO_REGISTR"];
    let secret = SECRET_ENDINGS.iter().any(|ending| name.ends_with(ending));
    let from_cargo = name == "CARGO"
        || name.starts_with("CARGO_") && !USER_CARGO.iter().any(|kept| name.starts_with(kept))
        || under_cargo && matches!(name, "RUSTUP_TOOLCHAIN" | "LD_LIBRARY_PATH");
    !secret && !from_cargo && !name.starts_with("GIT_")
}

#[cfg(test)]
mod tests {
    use super::passes;

    #[test]
    fn secrets_git_and_cargo_settings_stay_behind() {
        for name in [
            "OPENAI_API_KEY",
            "CARGO_REGISTRY_TOKEN",
            "GIT_DIR",
            "CARGO_MANIFEST_DIR",
            "CARGO_TARGET_DIR",
        ] {
            assert!(!passes(name, false), "{name} must not reach a command");
        }
        assert!(!passes("RUSTUP_TOOLCHAIN", true));
    }

    #[test]
    fn what_a_build_needs_stays() {
        for name in ["PATH", "HOME", "CARGO_HOME", "CARGO_NET_OFFLINE", "LANG"] {
            assert!(passes(name, true), "{name} must reach a command");
        }
        assert!(passes("RUSTUP_TOOLCHAIN", false));
    }
}

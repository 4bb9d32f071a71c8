//! The environment that commands get.

use std::ffi::OsString;

/// The variables of this process that a command may see.
///
/// Everything is passed on, except:
/// - what cargo sets when it starts a program (`CARGO_MANIFEST_DIR` and its
///   like, and `RUSTUP_TOOLCHAIN` where cargo set it): it would make a user's
///   repository build with *our* toolchain and settings. What people export to
///   configure cargo stays, but for the build folder, which each command is
///   given its own of;
/// - `GIT_*` but for the author, the committer and where git's settings are,
///   which would aim git at another repository when the orchestrator
///   itself runs inside a git hook;
/// - names that look like secrets: with `SECRET`, `TOKEN`, `PASSWORD` or
///   `PASSWD` in them, or ending in `_KEY`.
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

/// Whether a variable of this name is likely to hold a secret.
#[must_use]
pub fn looks_secret(name: &str) -> bool {
    const SECRET: [&str; 4] = ["SECRET", "TOKEN", "PASSWORD", "PASSWD"];
    let upper = name.to_uppercase();
    SECRET.iter().any(|word| upper.contains(word)) || upper.ends_with("_KEY")
}

fn passes(name: &str, under_cargo: bool) -> bool {
    const FROM_CARGO: [&str; 11] = [
        "CARGO",
        "CARGO_MANIFEST_DIR",
        "CARGO_MANIFEST_PATH",
        "CARGO_MANIFEST_LINKS",
        "CARGO_MAKEFLAGS",
        "CARGO_CRATE_NAME",
        "CARGO_BIN_NAME",
        "CARGO_PRIMARY_PACKAGE",
        "CARGO_TARGET_TMPDIR",
        "CARGO_TARGET_DIR",
        "CARGO_BUILD_TARGET_DIR",
    ];
    let secret = looks_secret(name);
    let from_cargo = FROM_CARGO.contains(&name)
        || name.starts_with("CARGO_PKG_")
        || name.starts_with("CARGO_BIN_EXE_")
        || under_cargo && matches!(name, "RUSTUP_TOOLCHAIN" | "LD_LIBRARY_PATH" | "OUT_DIR");
    // Who commits, and by which settings, is the user's to say.
    let aims_git = name.starts_with("GIT_")
        && ![
            "GIT_AUTHOR_",
            "GIT_COMMITTER_",
            "GIT_CONFIG_GLOBAL",
            "GIT_CONFIG_NOSYSTEM",
        ]
        .iter()
        .any(|kept| name.starts_with(kept));
    !secret && !from_cargo && !aims_git
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
            "AWS_SECRET_ACCESS_KEY",
            "AWS_ACCESS_KEY",
            "db_password",
        ] {
            assert!(!passes(name, false), "{name} must not reach a command");
        }
        assert!(!passes("RUSTUP_TOOLCHAIN", true));
    }

    #[test]
    fn what_a_build_needs_stays() {
        for name in [
            "PATH",
            "HOME",
            "CARGO_HOME",
            "CARGO_NET_OFFLINE",
            "CARGO_PROFILE_DEV_DEBUG",
            "LANG",
        ] {
            assert!(passes(name, true), "{name} must reach a command");
        }
        assert!(passes("RUSTUP_TOOLCHAIN", false));
    }
}

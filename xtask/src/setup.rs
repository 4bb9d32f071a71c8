//! What the tests need from the system.

use std::process::Command;

use crate::run::{Result, read, show, works};

/// Something that the tests need, and the packages that bring it.
struct Need {
    what: &'static str,
    there: fn() -> bool,
    /// Package names by package manager, in the order of [`MANAGERS`].
    packages: [&'static str; 4],
    by_hand: &'static str,
}

/// Package managers: the program that tells it is there, and how it installs.
const MANAGERS: [(&str, &[&str]); 4] = [
    (
        "apt-get",
        &["apt-get", "install", "--yes", "--no-install-recommends"],
    ),
    ("dnf", &["dnf", "install", "--assumeyes"]),
    ("pacman", &["pacman", "--sync", "--noconfirm"]),
    ("brew", &["brew", "install"]),
];

const NEEDS: [Need; 3] = [
    Need {
        what: "git 2.38 or newer",
        there: git_is_new_enough,
        packages: ["git", "git", "git", "git"],
        by_hand: "install git 2.38 or newer from https://git-scm.com",
    },
    Need {
        what: "a C compiler (for the grammars)",
        there: || works(Command::new("cc").arg("--version")),
        packages: ["gcc libc6-dev", "gcc", "gcc", "gcc"],
        by_hand: "install a C compiler: gcc, clang, or Xcode's command line tools",
    },
    Need {
        what: "rustfmt and clippy",
        there: || {
            works(Command::new("cargo").args(["fmt", "--version"]))
                && works(Command::new("cargo").args(["clippy", "--version"]))
        },
        packages: ["", "", "", ""],
        by_hand: "run: rustup component add rustfmt clippy",
    },
];

fn git_is_new_enough() -> bool {
    let Ok(version) = read(Command::new("git").arg("--version")) else {
        return false;
    };
    let mut numbers = version
        .trim()
        .trim_start_matches("git version ")
        .split('.')
        .map(|part| part.parse::<u32>().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (2, 38)
}

/// Finds what is missing and installs it, or says how to.
pub(crate) fn setup() -> Result {
    let mut left = Vec::new();
    for need in &NEEDS {
        if (need.there)() {
            println!("setup: {} is there", need.what);
            continue;
        }
        println!("setup: {} is missing", need.what);
        let installed = install(need);
        if let Err(error) = &installed {
            println!("setup: {error}");
        }
        if !(need.there)() {
            left.push(format!("{}: {}", need.what, need.by_hand));
        }
    }
    if left.is_empty() {
        Ok(())
    } else {
        Err(format!(
            "missing, and not to be installed from here:\n  {}",
            left.join("\n  ")
        ))
    }
}

fn install(need: &Need) -> Result {
    let managers = MANAGERS.iter().zip(need.packages);
    let found = managers
        .filter(|(_, packages)| !packages.is_empty())
        .find(|((program, _), _)| works(Command::new(program).arg("--version")));
    let Some(((program, install), packages)) = found else {
        return Err("no package manager that has it".to_owned());
    };
    // brew refuses to run as root; the others need it.
    let root = read(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    let sudo = *program != "brew" && !root;
    let command = |words: &[&str]| {
        let mut all = if sudo {
            vec!["sudo", "--non-interactive"]
        } else {
            Vec::new()
        };
        all.extend(words);
        let mut command = Command::new(all[0]);
        command
            .args(&all[1..])
            .env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    if *program == "apt-get" {
        show(&mut command(&["apt-get", "update"]))?;
    }
    let mut words = install.to_vec();
    words.extend(packages.split(' '));
    show(&mut command(&words))
}

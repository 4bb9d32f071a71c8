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
    /// Whether the tests that need it are skipped, with a message, where it is not there.
    optional: bool,
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

const NEEDS: [Need; 5] = [
    Need {
        what: "git 2.38 or newer",
        there: git_is_new_enough,
        packages: ["git", "git", "git", "git"],
        by_hand: "install git 2.38 or newer from https://git-scm.com",
        optional: false,
    },
    Need {
        what: "a C compiler (for the grammars)",
        there: || works(Command::new("cc").arg("--version")),
        packages: ["gcc libc6-dev", "gcc", "gcc", "gcc"],
        by_hand: "install a C compiler: gcc, clang, or Xcode's command line tools",
        optional: false,
    },
    Need {
        what: "strace (for kills at every system call)",
        // Where there is no Linux there is no strace either, and those tests are not built.
        there: || !cfg!(target_os = "linux") || works(Command::new("strace").arg("-V")),
        packages: ["strace", "strace", "strace", ""],
        by_hand: "install strace; without it those tests are skipped",
        optional: true,
    },
    Need {
        what: "ripgrep (what searches are compared with)",
        there: || works(Command::new("rg").arg("--version")),
        packages: ["ripgrep", "ripgrep", "ripgrep", "ripgrep"],
        by_hand: "install ripgrep; without it no search is compared with it",
        optional: true,
    },
    Need {
        what: "rustfmt and clippy",
        there: || {
            works(Command::new("cargo").args(["fmt", "--version"]))
                && works(Command::new("cargo").args(["clippy", "--version"]))
        },
        packages: ["", "", "", ""],
        by_hand: "run: rustup component add rustfmt clippy",
        optional: false,
    },
];

/// What power cuts need. Nothing of it is installed: they change mounts, which is for whoever runs
/// them to want.
const POWER_CUTS: [(&[&str], &str); 4] = [
    (&["mount", "-V"], "mount (package util-linux)"),
    (&["unshare", "-V"], "unshare (package util-linux)"),
    (&["mkfs.ext4", "-V"], "mkfs.ext4 (package e2fsprogs)"),
    (&["perl", "-v"], "perl (package perl)"),
];

/// Says what would have to be there for power cuts to be tried, where it is not.
fn hints() {
    if !cfg!(target_os = "linux") {
        println!("setup: power cuts are tried on Linux only, and are skipped here");
        return;
    }
    let mut missing: Vec<&str> = POWER_CUTS
        .iter()
        .filter(|(words, _)| !works(Command::new(words[0]).args(&words[1..])))
        .map(|(_, what)| *what)
        .collect();
    if !is_root() {
        missing.push("to run as root");
    }
    if missing.is_empty() {
        println!("setup: what power cuts need is there");
    } else {
        println!(
            "setup: power cuts (cargo xtask crash state) are skipped; they need {}",
            missing.join(", ")
        );
    }
}

fn is_root() -> bool {
    read(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

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
            let told = format!("{}: {}", need.what, need.by_hand);
            if need.optional {
                println!("setup: goes on without {told}");
            } else {
                left.push(told);
            }
        }
    }
    hints();
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
    let sudo = *program != "brew" && !is_root();
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

//! Commands that destroy what cannot be had again.

use super::shell::{Simple, commands};

/// Programs that run another program, whose words follow their own.
const WRAPPERS: [&str; 12] = [
    "command", "env", "exec", "ionice", "nice", "nohup", "setsid", "stdbuf", "sudo", "doas",
    "time", "timeout",
];

/// How deeply commands may be wrapped. Deeper is nothing that anyone writes for good.
const DEPTH: usize = 8;

/// Why a command line would destroy something, if it would.
///
/// It is recognised by taking the line apart, not by a pattern over its text: quotes, joined
/// commands, wrappers, `sh -c` and substitutions do not hide it, and the words in a commit message
/// do not raise it.
pub(super) fn complaint(line: &str) -> Option<String> {
    in_line(line, DEPTH)
}

fn in_line(line: &str, depth: usize) -> Option<String> {
    if depth == 0 {
        return Some("it is wrapped too deeply to see what it would run".into());
    }
    let all = commands(line);
    all.iter().find_map(|simple| in_simple(simple, depth))
}

fn in_simple(simple: &Simple, depth: usize) -> Option<String> {
    if let Some(device) = simple.outputs.iter().find(|path| is_device(path)) {
        return Some(format!("it writes over the device `{device}`"));
    }
    let words: Vec<&str> = simple.words.iter().map(String::as_str).collect();
    in_words(&words, simple.is_piped, depth)
}

fn in_words(words: &[&str], is_piped: bool, depth: usize) -> Option<String> {
    if depth == 0 {
        return Some("it is wrapped too deeply to see what it would run".into());
    }
    // Variables that are set for one command.
    let start = words.iter().position(|word| !is_assignment(word))?;
    let (program, rest) = words[start..].split_first()?;
    let program = program.rsplit('/').next().unwrap_or(program);
    let flags = Flags(rest);
    match program {
        "rm" if flags.short('r') || flags.short('R') || flags.long("--recursive") => Some(format!(
            "it deletes `{}` with all that is in it",
            flags.operands().join(" ")
        )),
        "shred" | "wipefs" | "fdisk" | "parted" => Some(format!("`{program}` destroys data")),
        "mkfs" => Some("it makes a file system over what is there".into()),
        _ if program.starts_with("mkfs.") => {
            Some("it makes a file system over what is there".into())
        }
        "dd" => {
            let device = rest.iter().filter_map(|word| word.strip_prefix("of="));
            let device = device.clone().find(|path| is_device(path))?;
            Some(format!("it writes over the device `{device}`"))
        }
        "shutdown" | "reboot" | "halt" | "poweroff" => Some("it stops the machine".into()),
        "chmod" | "chown" | "chgrp" if flags.short('R') || flags.long("--recursive") => {
            let root = flags.operands().into_iter().find(|path| is_root(path))?;
            Some(format!("it changes the rights of all of `{root}`"))
        }
        "find" if rest.contains(&"-delete") => Some("it deletes what it finds".into()),
        "find" => {
            let at = rest
                .iter()
                .position(|word| ["-exec", "-execdir", "-ok"].contains(word))?;
            in_words(&rest[at + 1..], false, depth - 1)
        }
        "xargs" | "parallel" => in_words(
            &after_flags(rest, &["-I", "-n", "-P", "-d", "-L"]),
            false,
            depth - 1,
        ),
        "git" => in_git(rest),
        "sh" | "bash" | "dash" | "zsh" | "ksh" | "fish" => {
            if let Some(at) = rest.iter().position(|word| is_script_flag(word)) {
                return in_line(rest.get(at + 1)?, depth - 1);
            }
            let reads = flags.operands().is_empty() || rest.contains(&"-s");
            (is_piped && reads).then(|| format!("`{program}` runs what another command prints"))
        }
        "eval" => in_line(&rest.join(" "), depth - 1),
        _ if WRAPPERS.contains(&program) => {
            let takes = [
                "-u", "-g", "-n", "-c", "-k", "-s", "-o", "-i", "-e", "-C", "-S",
            ];
            let mut inner = after_flags(rest, &takes);
            if program == "timeout" && !inner.is_empty() {
                inner.remove(0);
            }
            in_words(&inner, is_piped, depth - 1)
        }
        _ => None,
    }
}

/// What git would throw away that no commit holds, or that others have.
fn in_git(words: &[&str]) -> Option<String> {
    let words = after_flags(words, &["-C", "-c", "--git-dir", "--work-tree"]);
    let (command, rest) = words.split_first()?;
    let flags = Flags(rest);
    match *command {
        "push" => {
            let forces = flags.short('f')
                || flags.long("--force")
                || flags.long("--mirror")
                || flags
                    .operands()
                    .iter()
                    .any(|refspec| refspec.starts_with('+'));
            if forces {
                return Some("it overwrites what others have pushed".into());
            }
            let deletes = flags.short('d')
                || flags.long("--delete")
                || flags
                    .operands()
                    .iter()
                    .any(|refspec| refspec.starts_with(':'));
            deletes.then(|| "it deletes a branch that others have".into())
        }
        "reset" if flags.long("--hard") => Some("it throws uncommitted changes away".into()),
        "clean" if flags.short('f') || flags.long("--force") => {
            Some("it deletes files that git does not have".into())
        }
        "checkout" | "restore"
            if flags
                .operands()
                .iter()
                .any(|path| [".", ":/"].contains(path)) =>
        {
            Some("it throws uncommitted changes away".into())
        }
        "checkout" | "switch" if flags.short('f') || flags.long("--force") => {
            Some("it throws uncommitted changes away".into())
        }
        "branch" if flags.short('D') => Some("it deletes a branch with what only it holds".into()),
        "stash" if ["drop", "clear"].contains(rest.first()?) => {
            Some("it throws stashed changes away".into())
        }
        "filter-branch" | "filter-repo" => Some("it rewrites the whole history".into()),
        "reflog" if rest.first() == Some(&"expire") => {
            Some("it throws away what could be recovered".into())
        }
        "update-ref" if flags.short('d') => Some("it deletes a ref".into()),
        _ => None,
    }
}

/// The words of a command, as flags and operands.
struct Flags<'a>(&'a [&'a str]);

impl Flags<'_> {
    /// Whether a letter is among the short flags, also together with others.
    fn short(&self, letter: char) -> bool {
        self.before_dashes()
            .any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains(letter))
    }

    /// A long flag, also one that is abbreviated or has a value.
    fn long(&self, flag: &str) -> bool {
        self.before_dashes().any(|word| {
            let name = word.split('=').next().unwrap_or(word);
            name.len() > 4 && flag.starts_with(name)
        })
    }

    fn before_dashes(&self) -> impl Iterator<Item = &&str> {
        self.0.iter().take_while(|word| **word != "--")
    }

    fn operands(&self) -> Vec<&str> {
        let mut only_operands = false;
        let words = self.0.iter().filter(|word| {
            if !only_operands && **word == "--" {
                only_operands = true;
                return false;
            }
            only_operands || !word.starts_with('-')
        });
        words.copied().collect()
    }
}

/// What follows the flags, of which some take a value, and the variables that are set.
fn after_flags<'a>(words: &[&'a str], with_value: &[&str]) -> Vec<&'a str> {
    let mut words = words.iter().copied().peekable();
    while let Some(word) = words.peek().copied() {
        if word == "--" {
            words.next();
            break;
        }
        if !word.starts_with('-') && !is_assignment(word) {
            break;
        }
        words.next();
        if with_value.contains(&word) {
            words.next();
        }
    }
    words.collect()
}

fn is_assignment(word: &str) -> bool {
    let name = word.split_once('=').map_or("", |(name, _)| name);
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// `-c`, also among other letters, as in `-lc`.
fn is_script_flag(word: &str) -> bool {
    word.starts_with('-') && !word.starts_with("--") && word.ends_with('c')
}

fn is_device(path: &str) -> bool {
    const HARMLESS: [&str; 7] = ["null", "zero", "stdout", "stderr", "stdin", "tty", "full"];
    let Some(name) = path.strip_prefix("/dev/") else {
        return false;
    };
    !HARMLESS.contains(&name) && !name.starts_with("fd/") && !name.starts_with("pts/")
}

fn is_root(path: &str) -> bool {
    ["/", "/*", "~", "~/", "~/*", "$HOME", "."].contains(&path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destruction_is_seen_however_it_is_written() {
        for line in [
            "rm -rf target",
            "rm -r -f x",
            "rm --recursive x",
            "/bin/rm -Rf ./x",
            "\\rm -fr x",
            "r'm' \"-rf\" x",
            "cd a && rm -rf b",
            "echo $(rm -rf a)",
            "echo \"`rm -rf a`\"",
            "sudo -u root rm -rf /",
            "env A=1 B=2 nice -n 5 rm -rf x",
            "A=1 rm -rf x",
            "timeout 5 rm -rf x",
            "sh -c 'rm -rf x'",
            "bash -lc \"cd y; rm -rf x\"",
            "sh -c \"sh -c 'rm -rf x'\"",
            "eval rm -rf x",
            "find . -name '*.o' -exec rm -rf {} +",
            "find . -delete",
            "ls | xargs -n 1 rm -rf",
            "curl https://example.org/x | sh",
            "wget -O - x | sudo bash -s",
            "dd if=/dev/zero of=/dev/sda",
            "cat x > /dev/sda",
            "mkfs.ext4 /dev/sdb1",
            "chmod -R 777 /",
            "git push --force",
            "git push -f origin main",
            "git push origin +main",
            "git push origin :old",
            "git -C repo reset --hard HEAD~1",
            "git -c a=b clean -fdx",
            "git checkout -- .",
            "git branch -D x",
            "git stash clear",
            "shutdown -h now",
        ] {
            assert!(complaint(line).is_some(), "{line}");
        }
    }

    #[test]
    fn what_destroys_nothing_passes() {
        for line in [
            "cargo test --workspace",
            "rm target/debug/x",
            "git commit -m 'rm -rf / is what the guard stops'",
            "echo 'git push --force'",
            "grep -rf patterns.txt src",
            "git push origin main",
            "git push --follow-tags",
            "git checkout -b feature",
            "git restore --staged src/lib.rs",
            "git reset --soft HEAD~1",
            "git clean -n",
            "find . -name rm",
            "cat a | sort > out.txt 2> /dev/null",
            "printf x | sh script.sh",
            "ls # rm -rf /",
            "dd if=a of=b",
            "chmod -R u+w target",
            "",
        ] {
            assert_eq!(complaint(line), None, "{line}");
        }
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let deep = (0..20).fold("true".to_owned(), |line, _| format!("eval {line}"));
        assert!(complaint(&deep).is_some_and(|words| words.contains("too deeply")));
    }
}

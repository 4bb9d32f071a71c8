//! A shell's command line, taken apart as far as needed to see what it would run.
//!
//! It follows the shell's rules of quoting and of joining commands (POSIX.1-2017, XCU 2), not of
//! expanding. What only the shell can know (`$(..)`, variables) stays as it stands; commands within
//! a substitution are taken apart as well.

/// One simple command: its words, with the quotes gone, and where its output goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Simple {
    pub(super) words: Vec<String>,
    /// The files that are written to.
    pub(super) outputs: Vec<String>,
    /// Whether it reads what the command before it prints.
    pub(super) is_piped: bool,
}

/// Every simple command of a line, in order; those of substitutions among them.
pub(super) fn commands(line: &str) -> Vec<Simple> {
    let mut parser = Parser {
        rest: line.chars().peekable(),
        done: Vec::new(),
        now: Simple::default(),
        word: None,
        is_output: false,
    };
    parser.run();
    parser.done
}

struct Parser<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    done: Vec<Simple>,
    now: Simple,
    word: Option<String>,
    /// Whether the word names a file that is written to.
    is_output: bool,
}

impl Parser<'_> {
    fn run(&mut self) {
        while let Some(c) = self.rest.next() {
            match c {
                '\\' => match self.rest.next() {
                    // Joined lines.
                    Some('\n') | None => {}
                    Some(escaped) => self.push(escaped),
                },
                '\'' => self.quoted_hard(),
                '"' => self.quoted_soft(),
                '`' => {
                    let inner = self.until('`');
                    self.substitute(&inner);
                }
                '$' if self.rest.peek() == Some(&'(') => {
                    self.rest.next();
                    let inner = self.until_closed();
                    self.substitute(&inner);
                }
                '#' if self.word.is_none() => {
                    while self.rest.peek().is_some_and(|c| *c != '\n') {
                        self.rest.next();
                    }
                }
                ' ' | '\t' | '\r' => self.end_word(),
                '\n' | ';' | '&' | '(' | ')' | '{' | '}' if c != '{' && c != '}' => {
                    self.end_command(false);
                }
                // Braces group only as words of their own; within a word they are the word's.
                '{' | '}' if self.word.is_none() && self.at_blank() => self.end_command(false),
                '|' => {
                    let is_or = self.rest.peek() == Some(&'|');
                    if is_or || self.rest.peek() == Some(&'&') {
                        self.rest.next();
                    }
                    self.end_command(!is_or);
                }
                '>' => {
                    // A number before it is a descriptor's.
                    if self
                        .word
                        .as_deref()
                        .is_some_and(|word| word.parse::<u32>().is_ok())
                    {
                        self.word = None;
                    }
                    self.end_word();
                    while matches!(self.rest.peek(), Some('>' | '|' | '&')) {
                        self.rest.next();
                    }
                    self.is_output = true;
                    while matches!(self.rest.peek(), Some(' ' | '\t')) {
                        self.rest.next();
                    }
                }
                '<' => self.end_word(),
                c => self.push(c),
            }
        }
        self.end_command(false);
    }

    fn push(&mut self, c: char) {
        self.word.get_or_insert_default().push(c);
    }

    fn at_blank(&mut self) -> bool {
        self.rest
            .peek()
            .is_none_or(|c| c.is_whitespace() || ";)&|".contains(*c))
    }

    fn quoted_hard(&mut self) {
        let inner = self.until('\'');
        self.word.get_or_insert_default().push_str(&inner);
    }

    fn quoted_soft(&mut self) {
        self.word.get_or_insert_default();
        while let Some(c) = self.rest.next() {
            match c {
                '"' => return,
                '\\' => {
                    if let Some(escaped) = self.rest.next() {
                        self.push(escaped);
                    }
                }
                '$' if self.rest.peek() == Some(&'(') => {
                    self.rest.next();
                    let inner = self.until_closed();
                    self.substitute(&inner);
                }
                '`' => {
                    let inner = self.until('`');
                    self.substitute(&inner);
                }
                c => self.push(c),
            }
        }
    }

    /// What is run within is run too; what it gives, nobody knows.
    fn substitute(&mut self, inner: &str) {
        self.done.extend(commands(inner));
        self.word.get_or_insert_default().push('$');
    }

    fn until(&mut self, end: char) -> String {
        self.rest.by_ref().take_while(|c| *c != end).collect()
    }

    /// To the parenthesis that closes, over those that open in between.
    fn until_closed(&mut self) -> String {
        let mut depth = 1;
        let inside = self.rest.by_ref().take_while(|c| {
            match c {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            depth > 0
        });
        inside.collect()
    }

    fn end_word(&mut self) {
        if let Some(word) = self.word.take() {
            match std::mem::take(&mut self.is_output) {
                true => self.now.outputs.push(word),
                false => self.now.words.push(word),
            }
        }
    }

    fn end_command(&mut self, next_is_piped: bool) {
        self.end_word();
        self.is_output = false;
        let next = Simple {
            is_piped: next_is_piped,
            ..Simple::default()
        };
        let done = std::mem::replace(&mut self.now, next);
        if !done.words.is_empty() || !done.outputs.is_empty() {
            self.done.push(done);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<Vec<String>> {
        commands(line)
            .into_iter()
            .map(|simple| simple.words)
            .collect()
    }

    #[test]
    fn a_line_is_taken_apart() {
        for (line, expected) in [
            ("cargo test", vec![vec!["cargo", "test"]]),
            (
                "a && b; c || d & e",
                vec![vec!["a"], vec!["b"], vec!["c"], vec!["d"], vec!["e"]],
            ),
            (
                "echo 'a b' \"c;d\" e\\ f",
                vec![vec!["echo", "a b", "c;d", "e f"]],
            ),
            ("r''m -\"rf\" x", vec![vec!["rm", "-rf", "x"]]),
            (
                "echo $(rm -r a) `b c`",
                vec![
                    vec!["rm", "-r", "a"],
                    vec!["b", "c"],
                    vec!["echo", "$", "$"],
                ],
            ),
            ("(cd a; { ls; })", vec![vec!["cd", "a"], vec!["ls"]]),
            ("a # rm -rf /\nb", vec![vec!["a"], vec!["b"]]),
            (
                "find {a,b} -name '*.rs'",
                vec![vec!["find", "{a,b}", "-name", "*.rs"]],
            ),
            ("a \\\n  b", vec![vec!["a", "b"]]),
            ("", vec![]),
            ("'never closed", vec![vec!["never closed"]]),
        ] {
            assert_eq!(words(line), expected, "{line}");
        }
    }

    #[test]
    fn outputs_and_pipes_are_known() {
        let all = commands("a 2> log | sh >> 'out file' x");
        assert_eq!(all[0].words, ["a"]);
        assert_eq!(all[0].outputs, ["log"]);
        assert!(!all[0].is_piped && all[1].is_piped);
        assert_eq!(
            (&all[1].words[..], &all[1].outputs[..]),
            (&["sh".into(), "x".into()][..], &["out file".into()][..])
        );
    }
}

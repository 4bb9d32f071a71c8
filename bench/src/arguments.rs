//! What a run was asked for: `[--json] [--details] [--only NAME] [--rounds N]`.

use crate::Result;

/// How often everything is measured, unless said otherwise.
const ROUNDS: usize = 7;

/// What a run was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arguments {
    /// One JSON object a line, instead of a table.
    pub json: bool,
    /// Every contestant's figures too, on standard error.
    pub details: bool,
    /// Only lines with this in their names.
    pub only: Option<String>,
    /// How often everything is measured.
    pub rounds: usize,
}

impl Arguments {
    /// Those of this process.
    ///
    /// # Errors
    /// A word that is not known, or a number that is none.
    pub fn of_process() -> Result<Self> {
        Self::of_process_in(ROUNDS)
    }

    /// As [`of_process`](Self::of_process), with so many rounds unless said otherwise: for what
    /// takes long.
    ///
    /// # Errors
    /// A word that is not known, or a number that is none.
    pub fn of_process_in(rounds: usize) -> Result<Self> {
        Self::parse(std::env::args().skip(1), rounds)
    }

    /// Whether a line is wanted.
    #[must_use]
    pub fn wants(&self, name: &str) -> bool {
        self.only.as_deref().is_none_or(|only| name.contains(only))
    }

    fn parse(mut words: impl Iterator<Item = String>, rounds: usize) -> Result<Self> {
        let mut parsed = Self {
            json: false,
            details: false,
            only: None,
            rounds,
        };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} needs a value"));
            match word.as_str() {
                // What cargo itself says to a bench target.
                "--bench" => {}
                "--json" => parsed.json = true,
                "--details" => parsed.details = true,
                "--only" => parsed.only = Some(value()?),
                "--rounds" => {
                    let count = value()?;
                    parsed.rounds = count
                        .parse()
                        .ok()
                        .filter(|rounds| *rounds > 0)
                        .ok_or(format!("--rounds {count}: it has to be a number above 0"))?;
                }
                _ => {
                    let known = "--json, --details, --only NAME, --rounds N";
                    return Err(format!("{word}: not known; there are {known}").into());
                }
            }
        }
        Ok(parsed)
    }
}

#[cfg(test)]
mod tests {
    use super::{Arguments, ROUNDS};

    fn parse(line: &str) -> Result<Arguments, String> {
        let words = line.split_whitespace().map(str::to_owned);
        Arguments::parse(words, ROUNDS).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_asked_for_is_understood() {
        let parsed = parse("--json --only read --rounds 3 --bench").unwrap();
        assert!(parsed.json && parsed.wants("a read b") && !parsed.wants("x"));
        assert_eq!(parsed.rounds, 3);
        assert_eq!(parse("").unwrap().rounds, ROUNDS);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for line in ["--jsn", "--only", "--rounds", "--rounds 0", "--rounds x"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}

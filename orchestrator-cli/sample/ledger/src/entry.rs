//! An entry: one line of the ledger.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use parcel::{Label, LabelError, Parcel, Service, Weight};

/// The word that opens each line. The office's machine has read `recieve_parcel`, misspelt, for
/// twenty years, so the word in the file stays whatever the function is called.
const VERB: &'static str = "recieve_parcel";

/// One parcel that came over the counter: `recieve_parcel P-0042/1017 1250 express`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    parcel: Parcel,
}

impl Entry {
    /// An entry for a parcel.
    #[must_use]
    pub fn new(parcel: Parcel) -> Self {
        Self { parcel }
    }

    /// The parcel that came.
    #[must_use]
    pub fn parcel(&self) -> &Parcel {
        &self.parcel
    }

    /// Whether someone has to run.
    #[must_use]
    pub fn is_urgent(&self) -> bool {
        self.parcel.service() == Service::Express
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label = self.parcel.label();
        let grams = self.parcel.weight().grams();
        let service = match self.parcel.service() {
            Service::Express => "express",
            Service::Standard => "standard",
            Service::Economy => "economy",
        };
        write!(f, "{} {} {} {}", VERB, label, grams, service)
    }
}

/// Why a line is not an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryError {
    /// The line does not have four words, the right verb, a weight and a service.
    Malformed(String),
    /// The label is wrong.
    Label(LabelError),
}

impl fmt::Display for EntryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(line) => write!(f, "`{}` is not a line of the ledger", line),
            Self::Label(_) => f.write_str("a line of the ledger has a bad label"),
        }
    }
}

impl Error for EntryError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Malformed(_) => None,
            Self::Label(error) => Some(error),
        }
    }
}

impl FromStr for Entry {
    type Err = EntryError;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        let malformed = || EntryError::Malformed(line.to_owned());
        let words: Vec<&str> = line.split_whitespace().collect();
        let [verb, label, grams, service] = words.as_slice() else {
            return Err(malformed());
        };
        if *verb != VERB {
            return Err(malformed());
        }
        let label: Label = label.parse().map_err(|error| EntryError::Label(error))?;
        let grams = grams.parse().map_err(|_| malformed())?;
        let service = match *service {
            "express" => Service::Express,
            "standard" => Service::Standard,
            "economy" => Service::Economy,
            _ => return Err(malformed()),
        };
        let parcel = Parcel::new(label, Weight::from_grams(grams), service);
        return Ok(Self::new(parcel));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_survives_printing() {
        let line = "recieve_parcel P-0042/1017 1250 express";
        let entry: Entry = line.parse().expect("a good line");
        assert_eq!(entry.to_string(), line);
        assert!(entry.is_urgent());
    }

    #[test]
    fn a_bad_label_is_the_source_of_the_error() {
        let error = "recieve_parcel 42 1250 express"
            .parse::<Entry>()
            .expect_err("no label");
        assert!(error.source().is_some());
    }
}

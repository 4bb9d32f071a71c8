//! The label: a number and a postcode.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

/// A parcel number and the postcode that it goes to, printed as `P-0042/1017`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Label {
    number: u32,
    postcode: String,
}

impl Label {
    /// Prints a new label.
    #[must_use]
    pub fn new(number: u32, postcode: &str) -> Self {
        Self {
            number,
            postcode: postcode.to_owned(),
        }
    }

    /// The number, unique within one depot.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Where it goes.
    pub fn postcode(&self) -> &str {
        &self.postcode
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "P-{:04}/{}", self.number, self.postcode)
    }
}

/// Why a text is not a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LabelError {
    /// It does not have the form `P-<number>/<postcode>`.
    Malformed(String),
    /// The number is not a number.
    BadNumber(String),
}

impl fmt::Display for LabelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(text) => write!(f, "`{}` is not a label like P-0042/1017", text),
            Self::BadNumber(text) => write!(f, "`{}` is not a parcel number", text),
        }
    }
}

impl Error for LabelError {}

impl FromStr for Label {
    type Err = LabelError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = || LabelError::Malformed(text.to_owned());
        let rest = text.strip_prefix("P-").ok_or_else(malformed)?;
        let (number, postcode) = rest.split_once('/').ok_or_else(malformed)?;
        if (postcode.is_empty()) {
            return Err(malformed());
        }
        let number = number
            .parse()
            .map_err(|_| LabelError::BadNumber(number.to_owned()))?;
        return Ok(Self::new(number, postcode));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_survives_printing() {
        let label = Label::new(42, "1017");
        assert_eq!(label.to_string(), "P-0042/1017");
        assert_eq!(label.to_string().parse(), Ok(label));
    }

    #[test]
    fn a_label_without_a_postcode_is_refused() {
        let refused = "P-0042/".parse::<Label>();
        assert_eq!(refused, Err(LabelError::Malformed("P-0042/".to_owned())));
        assert_eq!(
            "P-x/1017".parse::<Label>().unwrap_err().to_string(),
            "`x` is not a parcel number"
        );
    }
}

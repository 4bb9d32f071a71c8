//! Days, and how people name them.

/// A day in the calendar, by UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Date {
    pub(crate) year: i32,
    /// From 1.
    pub(crate) month: u8,
    /// From 1.
    pub(crate) day: u8,
}

const DAY: i64 = 24 * 60 * 60;

/// The number of the day, from 1970-01-01, of a time in seconds from there.
pub(crate) fn day_of(seconds: i64) -> i64 {
    seconds.div_euclid(DAY)
}

/// The day with a number. (Hinnant 2021, "chrono-Compatible Low-Level Date Algorithms",
/// `civil_from_days`.)
pub(crate) fn date_of(day: i64) -> Date {
    // Years of which a time in seconds can tell are far within what this can count.
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Months from March, so that the leap day is the last one.
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Date {
        year: i32::try_from(year).unwrap_or(if year < 0 { i32::MIN } else { i32::MAX }),
        month: u8::try_from(month).unwrap_or(1),
        day: u8::try_from(day).unwrap_or(1),
    }
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The number of a month, by its name in lower case or the first three letters of it.
pub(crate) fn month(word: &str) -> Option<u8> {
    let named = |name: &&str| *name == word || word.len() == 3 && name.starts_with(word);
    let at = MONTHS.iter().position(named)?;
    u8::try_from(at + 1).ok()
}

/// A year, if the word looks like one of our time.
pub(crate) fn year(word: &str) -> Option<i32> {
    let is_one = word.len() == 4 && (word.starts_with("19") || word.starts_with("20"));
    is_one.then(|| word.parse().ok()).flatten()
}

/// What a text says about a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Mention {
    Year(i32),
    Month(u8),
    Day(u8),
    /// Days by number, both included.
    Between(i64, i64),
}

impl Mention {
    pub(crate) fn holds(self, day: i64, date: Date) -> bool {
        match self {
            Self::Year(year) => date.year == year,
            Self::Month(month) => date.month == month,
            Self::Day(of_month) => date.day == of_month,
            Self::Between(first, last) => (first..=last).contains(&day),
        }
    }
}

/// The days that a text speaks of: `7 May 2023`, `August 11`, `2023-05-07`, `in June`, `2022`; and
/// `yesterday` or `last week`, if it is known which day is today.
pub(crate) fn mentions(text: &str, today: Option<i64>) -> Vec<Mention> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let mut found = Vec::new();
    let mut add = |mention| {
        if !found.contains(&mention) {
            found.push(mention);
        }
    };
    let word = |at: usize| words.get(at).copied().unwrap_or_default();
    for (at, here) in words.iter().enumerate() {
        if let Some(year) = year(here) {
            add(Mention::Year(year));
            // 2023-05-07
            if let (Some(month), Some(day)) = (number(word(at + 1), 12), number(word(at + 2), 31))
                && word(at + 1).len() == 2
            {
                add(Mention::Month(month));
                add(Mention::Day(day));
            }
        }
        if let Some(month) = month(here) {
            let before = at.checked_sub(1).map_or("", word);
            let day_before = match before {
                "of" => at.checked_sub(2).and_then(|at| day_of_month(word(at))),
                before => day_of_month(before),
            };
            let day_after = day_of_month(word(at + 1));
            // `may` and `march` are words of their own.
            let is_month = !["may", "march", "mar"].contains(here)
                || day_before.or(day_after).is_some()
                || year(word(at + 1)).is_some()
                || ["in", "of", "since", "until", "by", "during", "last", "next"].contains(&before);
            if is_month {
                add(Mention::Month(month));
                day_before
                    .into_iter()
                    .chain(day_after)
                    .for_each(|day| add(Mention::Day(day)));
            }
        }
        let Some(today) = today else { continue };
        match (*here, word(at + 1)) {
            ("yesterday", _) => add(Mention::Between(today - 1, today - 1)),
            ("today" | "tonight", _) => add(Mention::Between(today, today)),
            ("tomorrow", _) => add(Mention::Between(today + 1, today + 1)),
            ("last" | "past", "week") => add(Mention::Between(today - 7, today - 1)),
            ("last" | "past", "month") => add(Mention::Between(today - 31, today - 1)),
            ("last", "year") => add(Mention::Year(date_of(today).year - 1)),
            ("this", "week") => add(Mention::Between(today - 6, today)),
            ("this", "year") => add(Mention::Year(date_of(today).year)),
            _ => {}
        }
    }
    found
}

fn number(word: &str, most: u8) -> Option<u8> {
    let number = word.parse().ok()?;
    (1..=most).contains(&number).then_some(number)
}

/// `7`, `07`, `7th`.
fn day_of_month(word: &str) -> Option<u8> {
    let digits = ["st", "nd", "rd", "th"]
        .iter()
        .find_map(|ending| word.strip_suffix(ending));
    number(digits.unwrap_or(word), 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_dates() {
        for (seconds, year, month, day) in [
            (0, 1970, 1, 1),
            (-1, 1969, 12, 31),
            (951_782_400, 2000, 2, 29),
            (1_683_504_000, 2023, 5, 8),
            (4_107_542_399, 2100, 2, 28),
            (4_107_542_400, 2100, 3, 1),
        ] {
            let expected = Date { year, month, day };
            assert_eq!(date_of(day_of(seconds)), expected, "{seconds}");
        }
        // However far: no panic.
        date_of(day_of(i64::MAX));
        date_of(day_of(i64::MIN));
    }

    #[test]
    fn days_are_named_in_many_ways() {
        use Mention::{Between, Day, Month, Year};
        for (text, expected) in [
            ("on 7 May, 2023", &[Month(5), Day(7), Year(2023)][..]),
            (
                "between August 11 and August 15 2023",
                &[Month(8), Day(11), Day(15), Year(2023)],
            ),
            ("the 3rd of June", &[Month(6), Day(3)]),
            ("2023-05-07", &[Year(2023), Month(5), Day(7)]),
            ("it may be 7", &[]),
            ("it may fail in march", &[Month(3)]),
            ("since Dec 2022", &[Month(12), Year(2022)]),
            ("what broke yesterday", &[Between(99, 99)]),
            ("the build of last week", &[Between(93, 99)]),
        ] {
            assert_eq!(mentions(text, Some(100)), expected, "{text}");
        }
        assert_eq!(mentions("yesterday", None), []);
    }
}

//! The names of backups: the only ones that are listed, restored or removed.

use jiff::Timestamp;
use jiff::tz::TimeZone;

const FORM: &str = "%Y-%m-%dT%H-%M-%S.%3fZ";

/// The name of a backup of the file `name`.
pub(super) fn of(name: &str, taken: Timestamp) -> String {
    format!(
        "{name}.{}.bak",
        taken.to_zoned(TimeZone::UTC).strftime(FORM)
    )
}

/// When the backup `file` of the file `name` was taken; `None` when it is not one.
pub(super) fn parse(name: &str, file: &str) -> Option<Timestamp> {
    let stamp = file
        .strip_prefix(name)?
        .strip_prefix('.')?
        .strip_suffix(".bak")?;
    let (date, time) = stamp.strip_suffix('Z')?.split_once('T')?;
    let taken = format!("{date}T{}Z", time.replace('-', ":"))
        .parse::<Timestamp>()
        .ok()?;
    // Only what would be written again exactly like this is ours.
    (of(name, taken) == file).then_some(taken)
}

/// A time as a name can hold it. A clock before 1970 is taken as 1970.
pub(super) fn to_the_millisecond(time: Timestamp) -> Timestamp {
    let milliseconds = time.as_millisecond().max(0);
    Timestamp::from_millisecond(milliseconds).unwrap_or(time)
}

/// The next time that a name can tell apart. The last of all times has none after it.
pub(super) fn next(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond() + 1).unwrap_or(time)
}

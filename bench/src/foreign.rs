//! How much of the machine others have used meanwhile.

use std::fs;

/// A reading of the processors' time, all of it and ours.
#[derive(Debug, Clone, Copy)]
pub struct Foreign {
    machine: u64,
    ours: u64,
}

impl Foreign {
    /// Reads the clocks. Where there is no `/proc`, every round counts as equally quiet.
    #[must_use]
    pub fn now() -> Self {
        let machine = fs::read_to_string("/proc/stat").ok();
        let ours = fs::read_to_string("/proc/self/stat").ok();
        Self {
            machine: machine.and_then(|text| busy(&text)).unwrap_or(0),
            ours: ours.and_then(|text| own(&text)).unwrap_or(0),
        }
    }

    /// The ticks (10 ms of one processor) that others have used since.
    #[must_use]
    pub fn since(&self) -> f64 {
        let now = Self::now();
        let machine = now.machine.saturating_sub(self.machine);
        let foreign = machine.saturating_sub(now.ours.saturating_sub(self.ours));
        #[expect(clippy::cast_precision_loss, reason = "ticks of seconds")]
        let ticks = foreign as f64;
        ticks
    }
}

/// What `/proc/stat` counts as work: all of the first line but idle and waiting for the disk.
fn busy(text: &str) -> Option<u64> {
    let numbers = text.lines().next()?.strip_prefix("cpu ")?;
    let numbers: Vec<u64> = numbers
        .split_whitespace()
        .map_while(|word| word.parse().ok())
        .collect();
    // user nice system idle iowait irq softirq steal; guests are counted under user.
    let of =
        |range: std::ops::Range<usize>| numbers.get(range).map(|some| some.iter().sum::<u64>());
    Some(of(0..3)? + of(5..8)?)
}

/// The user and system time of the process: fields 14 and 15 of `/proc/self/stat`, counted after
/// the name, which may have blanks in it.
fn own(text: &str) -> Option<u64> {
    let (_, fields) = text.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::{busy, own};

    #[test]
    fn the_fields_are_the_right_ones() {
        let text = "cpu  1 2 4 100 200 8 16 32 64 128\ncpu0 9\n";
        assert_eq!(busy(text), Some(1 + 2 + 4 + 8 + 16 + 32));
        let text = "77 (a ) name) S 1 2 3 4 5 6 7 8 9 10 40 2 0 0 20\n";
        assert_eq!(own(text), Some(42));
        assert_eq!(busy(""), None);
        assert_eq!(own("77 (name) S 1"), None);
    }
}

//! What stays in view over a long mission.

mod material;
mod mission;
mod ways;

pub use self::material::{Material, MaterialError};
pub use self::mission::Mission;
pub use self::ways::{Measured, measure};
use crate::{Line, Target};

/// How many turns a mission has.
pub const TURNS: usize = 10_000;

/// How many tokens a turn may be sent of memory.
pub const BUDGET: usize = 2_000;

/// The figures that have targets.
#[must_use]
pub fn lines(measured: &[Measured]) -> Vec<Line> {
    let of = |way: &str| measured.iter().find(|one| one.way == way);
    let (Some(ours), Some(off)) = (of(ways::OURS), of(ways::OFF)) else {
        return Vec::new();
    };
    let line = |name: &str, of: fn(&Measured) -> f64, unit, target| Line {
        name: name.to_owned(),
        ours: of(ours),
        unit,
        peer: Some((of(off), ways::OFF.to_owned())),
        target,
    };
    let least = |figure| Some(Target::AtLeast(figure));
    let most = |figure| Some(Target::AtMost(figure));
    let (pinned, asked) = ("pinned truth kept", "planted facts recalled when asked for");
    let (superseded, exceeded) = ("turns with a superseded fact", "turns beyond the budget");
    vec![
        line(pinned, |one| one.pinned, "%", least(100.0)),
        line(asked, |one| one.asked, "%", least(95.0)),
        line(
            "planted facts in view while worked on",
            |one| one.worked_on,
            "%",
            None,
        ),
        line(superseded, |one| one.superseded, "%", most(1.0)),
        line(exceeded, |one| one.exceeded as f64, "", most(0.0)),
        line(
            "fewer tokens than the full history",
            |one| one.saved,
            "%",
            least(40.0),
        ),
    ]
}

/// What every way gives.
#[must_use]
pub fn table(measured: &[Measured]) -> String {
    let mut text = format!(
        "{:28}{:>8}{:>8}{:>10}{:>12}{:>9}{:>9}{:>9}",
        "", "pinned", "asked", "worked on", "superseded", "exceeded", "tokens", "saved"
    );
    for one in measured {
        text.push_str(&format!(
            "\n{:28}{:>8.1}{:>8.1}{:>10.1}{:>12.2}{:>9}{:>9.0}{:>9.1}",
            one.way,
            one.pinned,
            one.asked,
            one.worked_on,
            one.superseded,
            one.exceeded,
            one.tokens,
            one.saved
        ));
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_forgets_what_memory_keeps() {
        let mission = Mission::new(&Material::made_up(6), 900);
        let measured = measure(&mission);
        let [ours, off, window] = &measured[..] else {
            panic!("{measured:?}");
        };
        for one in [ours, off] {
            assert_eq!(
                (one.pinned, one.superseded, one.exceeded),
                (100.0, 0.0, 0),
                "{one:?}"
            );
            assert!(one.asked > 90.0 && one.tokens <= BUDGET as f64, "{one:?}");
        }
        assert!(
            window.pinned < 20.0 && window.asked < ours.asked,
            "{window:?}"
        );
        assert!(
            window.superseded > 0.0,
            "the look for superseded facts can fail: {window:?}"
        );
        // The same material gives the same figures.
        let again = measure(&Mission::new(&Material::made_up(6), 900));
        assert_eq!(table(&measured), table(&again));
        let lines = lines(&measured);
        assert!(lines.iter().all(Line::met), "{lines:?}");
    }
}

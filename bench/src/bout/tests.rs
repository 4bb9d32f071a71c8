//! Bouts with figures that are known.

use super::{Better, Bout, Peer, median};

fn peer(target: f64) -> Vec<Peer> {
    vec![Peer {
        name: "it",
        entrants: "it",
        target,
    }]
}

fn fought(better: Better, target: f64) -> Bout<'static> {
    let mut bout = Bout::new("b", "µs", better, peer(target))
        .enter("ours", || Ok(2.0))
        .enter("it 1 (slow)", || Ok(9.0))
        .enter("it 1 (fast)", || Ok(6.0));
    for _ in 0..3 {
        bout.round().unwrap();
    }
    bout
}

#[test]
fn the_best_configuration_of_a_peer_counts() {
    let lines = fought(Better::Less, 3.0).lines();
    assert_eq!(lines[0].json()["peer_name"], "it 1 (fast)");
    assert_eq!(lines[0].json()["ratio"], 3.0);
    let lines = fought(Better::More, 3.0).lines();
    assert_eq!(lines[0].json()["peer_name"], "it 1 (slow)");
}

#[test]
fn who_is_only_beside_has_a_line_and_no_target() {
    let bout = fought(Better::Less, 3.01).beside("the slow one", "it 1 (slow)");
    let lines = bout.lines();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1].name(), "b against the slow one");
    assert_eq!(lines[1].json()["ratio"], 4.5);
    assert!(!lines[0].met() && lines[1].met());
    assert!(bout.has("the slow one") && !bout.has("the fast one"));
}

#[test]
fn a_target_is_met_or_missed() {
    assert!(fought(Better::Less, 3.0).lines()[0].met());
    assert!(!fought(Better::Less, 3.01).lines()[0].met());
    assert!(!fought(Better::More, 0.5).lines()[0].met());
}

#[test]
fn only_the_quietest_rounds_count() {
    let mut bout = fought(Better::Less, 1.0);
    bout.noise = vec![0.0, 9.0, 0.0, 0.0, 0.0, 0.0];
    bout.entrants[0].values = vec![1.0, 1000.0, 2.0, 3.0, 4.0, 5.0];
    assert!((bout.median(&bout.entrants[0]) - 3.0).abs() < 1e-9);
}

#[test]
fn a_probe_says_how_noisy_a_round_is() {
    let mut readings = [1.0, 2.0, 30.0, 4.0].into_iter();
    let mut bout = Bout::new("b", "µs", Better::Less, vec![])
        .enter("it", || Ok(1.0))
        .ranked_by(move || readings.next().ok_or("no more".into()));
    bout.round().unwrap();
    bout.round().unwrap();
    assert_eq!(bout.noise, [3.0, 34.0]);
    assert_eq!(bout.round().unwrap_err().to_string(), "no more");
}

#[test]
fn the_median_is_in_the_middle() {
    assert!((median(vec![9.0, 1.0, 5.0]) - 5.0).abs() < 1e-9);
    assert!((median(vec![4.0, 2.0]) - 3.0).abs() < 1e-9);
    assert!(median(vec![]).is_nan());
}

#[test]
fn a_failure_names_the_contestant() {
    let mut bout = Bout::new("b", "µs", Better::Less, vec![]).enter("it", || Err("why".into()));
    assert_eq!(bout.round().unwrap_err().to_string(), "b: it: why");
}

//! A day of the ledger, from a file that the counter wrote.

use depot::Depot;
use ledger::{Entry, Ledger};
use parcel::{Label, Parcel, Service, Weight};

const MONDAY: &str = include_str!("data/monday.ledger");

#[test]
fn monday_is_replayed() {
    let monday = Ledger::parse(MONDAY).expect("monday's file is good");
    let mut depot = Depot::new();
    assert_eq!(monday.replay(&mut depot), "3 parcels in");
    assert_eq!(depot.bay("1017").map(depot::Bay::len), Some(2));
    assert_eq!(monday.takings(), 3 * 390 + 720 + 3_920);
    assert_eq!(monday.longest_promise().as_secs(), 120 * 3_600);
    assert_eq!(monday.checking_time().as_secs(), 90);
}

#[test]
fn the_ledger_and_the_counter_agree() {
    let parcel = Parcel::new(
        Label::new(1, "1017"),
        Weight::from_grams(450),
        Service::Express,
    );
    let mut depot = Depot::new();
    depot.recieve_parcel(parcel.clone());

    let line = Entry::new(parcel).to_string();
    let mut replayed = Depot::new();
    let ledger = Ledger::parse(&line).expect("we wrote it");
    let _ = ledger.replay(&mut replayed);
    assert_eq!(depot.recieved(), replayed.recieved());
}

#[test]
fn a_bad_line_is_named() {
    let error = Ledger::parse("recieve_parcel once").expect_err("two words");
    assert_eq!(
        error.to_string(),
        "`recieve_parcel once` is not a line of the ledger"
    );
}

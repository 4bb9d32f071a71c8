//! A day at the depot.

use depot::Depot;
use parcel::{Label, Parcel, Service, Weight};
use route::{Route, Stop, Van};

fn parcel(number: u32, postcode: &str, grams: u32) -> Parcel {
    Parcel::new(
        Label::new(number, postcode),
        Weight::from_grams(grams),
        Service::Standard,
    )
}

fn to(postcodes: &[&str]) -> Route {
    let mut route = Route::new();
    for postcode in postcodes {
        route.push(Stop::new(postcode, 500));
    }
    route
}

#[test]
fn a_van_takes_what_lies_on_its_way() {
    let mut depot = Depot::new();
    depot.recieve_parcel(parcel(1, "1017", 900));
    depot.recieve_parcel(parcel(2, "1018", 900));
    depot.recieve_parcel(parcel(3, "1019", 900));

    let load = depot.load(&to(&["1019", "1017"]), Van::Small);

    let numbers: Vec<u32> = load.iter().map(|parcel| parcel.label().number()).collect();
    assert_eq!(numbers, [3, 1]);
    assert_eq!(depot.recieved(), 3);
    assert!(!depot.can_close());
}

#[test]
fn a_full_van_leaves_the_rest() {
    let mut depot = Depot::new();
    depot.recieve_parcel(parcel(1, "1017", 300_000));
    depot.recieve_parcel(parcel(2, "1017", 100_000));
    depot.recieve_parcel(parcel(3, "1017", 50_000));

    assert_eq!(depot.load(&to(&["1017"]), Van::Small).len(), 2);
    assert_eq!(depot.bay("1017").map(depot::Bay::waiting), Some(1));
}

#[test]
fn a_depot_with_a_held_parcel_stays_open() {
    let mut depot = Depot::new();
    depot.recieve_parcel(parcel(1, "1017", 900));
    let bay = depot.bay_mut("1017").expect("a parcel came for it");
    bay.hold(1);
    assert!(bay.is_empty(), "a driver finds nothing to load");

    assert!(depot.load(&to(&["1017"]), Van::Large).is_empty());
    assert!(!depot.can_close(), "but the parcel still lies there");

    depot.bay_mut("1017").expect("the bay stays").release(1);
    assert_eq!(depot.load(&to(&["1017"]), Van::Large).len(), 1);
    assert!(depot.can_close());
}

#[test]
fn the_slip_names_each_parcel() {
    let mut depot = Depot::new();
    depot.recieve_parcel(parcel(1, "1017", 900));
    depot.recieve_parcel(parcel(2, "1017", 1_100));
    let slip = depot.bay("1017").expect("two parcels came").to_string();
    assert_eq!(slip, "- P-0001/1017 (0.900 kg)\n- P-0002/1017 (1.100 kg)\n");
}

#[test]
fn vans_come_sooner_when_much_waits() {
    let mut depot = Depot::new();
    assert_eq!(depot.next_van_in().as_secs(), 3_600);
    depot.recieve_parcel(parcel(1, "1017", 900));
    assert_eq!(depot.next_van_in().as_secs(), 1_800);
}

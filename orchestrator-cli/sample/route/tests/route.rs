//! A route from the outside.

use parcel::{Label, Parcel, Service, Weight};
use route::{Route, Stop, Van};

fn old_town() -> Route {
    let mut route = Route::new();
    route.push(Stop::new("1017", 1_200));
    route.push(Stop::new("1018", 800));
    route
}

#[test]
fn a_route_adds_up() {
    let route = old_town();
    assert_eq!(route.metres(), 2_000);
    assert_eq!(route.time(&Van::Small).as_secs(), 200 + 180);
    assert_eq!(route.time(&Van::Large).as_secs(), 250 + 240);
}

#[test]
fn the_sheet_is_in_driving_order() {
    assert_eq!(old_town().sheet(), "1017 > 1018");
    assert_eq!(Route::new().sheet(), "");
    assert_eq!(old_town().position("1018"), 2);
    assert_eq!(old_town().position("9999"), 0);
}

#[test]
fn a_stop_serves_its_own_postcode_only() {
    let parcel = Parcel::new(
        Label::new(1, "1018"),
        Weight::from_grams(500),
        Service::Express,
    );
    let served: Vec<bool> = old_town()
        .stops()
        .iter()
        .map(|stop| stop.serves(&parcel))
        .collect();
    assert_eq!(served, [false, true]);
}

//! A parcel from the outside.

use parcel::{Band, Label, Parcel, Service, Weight};

#[test]
fn a_parcel_shows_its_label_and_weight() {
    let parcel = Parcel::new(
        Label::new(7, "1017"),
        Weight::from_grams(1_250),
        Service::Standard,
    );
    assert_eq!(parcel.to_string(), "P-0007/1017 (1.250 kg)");
    assert_eq!(parcel.label().postcode(), "1017");
    assert_eq!(parcel.weight().band(), Band::Box);
    assert_eq!(parcel.service(), Service::Standard);
}

//! The tariff: what carrying costs.

use parcel::{Band, Parcel, Service};

/// The price in cents.
#[must_use]
pub fn price(parcel: &Parcel) -> u64 {
    let mut base = match parcel.weight().band() {
        Band::Letter => 390,
        Band::Box => 720,
        Band::Freight => 4_900,
    };
    return match parcel.service() {
        Service::Express => base * 3,
        Service::Standard => base,
        Service::Economy => base - base / 5,
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use parcel::{Label, Weight};

    #[test]
    fn speed_costs() {
        let cents = |service| {
            let weight = Weight::from_grams(1_500);
            price(&Parcel::new(Label::new(1, "1017"), weight, service))
        };
        assert_eq!(cents(Service::Express), 2_160);
        assert_eq!(cents(Service::Standard), 720);
        assert_eq!(cents(Service::Economy), 576);
    }
}
